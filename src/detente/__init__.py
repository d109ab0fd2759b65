"""Fewer military accidents between forces that do not trust each other.

Importing this package does nothing: no file is read, no language is chosen, no library is loaded.
Each room is imported by name (``import detente.tracks``), each verb by the door (``detente --help``).
"""

from detente.errors import DetenteError

__all__ = ["DetenteError", "__version__"]

__version__ = "0.1.0"
