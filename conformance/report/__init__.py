"""The reports of a run: one HTML page, JUnit XML, a Markdown summary and a badge."""

from conformance.report.write import Paths, write_reports

__all__ = ["Paths", "write_reports"]
