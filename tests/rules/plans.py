"""Plans in few words, for tests of judgement."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from detente.notices.moments import stated
from detente.rules.agreement import Agreement
from detente.rules.facts import Facts, Place, Telling
from detente.rules.loading import parse_agreement
from detente.rules.spans import Span, exactly, span_of
from detente.rules.verdict import Judged, Verdict

__all__ = ["MINSK", "agreement_of", "at", "plan", "span", "telling", "verdict"]

MINSK = (Place(53.9, 27.6),)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def span(text: str) -> Span:
    return span_of(stated(text))


def telling(
    text: str, *, author: str = "author", clock: str = "neutral", minutes: int = 0, **more: Any
) -> Telling:
    moment = at(text)
    return Telling(
        ref="told",
        author=author,
        not_before=moment,
        not_before_clock=clock,
        not_after=moment + timedelta(minutes=minutes),
        not_after_clock=clock,
        **{"addressees": ("addressee",), "neutrals": ("neutral",), **more},
    )


def plan(start: str | None = "2017-09-14T00:00:00", *, days: int = 6, **more: Any) -> Facts:
    """Return an exercise of Belarus near Minsk; values, places and so on may be given."""
    begun = exactly(at(start)) if start else None
    given: dict[str, Any] = {
        "ref": "plan",
        "kind": "exercise",
        "state": "BY",
        "start": begun,
        "end": exactly(begun.earliest + timedelta(days=days)) if begun else None,
        "places": MINSK,
        "values": {},
    }
    return Facts(**{**given, **more})


def verdict(judged: list[Judged], agreement: str, clause: str) -> Verdict:
    [found] = [
        each
        for one in judged
        if one.agreement.id == agreement
        for each in one.verdicts
        if each.clause.id == clause
    ]
    return found


_AGREEMENT = """
format = "detente-agreement-1"
id = "trial"
title = { en = "Trial", ru = "Проба" }
binding = "law"
since = 2000-01-01
source = "invented"
verified = "unverified"
"""
_PARTIES = """
[[parties]]
states = ["BY", "RU", "LV"]
since = 2000-01-01
verified = "unverified"
source = "invented"
"""
CLAUSE = """
[[clauses]]
id = "only"
title = { en = "Only", ru = "Единственное" }
paragraph = "1"
duty = "tell"
kinds = ["exercise"]
what = { en = "a notice", ru = "уведомление" }
source = "invented"
verified = "unverified"
to = "parties"
deadline = { kind = "before_start", clock = "activity", value = 2, unit = "d" }
"""


def text_of(*, head: str = "", parties: str = _PARTIES, clause: str = CLAUSE, more: str = "") -> str:
    return _AGREEMENT + head + parties + clause + more


def agreement_of(**parts: str) -> Agreement:
    return parse_agreement(text_of(**parts).encode())
