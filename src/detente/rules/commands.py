"""The verb ``rules``: what agreements ask; the verbs that judge a record under them live in ``node``."""

from __future__ import annotations

from detente.rules.rules_command import RULES

__all__ = ["RULES"]
