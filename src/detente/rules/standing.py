"""Who is bound by an agreement on a day, and towards whom."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from detente.rules.agreement import Agreement, Suspension

__all__ = ["Bound", "Standing"]

Bound = Literal["party", "not_a_party", "not_in_force", "unknown"]


class Standing:
    """An agreement's parties, asked by day; what was asked once is remembered."""

    def __init__(self, agreement: Agreement) -> None:
        self._agreement = agreement
        self._parties: dict[date, tuple[str, ...]] = {}
        days = {agreement.since, *(one.since for one in agreement.parties)}
        days |= {one.until for one in agreement.parties if one.until}
        if agreement.until:
            days.add(agreement.until)
        self._days = sorted(days)

    def parties(self, moment: datetime) -> tuple[str, ...]:
        """Return the states that are parties on that day, in alphabetical order; none when it is not in force."""
        day = self._since(moment.date())
        if day is None:
            return ()
        known = self._parties.get(day)
        if known is None:
            known = tuple(
                sorted(
                    {
                        state
                        for one in self._agreement.parties
                        if one.since <= day and (one.until is None or day < one.until)
                        for state in one.states
                    }
                )
            )
            self._parties[day] = known
        return known

    def in_force(self, moment: datetime) -> bool:
        """Tell whether the agreement was in force on that day."""
        day, until = moment.date(), self._agreement.until
        return self._agreement.since <= day and (until is None or day < until)

    def bound(self, state: str, moment: datetime) -> Bound:
        """Return whether a state is bound on that day."""
        if not self.in_force(moment):
            return "not_in_force"
        if self._agreement.everyone or state in self.parties(moment):
            return "party"
        day = moment.date()
        if any(one.at_latest and state in one.states and day < one.since for one in self._agreement.parties):
            return "unknown"
        if self._agreement.complete or state in self._agreement.outsiders:
            return "not_a_party"
        later = any(state in one.states for one in self._agreement.parties)  # named, with another day
        return "not_a_party" if later else "unknown"

    def suspensions(self, states: tuple[str, ...], clause: str, moment: datetime) -> tuple[Suspension, ...]:
        """Return what these states have said about not carrying out this clause on that day."""
        return tuple(
            one
            for one in self._agreement.suspensions
            if one.state in states
            and clause in one.clauses
            and one.since <= moment.date()
            and (one.until is None or moment.date() < one.until)
        )

    def _since(self, day: date) -> date | None:
        """Return the last day not after this one on which anything about the parties changed."""
        last = None
        for one in self._days:
            if one > day:
                break
            last = one
        return last if last is not None and self._agreement.since <= last and self._in_force_day(day) else None

    def _in_force_day(self, day: date) -> bool:
        return self._agreement.until is None or day < self._agreement.until
