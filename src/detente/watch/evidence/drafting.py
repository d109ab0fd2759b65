"""From a row of the table of encounters to the draft of an incident with its evidence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from detente.watch.evidence.structs import Context, Draft

__all__ = ["incident_draft"]


def incident_draft(row: Mapping[str, Any], context: Context) -> Draft:
    """Return the draft about an encounter in the reader's language, with its files; equal inputs give equal bytes.

    row: of detente.encounters.schema.ENCOUNTERS. Raises WithheldMover when a mover of it may not be written about,
    and EvidenceMistake when the rows of the two are missing.
    """
    raise NotImplementedError
