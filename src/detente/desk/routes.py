"""Every route of the desk, in the order of the description."""

from __future__ import annotations

from detente.desk.draft_routes import DRAFTS
from detente.desk.export_routes import EXPORTS
from detente.desk.health import HEALTH
from detente.desk.map_routes import MAPS
from detente.desk.operations import Operation
from detente.desk.people_routes import PEOPLE
from detente.desk.picture_routes import PICTURE
from detente.desk.record_routes import RECORD
from detente.desk.sign_in_routes import SIGN_IN
from detente.desk.watch_routes import WATCH

__all__ = ["OPERATIONS"]

OPERATIONS: tuple[Operation, ...] = (
    *HEALTH,
    *SIGN_IN,
    *RECORD,
    *DRAFTS,
    *PICTURE,
    *MAPS,
    *PEOPLE,
    *EXPORTS,
    *WATCH,
)
