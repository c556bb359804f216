"""The report: one HTML file that opens offline, made of Jinja2 and Matplotlib SVG."""

from dashboards.report.assembly import write_report

__all__ = ["write_report"]
