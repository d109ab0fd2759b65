"""What came close: pairs of movers in archives and in one picture, with time and distance.

Advises people; never acts. Nothing here computes an intercept.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from detente.encounters.prediction import predict

__all__ = ["predict"]


def __getattr__(name: str) -> Any:
    """Load what is asked for when it is asked for: kernels cost seconds, importing the room must not."""
    if name == "predict":
        from detente.encounters.prediction import predict  # noqa: PLC0415

        return predict
    raise AttributeError(name)
