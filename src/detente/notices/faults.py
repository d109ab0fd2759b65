"""A fault of a form: where, what came, what was expected, and what to do; and the list of all of them.

Words come from the catalogue when a fault is made: a list of faults is made for the reader who waits for it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from detente import words
from detente.notices.moments import stated

__all__ = ["Fault"]

say = words.speaker("notices")


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault at one field.

    where: path from the notice inwards, "phases[1].period.end"; "" is the notice itself.
    expected, came, remedy: as in DetenteError. warning: true for what is suspicious but may be meant.
    code: a short fixed name for programs and vectors, the same in every language.
    """

    where: str
    code: str
    expected: str
    came: str
    remedy: str = ""
    warning: bool = False

    def under(self, path: str) -> Fault:
        """Return the same fault seen from further out."""
        if not self.where:
            return replace(self, where=path)
        return replace(self, where=f"{path}{'' if self.where.startswith('[') else '.'}{self.where}")

    def __str__(self) -> str:
        """One line for a reader: where, what came, what was expected, what to do."""
        place = f"{self.where}: " if self.where else ""
        return f"{place}{self.came} ({self.expected})" + (f"; {self.remedy}" if self.remedy else "")

    @classmethod
    def missing(cls, where: str) -> Fault:
        """Return the fault of a field that this notice cannot do without."""
        return cls(where, "missing", say("a value"), say("nothing"), say("state it"))

    @classmethod
    def not_above(cls, where: str, lower: str) -> Fault:
        """Return the fault of a field that is not above another one."""
        return cls(
            where,
            "order",
            say("a number above {field}", field=lower),
            say("one that is not"),
            say("exchange the two, or leave one out"),
        )

    @classmethod
    def contradiction(cls, where: str, other: str) -> Fault:
        """Return the fault of a field that says otherwise than another one."""
        return cls(
            where,
            "contradiction",
            say("what agrees with {field}", field=other),
            say("the contrary"),
            say("mend one of the two"),
        )

    @classmethod
    def order(cls, where: str, start: str | None, end: str | None) -> list[Fault]:
        """Return the fault of an end that lies before its start for certain; none when one of them is absent.

        Moments are spans: only an end whose whole span lies before the start's is a fault.
        """
        if start is None or end is None or stated(end).latest > stated(start).earliest:
            return []
        return [
            cls(
                where,
                "dates",
                say("a moment after {moment}", moment=start),
                end,
                say("exchange the two, or mend the year or month"),
            )
        ]
