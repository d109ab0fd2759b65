"""What is owed is judged only anew where something changed, and is always what judging everything anew would say.

Method: notices of every kind in drawn orders, with activities, answers, calendars, corrections and cancellations that
tie them together, come, change and go; after each step the kept account is compared with one that knows nothing yet.
"""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from detente import words
from detente.node.desk_door import verdicts as verdicts_module
from detente.node.desk_door import views
from detente.node.desk_door.judging import FiledLine, Judging
from detente.node.desk_door.record_questions import (
    EntriesAsked,
    HandoverAsked,
    ObligationsAsked,
    TimelineAsked,
)
from detente.node.errors import StillReading
from detente.notices.examples import EXAMPLES
from detente.notices.filed import Filed, Told
from detente.notices.kinds import kind_of
from detente.notices.notice import Notice, Party
from detente.rules.evaluating import Judge
from tests.node.desk_door.running import running
from tests.store.pair import found_homes

PARTIES = {
    "west": Party(id="west", name="Westland", state="NO"),
    "east": Party(id="east", name="Eastland", state="FI"),
}
START = datetime(2030, 1, 1, tzinfo=UTC)
KINDS = sorted(set(EXAMPLES) - {"humanitarian_site", "humanitarian_movement"})
ANSWERED = {
    "unusual_activity_answer": "unusual_activity_request", "visit_reply": "visit_request",
    "visit_report": "visit_request", "contact_agreement": "contact_request",
}  # fmt: skip
"""What answers what, so that one tells what the other asks."""
TIED = [*ANSWERED, *ANSWERED.values(), "movement", "movement", "exercise", "calendar", "contact_record"]
REFERRING = ("corrects", "cancels", "reports_on")


def drawn(chance: random.Random, kinds: dict[str, str], number: int) -> Filed:
    """Return a notice of a drawn kind, tied to others as such notices are. kinds: reference -> kind of those."""
    kind = chance.choice(TIED if chance.random() < 0.7 else KINDS)
    member = chance.choice(sorted(PARTIES))
    one: Any = EXAMPLES[kind]
    fields: dict[str, Any] = {"author": PARTIES[member], "title": f"{kind} {number}"}
    if chance.random() < 0.6:
        fields["activity"] = f"activity-{chance.randrange(4)}"
    asked = [ref for ref, other in kinds.items() if other == ANSWERED.get(kind)]
    if asked:
        fields["answers"] = chance.choice(asked)
    for name in REFERRING:
        if hasattr(one, name) and kinds:
            fields[name] = chance.choice(sorted(kinds))
    if kind == "correction":
        fields["corrected"] = msgspec.structs.replace(one.corrected, author=PARTIES[member])
    if kind == "movement":  # warships of one power after another in one sea
        (mover,) = one.movers
        fields |= {
            "strait": "Bosphorus", "movers": (msgspec.structs.replace(mover, displacement_t=9_000),),
            "outward_at": f"2030-05-{chance.randrange(1, 10):02d}", "return_at": f"2030-05-{chance.randrange(12, 28)}",
        }  # fmt: skip
    if kind == "exercise":
        fields["forces"] = (msgspec.structs.replace(one.forces[0], troops=chance.choice((7_000, 14_000))),)
        fields["single_command"] = True
    if kind == "calendar":
        entry = msgspec.structs.replace(one.entries[0], activity=f"activity-{chance.randrange(4)}")
        fields |= {"year": 2030, "entries": (entry,)}
    notice: Notice = msgspec.structs.replace(one, **fields)
    at = START + timedelta(hours=chance.randrange(4_000))
    told = Told(
        not_before=at, not_before_clock=member, not_after=at + timedelta(minutes=5),
        not_after_clock=chance.choice(sorted(PARTIES)), author_clock=at,
    )  # fmt: skip
    return Filed(
        notice=notice, ref=f"{member}/{number}", told=told if chance.random() < 0.9 else None, from_line=True
    )


def line_of(filed: list[Filed]) -> FiledLine:
    return FiledLine("baltic", "west", tuple(filed), {})


