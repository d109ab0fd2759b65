"""What is said to somebody who could not sign in: the same for every reason, so that a stranger learns nothing."""

from __future__ import annotations

from typing import Literal

from detente import words
from detente.desk.errors import RefusedRequest

__all__ = ["Reason", "Refused"]

say = words.speaker("desk")

Reason = Literal["challenge", "copy", "link", "oidc", "outsider", "passkey", "person", "server"]
"""Why, for the trail alone."""


class Refused(RefusedRequest):
    """Somebody could not sign in (401). reason: for the trail; the person reads the same words whatever it was."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(
            401,
            "sign-in-refused",
            expected=say("a passkey of this desk, or a person whom its keepers named"),
            came=say("a sign-in that does not hold"),
            remedy=say("try once more from the start; if it stays so, ask a keeper"),
        )
        self.reason = reason
