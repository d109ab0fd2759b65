"""Errors of telling alarms: WorldFailure -> ChannelFailure, one way to a person did not take a message."""

from __future__ import annotations

from detente.errors import WorldFailure

__all__ = ["ChannelFailure"]


class ChannelFailure(WorldFailure):
    """A webhook, a mail server or a secret's file refused or did not answer; another way is tried."""
