"""An agreement's own test cases, made into facts: each is a plan in few words."""

from __future__ import annotations

from detente.notices.moments import stated
from detente.rules.agreement import Case
from detente.rules.facts import Facts, Place, Telling
from detente.rules.spans import Span, span_of

__all__ = ["facts_of_case", "record_of_case"]


def facts_of_case(case: Case) -> Facts:
    """Return the plan that a case describes, told by a neutral clock at the instant that the case names.

    Raises MomentMistake where a moment of the case is none.
    """
    start, end, requested = (_span(text) for text in (case.start, case.end, case.requested))
    values = dict(case.facts)
    if start and end:
        values.setdefault("duration_hours", int((end.earliest - start.earliest).total_seconds() // 3600))
    telling = None
    if case.told:
        told = stated(case.told)
        telling = Telling(
            ref=case.name,
            author="author",
            not_before=told.earliest,
            not_before_clock="neutral",
            not_after=told.earliest,
            not_after_clock="neutral",
            addressees=("addressee",),
            neutrals=("neutral",),
        )
    return Facts(
        ref=case.name,
        kind=case.kind,
        state=case.state,
        start=start,
        end=end,
        told=telling,
        asked=case.asked,
        requested=requested,
        places=() if case.lat is None or case.lon is None else (Place(case.lat, case.lon),),
        values=values,
        year=case.year,
    )


def record_of_case(case: Case) -> list[Facts]:
    """Return the plan of a case, and after it what its record holds beside it.

    Raises MomentMistake where a moment of the case is none.
    """
    return [
        facts_of_case(case),
        *(
            Facts(
                ref=f"{case.name}, beside it {number}",
                kind=case.kind,
                state=one.state,
                start=_span(one.start),
                end=_span(one.end),
                values=dict(one.facts),
            )
            for number, one in enumerate(case.beside, start=1)
        ),
    ]


def _span(text: str) -> Span | None:
    return span_of(stated(text)) if text else None
