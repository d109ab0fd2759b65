"""An exercise is told on a line, and the line's log says by the addressee's clock that it was in time."""

from __future__ import annotations

from tests.stories.shell import Shell


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
