"""Lines that never reach a reader, counted: those longer than any record, and a last one that was cut off."""

from __future__ import annotations

from detente.tracks.lines import Block
from detente.tracks.reasons import Reason, Tally

__all__ = ["count_spoiled"]


def count_spoiled(block: Block, tally: Tally) -> None:
    """Count as read and rejected what ``detente.tracks.lines.blocks`` left out of this block."""
    tally.read(block.too_long + block.incomplete)
    tally.reject(Reason.UNREADABLE, block.too_long)
    tally.reject(Reason.INCOMPLETE, block.incomplete)
