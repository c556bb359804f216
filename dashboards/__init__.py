"""What people look at: the report, the charts and the pages."""
