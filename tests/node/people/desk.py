"""The people of a desk in a test: a clock that is set by hand, passkeys made up."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from detente.node.desk_door.people import People
from detente.node.desk_door.people_questions import (
    EnrolmentFinished,
    LinkDocument,
    PeopleAsked,
    PersonAdded,
    PersonDocument,
    Role,
    TrailAsked,
)
from tests.line.authenticator import Authenticator

__all__ = ["DAY_MS", "Desk", "hashed"]

DAY_MS = 86_400_000


def hashed(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


class Desk:
    """One home's people; ``now_ms`` is the clock."""

    def __init__(self, home: Path) -> None:
        self.home, self.now_ms, self.news = home, 1_800_000_000_000, list[str]()
        self.alarms: list[tuple[str, dict[str, str]]] = []
        self.people = self._open()

    def _open(self) -> People:
        return People(self.home, clock=lambda: self.now_ms, changed=self.news.append, alarm=self._told)

    def _told(self, name: str, detail: dict[str, str]) -> None:
        self.alarms.append((name, detail))

    def again(self) -> None:
        self.people.close()
        self.people = self._open()

    def ask(self, question: Any) -> Any:
        answer = self.people.answer(question)
        assert isinstance(answer, question.answered_by)
        return answer

    def add(self, name: str, *roles: Role, by: str = "terminal:root", outsider: str = "") -> LinkDocument:
        answer: LinkDocument = self.ask(PersonAdded(actor=by, name=name, roles=roles, outsider=outsider))
        return answer

    def enrol(self, link: LinkDocument, name: str, *, counter: int = 0) -> PersonDocument:
        key = Authenticator(name).key
        answer: PersonDocument = self.ask(
            EnrolmentFinished(
                code_hash=hashed(link.code),
                credential=hashlib.sha256(name.encode()).digest(),
                key=key,
                algorithm="es256",
                public_key=b"cose of " + name.encode(),
                counter=counter,
            )
        )
        return answer

    def person(self, name: str, *roles: Role) -> PersonDocument:
        """Add somebody and enrol a passkey."""
        return self.enrol(self.add(name, *roles), name)

    def names(self) -> list[str]:
        return [one.name for one in self.ask(PeopleAsked()).people]

    def acts(self) -> list[str]:
        """Return the names of all acts, oldest first."""
        return [one.act for one in reversed(self.ask(TrailAsked(limit=1000)).acts)]
