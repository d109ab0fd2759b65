"""The verbs ``encounters`` and ``predict``."""

from __future__ import annotations

from detente.encounters.encounters_command import ENCOUNTERS
from detente.encounters.predict_command import PREDICT

__all__ = ["ENCOUNTERS", "PREDICT"]
