"""The watch at a terminal and in a pipe: what a person reads, in both languages, strangers' names made harmless."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from rich.console import Console

from detente import words
from detente.watch.account import Account
from detente.watch.batches import FeedStanding
from detente.watch.coverage import Hole
from detente.watch.desk import DeskStanding
from detente.watch.screen import EVENTS_SHOWN, View, drawn
from detente.watch.telling import JsonLines, Lines, account_lines, event_sentence
from tests.watch.test_showing import WALL, event

AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def standing(**more: Any) -> FeedStanding:
    given: dict[str, Any] = {
        "name": "ais-tcp://host:10110", "state": "stale", "last_at": AT, "rate_per_s": 3.5, "movers": 7,
        "received": 100, "used": 98, "rejected": {"bad_checksum": 2}, "why": "\x1b[2Jno answer",
    }  # fmt: skip
    return FeedStanding(**{**given, **more})


def shown(view: View) -> str:
    console = Console(width=160, record=True, file=open("/dev/null", "w"))  # noqa: SIM115, PTH123 - the console's own
    with console.file:
        console.print(drawn(view))
    return console.export_text()


def a_view(**more: Any) -> View:
    account = Account()
    account.feeds.take(100, 98, {"bad_checksum": 2})
    given: dict[str, Any] = {
        "now": AT, "is_replay": False, "feeds": [standing()], "movers": 7, "account": account,
        "holes": [Hole(feed="ais-tcp://host:10110", box=None, movers=7, since=AT, why="stale")],
        "events": [event(id=str(number), closest_distance_m=float(number)) for number in range(EVENTS_SHOWN + 3)],
        "desk": DeskStanding("away", "no answer in time", {}, {}, 2, None), "desk_name": "https://desk.example:8443",
        "outputs": [("tls://tak.example:8089", "down", "refused")], "recording": "recorded: 5 positions",
    }  # fmt: skip
    return View(**{**given, **more})


def test_it_shows_feeds_holes_encounters_desk_outputs_record_and_account() -> None:
    text = shown(a_view())
    for part in (
        "ais-tcp://host:10110", "stale", r"\x1b[2Jno answer", "no coverage", "and 3 more", "2 drafts waiting",
        "no answer in time", "tls://tak.example:8089", "recorded: 5", "bad_checksum 2", "100 in, 98 kept",
    ):  # fmt: skip
        assert part in text, part
    assert "\x1b[2J" not in text


def test_what_is_over_is_not_among_what_goes_on_and_the_gravest_stands_first() -> None:
    events = [event(id="1", name_a="FAR", priority="caution"), event(id="2", name_a="OVER", state="past"),
              event(id="3", name_a="NEAR", priority="emergency")]  # fmt: skip
    text = shown(a_view(events=events))
    assert "OVER" not in text
    assert text.index("NEAR") < text.index("FAR")


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_every_sentence_is_said_in_the_readers_language(language: str) -> None:
    words.choose(language)
    try:
        sentences = {
            event_sentence(event(state=state, predicted=predicted, kind=kind, area="D-17", name_a="\u202eEVIL"))
            for state, predicted in (("active", True), ("active", False), ("past", False))
            for kind in ("pair", "area")
        }
    finally:
        words.choose("en")
    assert len(sentences) == 6
    assert all(r"\u202eEVIL" in one for one in sentences)
    assert any("D-17" in one for one in sentences)


def test_a_pipe_gets_one_line_an_event_and_json_one_document(capsys: pytest.CaptureFixture[str]) -> None:
    Lines().event(event(name_a="A\tB\n"), AT)
    (line,) = capsys.readouterr().out.splitlines()
    assert line.split("\t")[1:3] == ["active", "alarm"]
    JsonLines().event(event(in_areas=("D-17",)), AT)
    document = json.loads(capsys.readouterr().out)
    assert document["what"] == "event"
    assert document["entered_at"] == "2026-03-01T09:00:00.000Z"
    assert document["line"] == [[179.999, 56.0], [-179.999, 56.0]]
    JsonLines().feed(standing(last_at=None))
    assert json.loads(capsys.readouterr().out)["last_at"] is None
    assert WALL < AT


def test_an_account_that_does_not_add_up_says_so() -> None:
    account = Account()
    account.feeds.take(10, 7, {"bad_checksum": 2})
    assert account.faulty() == {"feeds": 1}
    assert account.document()["adds_up"] is False
    assert "report" in list(account_lines(account.document()))[-1]
    account.faults["feeds"] = 1
    account.name_faults()
    assert account.feeds.rejected["fault"] == 1
    assert account.document()["adds_up"] is True
    (line, *_) = account_lines(account.document())
    assert line == "feeds: 10 in = 7 kept + 0 waiting + 3 rejected (bad_checksum 2, fault 1)"


def test_names_of_reasons_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("detente.watch.account.NAMES_MAX", 2)
    account = Account()
    for name in "abcd":
        account.feeds.take(1, 0, {name: 1})
    assert dict(account.feeds.rejected) == {"a": 1, "b": 1, "other": 2}
    assert account.feeds.missing == 0
