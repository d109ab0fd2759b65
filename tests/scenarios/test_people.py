"""A scenario that stops for people: links are handed out, and the player waits until somebody did what is asked."""

from __future__ import annotations

import re
import signal
import subprocess
import threading
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from detente.scenario.visiting import Desk, Officer
from tests.conftest import ROOT
from tests.stories.program import COMMAND, environment

pytestmark = [pytest.mark.prove, pytest.mark.timeout(400)]


class Person:
    """Somebody with a passkey at one desk, who writes and releases as a browser would."""

    def __init__(self, name: str, link: str) -> None:
        parts = urlsplit(link)
        assert parts.hostname is not None
        assert parts.port is not None
        self.officer = Officer(name, Desk(parts.port, parts.hostname))
        self.officer.enrol(link)

    def say(self, notice: dict[str, object]) -> None:
        line = self.officer.get("lines")["lines"][0]["line"]
        draft = self.officer.post("drafts", {"line": line, "notice": notice})
        assert self.officer.release(draft["submission"])["state"] == "sent"


GUNNERY: dict[str, object] = {
    "kind": "danger_area", "title": "Gunnery, said by a person", "activity_kind": "firing",
    "author": {"id": "west", "name": "Westland", "state": "NO"}, "issued_at": "2026-01-01T00:00Z",
    "areas": [{"name": "B", "shape": {"shape": "circle", "centre": "70-30N 031-00E", "radius_m": "9260"}}],
    "windows": [{"start": "2026-02-01T06:00Z", "end": "2026-02-01T14:00Z"}],
}  # fmt: skip


def test_people_act_and_the_player_waits_for_them(tmp_path: Path) -> None:
    text = (ROOT / "docs" / "tutorials" / "03-designing-an-exercise.md").read_text(encoding="utf-8")
    drill = text.split("cat > drill.toml <<'end'\n")[1].split("\nend\n")[0]
    (tmp_path / "drill.toml").write_text(drill.rpartition("[[scenes.steps]]")[0], encoding="utf-8")
    command = [*COMMAND, "scenario", "play", "drill.toml", "--keep", "play", "--stop-for-people"]
    with subprocess.Popen(
        command, cwd=tmp_path, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as player:
        guard = threading.Timer(300, player.kill)
        guard.start()
        assert player.stdout is not None
        people: dict[str, Person] = {}
        told = []
        for row in player.stdout:
            told.append(row)
            link = re.search(r"for (.+) of (\w+), good once: (http\S+)", row)
            if link:
                people[link[2]] = Person(link[1], link[3])
            if "A PERSON acts now" in row:
                people["west"].say(GUNNERY)
        code = player.wait()
        guard.cancel()
    said = "".join(told)
    assert code == 0, said
    assert set(people) == {"west", "east"}
    assert "said by a person, held as west/0" in said
    assert "(Gunnery, said by a person) is delivered: east" in said


def test_the_desks_stay_open_for_whoever_comes_with_a_link(tmp_path: Path) -> None:
    text = (ROOT / "docs" / "tutorials" / "03-designing-an-exercise.md").read_text(encoding="utf-8")
    drill = text.split("cat > drill.toml <<'end'\n")[1].split("\nend\n")[0]
    (tmp_path / "drill.toml").write_text(drill, encoding="utf-8")
    command = [*COMMAND, "scenario", "play", "drill.toml", "--keep", "play", "--stay"]
    with subprocess.Popen(
        command, cwd=tmp_path, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as player:
        guard = threading.Timer(300, player.kill)
        guard.start()
        assert player.stdout is not None
        told, guests = [], {}
        for row in player.stdout:
            told.append(row)
            link = re.search(r"the desk of (\w+) goes on; a link that works once: (http\S+)", row)
            if link:
                guests[link[1]] = Person("visitor", link[2])
            if "Visitor at west (SYNTHETIC) may write and release now" in row:
                guests["west"].say(GUNNERY)
                player.send_signal(signal.SIGINT)
        code = player.wait()
        guard.cancel()
    assert code == 0, "".join(told)
    assert set(guests) == {"west", "east"}
