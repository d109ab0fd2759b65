"""What is seen: AIS and ADS-B, bytes and archives, read into one checked table.

Nothing is dropped silently: every row read is kept or rejected under a named reason, and the two sum up.
May be fed lies; can at worst invent or miss a mover, never touch the line. No network.
"""

from typing import TYPE_CHECKING, Any

from detente.tracks.schema import KINDS, SCHEMA, check, complete

if TYPE_CHECKING:
    from detente.tracks.reading import read

__all__ = ["KINDS", "SCHEMA", "check", "complete", "read"]


def __getattr__(name: str) -> Any:
    """Load the readers and the cleaning's compiled rules when ``read`` is first asked for, not before."""
    if name == "read":
        from detente.tracks.reading import read  # noqa: PLC0415

        return read
    raise AttributeError(name)
