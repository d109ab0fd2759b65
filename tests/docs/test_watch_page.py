"""What docs/watch.md says to type is what the program takes, and the replay of it gives what the page says."""

from __future__ import annotations

import argparse
import json
import re
import shlex
from pathlib import Path

import pytest

from detente.door.options import add_json
from detente.watch.limits import parse_limits
from detente.watch.request import RETAIN_DEFAULT, Request, add_options, request
from tests.conftest import ROOT
from tests.stories.program import run
from tests.watch.watching import SIDES, crossing, token_file, written

PAGE = (ROOT / "docs" / "watch.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```\n", PAGE, re.MULTILINE | re.DOTALL)
COMMANDS = [
    command.replace("\\\n", " ")
    for kind, block in BLOCKS
    if not kind
    for command in re.split(r"\n(?! )", block.strip())
]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sides.toml").write_text(SIDES)
    (tmp_path / "areas.geojson").write_text('{"type": "FeatureCollection", "features": []}')
    token_file(tmp_path)
    (tmp_path / "tracks").mkdir()
    written(crossing(), tmp_path / "tracks" / "tracks-2026-03-01T12.parquet")
    written(crossing(), tmp_path / "aisdk-2018-04-04.csv")
    return tmp_path


def asked(words: list[str]) -> Request:
    parser = argparse.ArgumentParser()
    add_options(parser)
    add_json(parser)
    return request(parser.parse_args(words))


def test_every_command_of_the_page_is_taken(folder: Path) -> None:
    seen = 0
    for command in COMMANDS:
        words = shlex.split(command)
        if words[:2] == ["detente", "watch"]:
            asked(words[2:])
            seen += 1
    assert seen == 2
    whole = asked(shlex.split(next(one for one in COMMANDS if "--desk" in one))[2:])
    assert (whole.own, whole.line, whole.author.id if whole.author else "") == ("west", "baltic", "west")
    assert whole.retain is not None
    assert f"{whole.retain.days}d" == RETAIN_DEFAULT
    assert f"after\n{whole.retain.days} days" in PAGE or f"after {whole.retain.days} days" in " ".join(
        PAGE.split()
    )


@pytest.mark.prove
def test_its_replay_and_its_search_of_a_record_run(folder: Path) -> None:
    (replay,) = [one for one in COMMANDS if "replay:" in one]
    done = run(*shlex.split(replay)[1:])
    assert done.code == 0
    whats = [json.loads(line)["what"] for line in done.out.splitlines()]
    assert whats[-1] == "account"
    assert "encounter" in whats
    (search,) = [one for one in COMMANDS if one.startswith("detente encounters")]
    words = shlex.split(search.replace("tracks/*.parquet", "tracks/tracks-2026-03-01T12.parquet"))
    assert run(*words[1:]).code == 0
    assert (folder / "report.html").exists()


def test_its_limits_are_a_file_of_limits() -> None:
    (text,) = [block for kind, block in BLOCKS if kind == "toml"]
    agreed = parse_limits(text).ladders["ship_ship"].agreed
    assert agreed is not None
    assert round(agreed.within_m) == 457


def test_pages_that_it_names_are_there() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", PAGE):
        assert (ROOT / "docs" / target).exists(), target
