"""What goes into a draft about an encounter, and what comes out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

import polars as pl

from detente.watch.anomaly import Anomaly

__all__ = ["Agreed", "Attachment", "Context", "Definition", "Draft", "InputUsed", "Record"]


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file of a draft. name: as the manifest calls it; the line itself carries only media type and bytes."""

    name: str
    media_type: str
    octets: bytes


@dataclass(frozen=True, slots=True)
class Draft:
    """A notice as ``detente.notices.codec.check_document`` takes it, and its files; it waits for a person."""

    notice: dict[str, Any]
    attachments: tuple[Attachment, ...]


@dataclass(frozen=True, slots=True)
class Definition:
    """What counted as an encounter, as spec/encounters.md defines it, in metres and seconds."""

    within_m: float
    vertical_m: float
    max_gap_s: float


@dataclass(frozen=True, slots=True)
class Agreed:
    """The agreed limit beyond which a draft is made. vertical_m: None where it does not count; source: who says so."""

    within_m: float
    vertical_m: float | None = None
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class InputUsed:
    """A file, or a feed between two moments, from which the fixes came.

    sha256, size_bytes: of all bytes of the file, or of all that the feed gave between ``first_at`` and ``last_at``, in
    the order in which they came; sha256 is "" where the feed keeps no bytes. received = used + the sum of rejected.
    """

    kind: Literal["file", "feed"]
    name: str
    sha256: str
    size_bytes: int
    received: int
    used: int
    rejected: Mapping[str, int] = field(default_factory=dict)
    first_at: datetime | None = None
    last_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """What a feed gave in one go, as it came; only what speaks of the two movers is taken out of it."""

    feed: str
    received_at: datetime
    octets: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """All that a draft needs besides the row of the encounter.

    author: the notice's party as its form has it ({"id", "name", "state"}); own_side: the name of our side in the
    sides file; issued_at: aware UTC, by this machine's clock. rows: cleaned rows of detente.tracks.SCHEMA of both
    movers, of the time that ``tracks_csv.reach`` says; rows of other movers are left out. sides_sha256: of the file
    of sides, "" without one. cleaned: reasons and numbers of what cleaning took from these two. records: what came, for
    the file of raw records. anomalies: what ``detente.watch.anomalies`` says of this encounter. withheld: ids, names
    and call signs that humanitarian notices state. earlier: rows of ENCOUNTERS of the same two before this one.
    """

    author: Mapping[str, Any]
    own_side: str
    issued_at: datetime
    definition: Definition
    agreed: Agreed
    rows: pl.DataFrame
    sides_sha256: str = ""
    inputs: tuple[InputUsed, ...] = ()
    cleaned: Mapping[str, int] = field(default_factory=dict)
    records: tuple[Record, ...] = ()
    anomalies: tuple[Anomaly, ...] = ()
    withheld: frozenset[str] = frozenset()
    earlier: tuple[Mapping[str, Any], ...] = ()
    place: str = ""
