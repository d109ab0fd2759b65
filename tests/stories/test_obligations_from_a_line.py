"""An exercise is told on a line, and the line's log says by the addressee's clock that it was in time."""

from __future__ import annotations

import subprocess
import sys
from types import SimpleNamespace
from typing import Any

from detente.line.opening import Seat
from detente.node.filed_record import _neutrals
from tests.stories.shell import Shell


def seat(member: str, *neutral_for: str) -> Seat:
    return Seat(card="0" * 64, generation=0, member=member, neutral_for=neutral_for, role="member")


def opening_of(seats: tuple[Seat, ...]) -> Any:
    return SimpleNamespace(seats=seats)


def test_what_was_sent_on_a_line_is_met_by_the_other_sides_clock(shell: Shell) -> None:
    shell.pair()
    plan = shell.run("notice new exercise --example").replace("2030-", "2130-")  # in the future for long
    (shell.folder / "plan.toml").write_text(plan)
    shell.run("line send west --notice plan.toml")

    def told(log: str) -> tuple[str, str | None, str]:
        (shell.folder / "log.jsonl").write_text(log)
        document = shell.json("obligations log.jsonl --agreement own.toml")
        [notice] = document["notices"]
        [found] = notice["agreements"][0]["verdicts"]
        assert (notice["ref"], found["outcome"]) == ("west/0", "owed")
        return found["told"]["outcome"], found["told"]["why"], found["told"]["by"]["not_after_clock"]

    (shell.folder / "own.toml").write_text(AGREEMENT)
    assert told(shell.run("line log west --json")) == ("undecidable", "no_clock", "")
    shell.exchange("west", "east")
    shell.exchange("east", "west")
    for home in ("west", "east"):
        assert told(shell.run(f"line log {home} --json")) == ("met", None, "east")
        document = shell.json(f"obligations {home} --line baltic --agreement own.toml")
        [found] = document["notices"][0]["agreements"][0]["verdicts"]
        assert (found["told"]["outcome"], found["told"]["by"]["not_after_clock"]) == ("met", "east")
    assert "west/0" in shell.run("obligations east --agreement own.toml --ics due.ics")
    assert (shell.folder / "due.ics").read_text().startswith("BEGIN:VCALENDAR")
    assert shell.run("obligations east --agreement own.toml --party FI --language ru")


def test_what_names_no_record_is_refused_at_its_place(shell: Shell) -> None:
    shell.pair()
    shell.run("obligations west east", code=2)
    assert "one home" in shell.err
    shell.run("obligations west --line nowhere", code=2)
    assert "nowhere" in shell.err
    (shell.folder / "plan.toml").write_text(shell.run("notice new exercise --example"))
    shell.run("obligations plan.toml --line baltic", code=2)
    assert "--line" in shell.err
    (shell.folder / "empty").mkdir()
    shell.run("obligations empty", code=2)
    (shell.folder / "plan.toml").write_text('kind = "exercise"\n')
    shell.run("obligations plan.toml west", code=2)
    assert "plan.toml.title" in shell.err


def test_over_files_alone_the_verbs_load_no_line() -> None:
    for verb in ("obligations_verb", "record_verbs"):
        loaded = subprocess.run(
            [sys.executable, "-c", f"import sys, detente.node.{verb}; print(*sys.modules)"],
            capture_output=True, text=True, check=True,
        ).stdout.split()  # fmt: skip
        assert not {"apsw", "cryptography", "detente.line", "detente.store"} & {*loaded}, verb


def test_a_neutral_is_neutral_only_between_those_for_whom_the_opening_names_it() -> None:
    seats = (
        seat("west"),
        seat("east"),
        seat("south"),
        seat("geneva", "west", "east"),
        seat("vienna", "west", "east", "south"),
    )
    opening = opening_of(seats)
    assert _neutrals(opening, "west", ("east",)) == ("geneva", "vienna")
    assert _neutrals(opening, "west", ("south",)) == ("vienna",)
    assert _neutrals(opening, "west", ()) == ("vienna",)
    assert _neutrals(opening, "geneva", ("west",)) == ()


AGREEMENT = """
format = "detente-agreement-1"
id = "own"
title = { en = "Between two", ru = "Между двумя" }
binding = "political"
since = 2000-01-01
source = "invented"
verified = "unverified"

[[parties]]
states = ["NO", "FI"]
since = 2000-01-01
verified = "unverified"
source = "invented"

[[clauses]]
id = "tell"
title = { en = "Tell", ru = "Сообщать" }
paragraph = "1"
duty = "tell"
kinds = ["exercise"]
what = { en = "a notice", ru = "уведомление" }
source = "invented"
verified = "unverified"
to = "parties"
deadline = { kind = "before_start", clock = "activity", value = 42, unit = "d" }
"""
