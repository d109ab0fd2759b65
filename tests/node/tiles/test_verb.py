"""``detente line tiles``: on either store, again, of one member; what it refuses; what it says of keys."""

from __future__ import annotations

from pathlib import Path

import pytest
from tlog_scales.backend import LocalBackend
from tlog_scales.reader import TilesReader

from detente.node.home import open_reading
from detente.node.tiles.writing import folder_of
from tests.node.couriers.world import found_member, joined
from tests.node.tiles.logs import check_with_scales
from tests.store.pair import Desk, exchange, found_homes, open_home
from tests.store.servers import Database
from tests.stories.shell import Shell


@pytest.fixture
def shell(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Shell:
    return Shell(tmp_path, capsys, monkeypatch)


def talked(folder: Path, line: str, count: int) -> None:
    with open_home(folder / "west") as one, open_home(folder / "east") as two:
        west, east = Desk(one, line), Desk(two, line)
        west.send(*(f"west {line} {n} of {count}" for n in range(count)))
        east.send(f"east of {count}")
        for _ in range(2):
            exchange(west, east)
            exchange(east, west)


def proven(shell: Shell, document: dict[str, object]) -> dict[str, int]:
    """Let another reader check every log of the folder with the keys that the verb told; sizes by member."""
    sizes = {}
    with open_reading(shell.folder / "west") as home:
        record = home.record(str(document["line"]))
        for origin in record.origins():
            said = next((one for one in document["logs"] if one["origin"] == str(origin)), None)  # type: ignore[attr-defined]
            if said is None:
                continue
            leaves = record.entries(origin, 0, 10_000)
            reader = TilesReader(LocalBackend(folder_of(shell.folder / "out", origin)))
            head = check_with_scales(reader, leaves.__getitem__, [said["key"], *said["cosigners"]], {})
            assert (head.size, head.root_hash.hex()) == (said["statements"], said["root"])
            sizes[origin.member] = head.size
    return sizes


def test_both_logs_of_a_home_in_files(shell: Shell) -> None:
    line = found_homes(shell.folder)
    talked(shell.folder, line, 3)
    text = shell.run("line tiles west out")
    assert f"{Path('out', line, '1', 'west', '0')}: 3 statements, 3 of them new, 3 files written" in text
    assert "its writer's key: detente/" in text
    document = shell.json("line tiles west out --line baltic")
    assert [(one["new"], one["files"]) for one in document["logs"]] == [(0, 0), (0, 0)]
    assert proven(shell, document) == {"west": 3, "east": 1}
    talked(shell.folder, line, 300)
    document = shell.json("line tiles west out --member west")
    assert [(one["statements"], one["new"]) for one in document["logs"]] == [(303, 300)]
    assert proven(shell, document) == {"west": 303}
    assert document["left_out"] == []
    east = Path("out", line, "1", "east", "0", "checkpoint").read_bytes()
    assert b"\n1\n" in east  # not asked for, not touched


def test_a_home_on_a_server(shell: Shell, database: Database) -> None:
    line = found_homes(shell.folder, address=database.address)
    talked(shell.folder, line, 260)
    assert proven(shell, shell.json("line tiles west out")) == {"west": 260, "east": 1}


def test_no_head_file_no_own_log(shell: Shell) -> None:
    line = found_homes(shell.folder)
    talked(shell.folder, line, 2)
    (shell.folder / "west.head" / "head.sqlite3").unlink()
    document = shell.json("line tiles west out")
    assert document["left_out"] == [f"detente/{line}/1/west/0"]
    assert proven(shell, document) == {"east": 1}
    shell.run("line tiles west again")
    assert f"detente/{line}/1/west/0: no head that may be shown" in shell.err
    assert not (shell.folder / "again" / line / "1" / "west").exists()


def test_what_is_refused(shell: Shell) -> None:
    line = found_homes(shell.folder)
    shell.run("line tiles west out")
    assert "nothing was said" in shell.err
    assert not (shell.folder / "out").exists()
    shell.run("line tiles west out --member nobody", code=2)
    assert "east, west" in shell.err
    shell.run("line tiles west out --line azov", code=2)
    assert line in shell.err
    shell.run("line tiles nowhere out", code=2)
    talked(shell.folder, line, 1)
    (shell.folder / "file").write_text("")
    shell.run("line tiles west file", code=2)
    shell.run("line tiles west out")
    head = shell.folder / "out" / line / "1" / "west" / "0" / "checkpoint"
    head.write_bytes(head.read_bytes()[:-5])
    shell.run("line tiles west out", code=2)
    assert "choose another folder" in shell.err


def test_a_humanitarian_line_is_never_written(shell: Shell) -> None:
    rings = [found_member(shell.folder, name) for name in ("west", "east")]
    line = joined(shell.folder, rings, "humanitarian-baltic")
    shell.run("line tiles west out", code=2)
    assert line in shell.err
    assert "sealed bundles" in shell.err
    assert not (shell.folder / "out").exists()
