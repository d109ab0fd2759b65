"""What is seen: AIS and ADS-B, bytes and archives, read into one checked table.

Nothing is dropped silently: every row read is kept or rejected under a named reason, and the two sum up.
May be fed lies; can at worst invent or miss a mover, never touch the line. No network.
"""

from detente.tracks.schema import KINDS, SCHEMA, check, complete

__all__ = ["KINDS", "SCHEMA", "check", "complete"]
