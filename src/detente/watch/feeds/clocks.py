"""The receiver's clock: against it live positions are judged."""

from __future__ import annotations

from datetime import UTC, datetime

__all__ = ["receiver_clock"]


def receiver_clock() -> datetime:
    """Return the time by this machine's clock, aware UTC."""
    return datetime.now(UTC)
