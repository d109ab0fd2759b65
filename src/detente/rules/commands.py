"""The verbs ``rules`` and ``obligations``: what agreements ask, and what of it a set of notices owes."""

from __future__ import annotations

from detente.rules.obligations_command import OBLIGATIONS
from detente.rules.rules_command import RULES

__all__ = ["OBLIGATIONS", "RULES"]
