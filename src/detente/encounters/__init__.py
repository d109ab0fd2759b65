"""What came close: pairs of movers in archives and in one picture, with time and distance.

Advises people; never acts. Nothing here computes an intercept.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from detente.encounters.prediction import predict
    from detente.encounters.relative import closest_approach, cylinder_interval
    from detente.encounters.searching import Search, find, search
    from detente.encounters.sides_file import read_sides
    from detente.encounters.well_clear import well_clear_interval

__all__ = [
    "Search",
    "closest_approach",
    "cylinder_interval",
    "find",
    "predict",
    "read_sides",
    "search",
    "well_clear_interval",
]

_MODULE_OF = {
    "Search": "searching",
    "closest_approach": "relative",
    "cylinder_interval": "relative",
    "find": "searching",
    "predict": "prediction",
    "read_sides": "sides_file",
    "search": "searching",
    "well_clear_interval": "well_clear",
}


def __getattr__(name: str) -> Any:
    """Load what is asked for when it is asked for: kernels cost seconds, importing the room must not."""
    module = _MODULE_OF.get(name)
    if module is None:
        raise AttributeError(name)
    return getattr(import_module(f"{__name__}.{module}"), name)
