"""What a report is told besides the encounters: the definition in force, the inputs, what was left out."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["DRAWN_MAX", "ROWS_MAX", "InputFile", "Limits"]

ROWS_MAX = 5_000
"""Rows that the report's table and map hold; the page says so when there are more."""
DRAWN_MAX = 12
"""Encounters that get a drawing of their own."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The definition in force: what counted as an encounter.

    within_m: horizontal limit; vertical_m: vertical limit where both heights are known.
    max_gap_s: longest time between two fixes over which a mover has a position.
    between: "all" pairs, or "rivals" only (pairs across sides).
    keep_moored: moored neighbours are listed too; moored_left_out: how many were counted and not listed.
    """

    within_m: float
    vertical_m: float
    max_gap_s: float
    between: str = "all"
    keep_moored: bool = False
    moored_left_out: int = 0


@dataclass(frozen=True, slots=True)
class InputFile:
    """One input as it was read: its name as given, SHA-256 of its bytes (hexadecimal), its size."""

    name: str
    sha256: str
    size_bytes: int