def anew(line: FiledLine, now: datetime) -> list[dict[str, Any]]:
    return Judging().verdicts(line, now)


@pytest.mark.parametrize("seed", range(3))
def test_what_is_kept_is_what_judging_everything_anew_would_say(seed: int) -> None:
    chance = random.Random(seed)
    kept, filed = Judging(), list[Filed]()
    said = 0
    for number in range(40):
        step = chance.random()
        if filed and step < 0.15:  # an addressee confirmed it: it was told by another clock
            at = chance.randrange(len(filed))
            told = filed[at].told
            if told is not None and told.not_after is not None:
                sooner = told.not_after - timedelta(minutes=1)
                changed = Told(
                    not_before=told.not_before, not_before_clock=told.not_before_clock, not_after=sooner,
                    not_after_clock="east", author_clock=told.author_clock,
                )  # fmt: skip
                filed[at] = Filed(notice=filed[at].notice, ref=filed[at].ref, told=changed, from_line=True)
        else:
            filed.append(drawn(chance, {one.ref: kind_of(one.notice) for one in filed}, number))
        line = line_of(filed)
        for _ in range(2):
            now = START + timedelta(hours=chance.randrange(-500, 5_000))
            found = kept.verdicts(line, now)
            assert found == anew(line, now)
            said += len(found)
    assert said > 500


def test_each_language_is_told_in_its_own_words() -> None:
    chance = random.Random(5)
    line, kept = line_of([drawn(chance, {}, number) for number in range(20)]), Judging()
    before = words.language()
    told = {}
    try:
        for language in ("en", "ru", "en"):
            words.choose(language)
            told[language] = kept.verdicts(line, START)
            assert told[language] == anew(line, START)
    finally:
        words.choose(before)
    assert told["en"] != told["ru"]


def test_only_what_a_change_touches_is_judged_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    judged: list[str] = []
    true = Judge.judge

    def counted(self: Judge, plan: Any, *given: Any, **how: Any) -> Any:
        judged.append(plan.ref)
        return true(self, plan, *given, **how)

    monkeypatch.setattr(Judge, "judge", counted)
    form: Any = EXAMPLES["danger_area"]
    filed = [
        Filed(notice=msgspec.structs.replace(form, author=PARTIES["west"], activity=None), ref=f"west/{number}")
        for number in range(30)
    ]
    kept = Judging()
    kept.verdicts(line_of(filed), START)
    assert set(judged) == {one.ref for one in filed}
    judged.clear()
    kept.verdicts(line_of(filed), START)
    kept.verdicts(line_of(filed), START + timedelta(seconds=30))
    assert judged == []
    one_more = Filed(notice=msgspec.structs.replace(form, author=PARTIES["west"], activity=None), ref="west/30")
    kept.verdicts(line_of([*filed, one_more]), START)
    assert set(judged) == {"west/30"}


def test_long_work_comes_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verdicts_module, "_AT_ONCE", 100)
    chance = random.Random(6)
    line, kept = line_of([drawn(chance, {}, number) for number in range(30)]), Judging()
    pieces = list(kept.verdicts_in_pieces(line, START))
    assert pieces[-1] == anew(line, START)
    assert len(pieces) > 5
    assert pieces[:-1] == [None] * (len(pieces) - 1)


def test_a_node_that_still_reads_a_long_record_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found_homes(tmp_path)
    with running(tmp_path / "west") as node:
        assert node.ask(ObligationsAsked()).verdicts == ()
        monkeypatch.setattr(views, "_PATIENCE_S", -1.0)
        monkeypatch.setattr(Judging, "file_some", lambda *_: False)
        for question in (
            ObligationsAsked(),
            TimelineAsked(from_ms=0, until_ms=1),
            HandoverAsked(from_ms=0, until_ms=1),
        ):
            with pytest.raises(StillReading, match="0 of 0 notices"):
                node.ask(question)
        assert node.ask(EntriesAsked()).rows == ()
