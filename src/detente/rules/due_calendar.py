"""What is still due, as events for anybody's calendar program."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from detente import words
from detente.notices.ics import Event
from detente.notices.moments import stated
from detente.rules.facts import Facts
from detente.rules.verdict import Judged, Outcome, ToldOutcome
from detente.rules.wording import in_words, reason_words, verified_words

__all__ = ["due_events"]

say = words.speaker("rules")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def due_events(
    plans: Sequence[Facts], judged: Sequence[Sequence[Judged]], now: datetime | None
) -> Iterator[Event]:
    """Yield an event for everything that is owed, has a time, and was not told in time.

    The event lies at the earliest instant at which the deadline may be, so that nobody trusts a later one. What
    is known to be missing for good, seen at ``now``, stays in: it is overdue. Notices about relief work stay out of
    every export.
    """
    for plan, each in zip(plans, judged, strict=True):
        if plan.kind.startswith("humanitarian"):
            continue
        for one in each:
            for verdict in one.verdicts:
                told = verdict.told
                if verdict.outcome is not Outcome.OWED or verdict.due is None or told is None:
                    continue
                if told.outcome in {ToldOutcome.MET, ToldOutcome.LATE}:
                    continue
                name = f"{plan.ref} {one.agreement.id} {verdict.clause.id}"
                moment = stated(f"{verdict.due.earliest.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}")
                yield Event(
                    uid=hashlib.sha256(name.encode()).hexdigest()[:32] + "@detente",
                    start=moment,
                    end=moment,
                    stamp=now or _EPOCH,
                    summary=say(
                        "due: {what} ({agreement} {paragraph})",
                        what=in_words(verdict.clause.what),
                        agreement=one.agreement.id,
                        paragraph=verdict.clause.paragraph,
                    ),
                    description=f"{plan.title}: {reason_words(verdict, one.agreement)}"
                    f" ({verified_words(verdict.clause.verified)})",
                )
