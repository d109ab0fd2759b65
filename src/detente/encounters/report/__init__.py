"""The report that people read: one self-contained HTML file.

Every text that came from elsewhere is shown as text, with invisible characters made visible; the page loads
nothing. A bug here shows a wrong picture; what was found stands in the other files unchanged.
"""

from detente.encounters.report.page import write_report
from detente.encounters.report.rendering import check_report
from detente.encounters.report.subject import InputFile, Limits
from detente.encounters.report.visits_page import write_visits_report

__all__ = ["InputFile", "Limits", "check_report", "write_report", "write_visits_report"]
