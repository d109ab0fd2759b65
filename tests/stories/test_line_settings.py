"""A line kept by hand heeds HOME/settings.toml: when a party is silent, when a receipt is late, how much is kept."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from detente.node import asking, commands_show, commands_speak, host
from tests.stories.shell import Shell

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS


@pytest.fixture
def pair(shell: Shell) -> Shell:
    """Return two members on one line that have heard of each other."""
    shell.pair()
    shell.exchange("west", "east")
    return shell


@pytest.fixture
def later(pair: Shell) -> Callable[[int], None]:
    """Return what moves every clock of this machine on; each call counts from the true time."""
    true = host.clock_ms

    def move(passed_ms: int) -> None:
        for module in (host, asking, commands_show, commands_speak):
            pair.patch.setattr(module, "clock_ms", lambda: true() + passed_ms)

    return move


def settings(shell: Shell, text: str, home: str = "west") -> None:
    (shell.folder / home / "settings.toml").write_text(text)


def test_silence_comes_as_late_or_early_as_the_home_says(pair: Shell, later: Callable[[int], None]) -> None:
    later(4 * HOUR_MS)
    assert pair.party("west", "east")["state"] == "silent"
    settings(pair, "[line.baltic]\nsilent_after_s = 86400\n")
    assert pair.party("west", "east")["state"] == "open"
    assert pair.status("west")["limits"]["silent_after_s"] == 86400
    pair.send("west", "nobody is missed yet")
    assert "silent" not in pair.err
    settings(pair, "[line.baltic]\ntest_every_s = 60\nsilent_after_s = 60\n")
    later(2 * MINUTE_MS)
    assert pair.party("west", "east")["state"] == "silent"
    pair.send("west", "where is east?")
    assert "east is silent" in pair.err
    assert pair.status("east")["limits"] == {
        "test_every_s": 3600,
        "silent_after_s": 10800,
        "unacknowledged_after_s": 86400,
        "quota_bytes": 2_000_000_000,
    }


def test_a_receipt_is_late_when_the_home_says(pair: Shell, later: Callable[[int], None]) -> None:
    settings(pair, "[line.baltic]\nunacknowledged_after_s = 600\n")
    pair.send("west", "one")
    later(20 * MINUTE_MS)
    pair.carry("east", "west")  # west hears east, which did not get the statement
    party = pair.party("west", "east")
    assert party["state"] == "degraded"
    assert "not confirmed" in pair.run("line status west") + pair.err
    pair.exchange("west", "east")
    assert pair.party("west", "east")["state"] == "open"


def test_take_heeds_the_homes_quota_and_the_options_before_it(pair: Shell) -> None:
    pair.run("line send west --type notice --body -", text="x" * 20_000)
    pair.run("line pack west --to east big.bundle")
    settings(pair, "[line.baltic]\nquota_bytes = 5000\n", "east")
    pair.run("line take east big.bundle", code=1)
    assert "quota" in pair.err
    assert [one["body"]["state"] for one in pair.log("east")] == ["missing"]
    pair.run("line take east big.bundle --quota-bytes 100000")
    assert [one["body"]["state"] for one in pair.log("east")] == ["shown"]


def test_only_the_line_that_is_named_is_set(pair: Shell) -> None:
    pair.run("line join west --line other west.card east.card --training")
    settings(pair, "[line.other]\nsilent_after_s = 7200\n")
    found = {one["name"]: one["limits"]["silent_after_s"] for one in pair.json("line status west")["lines"]}
    assert found == {"baltic": 10_800, "other": 7_200}


WRONG = {
    "[line.baltic]\nsilent_after = 5\n": "silent_after_s",
    "[line.baltic]\nsilent_after_s = 5\n": "always be silent",
    "[line.baltic\n": "TOML",
    "\n\n[line.baltic]\nquota_bytes = -1\n": "4",
}


@pytest.mark.parametrize("text", WRONG)
def test_a_wrong_file_is_named_by_every_verb_that_heeds_it_and_nothing_is_done(pair: Shell, text: str) -> None:
    pair.run("line pack east --to west a.bundle")
    settings(pair, text)
    for verb in (
        "status west",
        "log west",
        "take west a.bundle",
        "send west --type notice --body secret",
        "pack west --to east b.bundle",
    ):
        pair.run(f"line {verb}", code=2)
        assert "settings.toml" in pair.err, verb
        assert WRONG[text] in pair.err, verb
    (pair.folder / "west" / "settings.toml").unlink()
    assert pair.status("west")["own"]["held"] == 0


def test_a_backup_takes_the_settings_along(pair: Shell) -> None:
    settings(pair, "[line.baltic]\nsilent_after_s = 7200\n")
    pair.run("backup west west.backup")
    pair.run("restore west.backup copy")
    limits = pair.json("line status copy", code=1)["lines"][0]["limits"]
    assert limits["silent_after_s"] == 7200


def test_a_home_without_a_settings_file_is_backed_up_as_before(pair: Shell) -> None:
    pair.run("backup east east.backup")
    pair.run("restore east.backup copy")
    assert not (pair.folder / "copy" / "settings.toml").exists()
