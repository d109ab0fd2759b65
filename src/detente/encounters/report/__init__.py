"""The report that people read: one self-contained HTML file.

Every text that came from elsewhere is shown as text, with invisible characters made visible; the page loads
nothing. A bug here shows a wrong picture; what was found stands in the other files unchanged.
"""

from detente.encounters.report.page import check_report, write_report
from detente.encounters.report.subject import InputFile, Limits

__all__ = ["InputFile", "Limits", "check_report", "write_report"]
