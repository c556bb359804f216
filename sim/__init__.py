"""The model and its reference engine, event log, tables, metrics and replications."""
