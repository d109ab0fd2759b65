"""Several versions on one line: the release before this one, this one, and one to come, each a program of its own."""

from __future__ import annotations

import json
import sqlite3
import tarfile
import time
from pathlib import Path

import pytest

from tests.node.serving.served import free_port
from tests.stories.versions import Version, future_version, previous_version, snapshot, this_version

pytestmark = pytest.mark.timeout(400)


@pytest.fixture(scope="module")
def trees(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("trees")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "secret").write_text("correct horse\n", encoding="utf-8")
    return tmp_path


@pytest.fixture
def old(trees: Path, folder: Path) -> Version:
    found = previous_version(trees / "previous", folder)
    if found is None:
        pytest.skip("the revision before this one is not here: the history of this clone is cut short")
    return found


@pytest.fixture
def new(folder: Path) -> Version:
    return this_version(folder)


@pytest.fixture
def future(trees: Path, folder: Path) -> Version:
    return future_version(trees / "future", folder)


def stand_on_a_line(west: Version, east: Version) -> None:
    """Let each found its own home and join; both must see one fingerprint."""
    for version, member in ((west, "west"), (east, "east")):
        version.run(f"line init {member} --member {member}")
        (version.folder / f"{member}.card").write_text(version.run(f"line card {member}"), encoding="utf-8")
    keepers = west.folder / "keepers"
    keepers.mkdir()
    for root in west.folder.glob("*.root-*.key"):
        root.rename(keepers / root.name)
    seen = {
        version.json(f"line join {member} --line baltic west.card east.card")["fingerprint"]
        for version, member in ((west, "west"), (east, "east"))
    }
    assert len(seen) == 1


def carry(sender: Version, one: str, taker: Version, other: str) -> dict[str, object]:
    sender.run(f"line pack {one} --to {other} {one}.bundle")
    taken = taker.json(f"line take {other} {one}.bundle")["files"][0]
    assert taken["whole"]
    assert taken["refused"] == []
    return dict(taken)


def party(version: Version, member: str, name: str) -> dict[str, object]:
    (line,) = version.json(f"line status {member}")["lines"]
    return dict(next(one for one in line["parties"] if one["member"] == name))


def entries(version: Version, member: str) -> list[dict[str, object]]:
    return [json.loads(one) for one in version.run(f"line log {member} --json").splitlines()]


def test_each_version_runs_from_its_own_tree(old: Version, new: Version, future: Version) -> None:
    assert {one.where() for one in (old, new, future)} == {one.tree for one in (old, new, future)}
    assert "serve" in new.run("--help")


def test_the_previous_release_and_this_one_hold_one_record(old: Version, new: Version) -> None:
    stand_on_a_line(old, new)
    old.run("line send west --type notice --body -", text="from the old one")
    carry(old, "west", new, "east")
    new.run("line send east --type notice --body -", text="from the new one")
    new.run("line reply east --to west/0 read")
    assert carry(new, "east", old, "west")["not_understood"] == 0
    carry(old, "west", new, "east")
    assert party(old, "west", "east")["delivered"] == 1
    assert party(new, "east", "west")["delivered"] == 2
    seen = [
        {(one["ref"], one["hash"], one["type"]) for one in entries(version, member)}
        for version, member in ((old, "west"), (new, "east"))
    ]
    assert seen[0] == seen[1]
    assert len(seen[0]) == 3
    for version, member in ((old, "west"), (new, "east")):
        version.run(f"line audit {member}")


@pytest.mark.prove
def test_a_home_goes_from_the_old_release_to_this_one(old: Version, new: Version, folder: Path) -> None:
    stand_on_a_line(old, old)
    old.run("line send west --type notice --body -", text="one")
    new.run("line audit west")
    new.run("line send west --type notice --body -", text="two")
    new.run("line audit west")
    with new.serving("west") as log:
        until(lambda: "node.ready" in log.read_text(encoding="utf-8"))
        new.run("line send west --type notice --body -", text="three")
    refused = old.run("line send west --type notice --body -", text="four", code=2)
    assert "made by a newer d" in refused  # the signer's own record gained a table: the way back is the backup
    new.run("line audit west")
    carry(new, "west", new, "east")
    assert [one["ref"] for one in entries(new, "east")] == [f"west/{seq}" for seq in range(3)]


@pytest.mark.prove
def test_a_backup_of_either_release_is_restored_by_the_other(old: Version, new: Version, folder: Path) -> None:
    stand_on_a_line(old, new)
    old.run("line send west --type notice --body -", text="old")
    new.run("line send east --type notice --body -", text="new")
    for maker, taker, member in ((old, new, "west"), (new, old, "east")):
        maker.run(f"backup {member} {member}.backup")
        elsewhere = folder / "elsewhere" / maker.name
        elsewhere.mkdir(parents=True)
        taker.run(f"restore {member}.backup elsewhere/{maker.name}/{member}")
        restored = taker.json(f"line status elsewhere/{maker.name}/{member}", code=1)  # it waits for its mirrors
        assert (restored["member"], restored["restored"]) == (member, True)
        assert [one["ref"] for one in entries(taker, f"elsewhere/{maker.name}/{member}")] == [f"{member}/0"]


@pytest.mark.prove
@pytest.mark.parametrize("which", ["old", "new"])
def test_what_a_version_to_come_says_is_kept_and_confirmed_and_shown_as_not_understood(
    which: str, future: Version, request: pytest.FixtureRequest
) -> None:
    reader: Version = request.getfixturevalue(which)
    stand_on_a_line(future, reader)
    future.run("line send west --type notice --body -", text="of a later form")
    future.run("line send west --type lease --body -", text="of a later kind")
    taken = carry(future, "west", reader, "east")
    assert taken["not_understood"] == 1  # the record of a new kind in the bundle
    carry(reader, "east", future, "west")
    assert party(future, "west", "east")["delivered"] == 2
    shown = entries(reader, "east")
    assert [one["understood"] for one in shown] == [False, False]
    assert {one["hash"] for one in shown} == {one["hash"] for one in entries(future, "west")}
    reader.run("line audit east")
    # after the upgrade nothing has to be fetched anew: it is all there, and understood
    assert next(one["understood"] for one in entries(future, "east")) is True


@pytest.mark.prove
def test_running_nodes_of_this_version_and_one_to_come_exchange(
    new: Version, future: Version, folder: Path
) -> None:
    stand_on_a_line(future, new)
    port = free_port()
    for version, member in ((future, "west"), (new, "east")):
        version.run(f"cert new {member}")
    for one, other in (("west", "east"), ("east", "west")):
        (folder / one / "certificates" / f"{other}.pem").write_bytes(
            (folder / other / "certificates" / f"{other}.pem").read_bytes()
        )
        address = f'address = "127.0.0.1:{port}"\n' if one == "west" else ""
        listen = f'[courier]\nlisten = "127.0.0.1:{port}"\n' if one == "east" else ""
        (folder / one / "settings.toml").write_text(
            f'{listen}[[line.baltic.courier.{other}]]\nkind = "https"\n{address}'
            f'certificate = "certificates/{other}.pem"\n',
            encoding="utf-8",
        )
    with new.serving("east") as log, future.serving("west") as other_log:
        for each in (log, other_log):
            until(lambda each=each: "node.ready" in each.read_text(encoding="utf-8"))
        future.run("line send west --type notice --body -", text="over the wire")
        new.run("line send east --type notice --body -", text="back")
        until(lambda: party(future, "west", "east")["delivered"] == 1)
        until(lambda: party(new, "east", "west")["delivered"] == 1)
    assert {one["ref"]: one["understood"] for one in entries(new, "east")} == {"west/0": False, "east/0": True}


@pytest.mark.prove
def test_a_record_that_a_version_to_come_brought_up_to_date_is_refused_and_left_as_it_is(
    trees: Path, folder: Path, old: Version, new: Version
) -> None:
    future = future_version(trees / "future-table", folder, table=True)
    stand_on_a_line(new, new)
    new.run("line send west --type notice --body -", text="one")
    future.run("line status west")  # whoever opens it first brings it up to date
    future.run("line send west --type notice --body -", text="two")
    before = snapshot(folder / "west", folder / "west.head")
    for version in (old, new):
        for verb in ("line status west", "line send west --type notice --body -", "line pack west --to east a.bundle",
                     "line audit west", "backup west a.backup"):  # fmt: skip
            assert "made by a newer d" in version.run(verb, text="three", code=2)
    assert snapshot(folder / "west", folder / "west.head") == before
    assert len(entries(future, "west")) == 2


@pytest.mark.prove
def test_homes_head_files_backups_and_bundles_of_a_later_format_are_refused_and_left_as_they_are(
    folder: Path, old: Version, new: Version
) -> None:
    stand_on_a_line(new, new)
    new.run("line send west --type notice --body -", text="one")
    new.run("line pack west --to east a.bundle")
    new.run("backup west west.backup")
    card = folder / "west" / "home.json"
    plain = card.read_bytes()
    card.write_bytes(plain.replace(b'"format":1', b'"format":99'))
    refused_alike(folder, old, new, "made by a newer d")
    card.write_bytes(plain)
    head = folder / "west.head" / "head.sqlite3"
    with sqlite3.connect(head) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    refused_alike(folder, old, new, "made by a newer d")
    later_backup(folder / "west.backup", folder / "later.backup")
    bundle = (folder / "a.bundle").read_bytes().replace(b"detente-bundle/1\n", b"detente-bundle/2\n", 1)
    (folder / "later.bundle").write_bytes(bundle)
    before = snapshot(folder / "east")
    for version in (old, new):
        assert "made by a newer d" in version.run("restore later.backup elsewhere", code=2)
        assert not (folder / "elsewhere").exists()
    told = new.run("line take east later.bundle", code=1)
    assert "made by a newer d" in told
    assert "nothing new" in told
    # east's head file is this version's: the older one does not even come to the bundle
    assert "made by a newer d" in old.run("line take east later.bundle", code=2)
    assert {one for one in snapshot(folder / "east") if "acts" in one or "keys" in one} <= set(before)
    assert entries(new, "east") == []
    assert (folder / "later.bundle").read_bytes() == bundle


def refused_alike(folder: Path, old: Version, new: Version, why: str) -> None:
    """Hold that both versions refuse to write to west's home and change nothing."""
    before = snapshot(folder / "west", folder / "west.head")
    for version in (old, new):
        assert why in version.run("line send west --type notice --body -", text="two", code=2)
    assert snapshot(folder / "west", folder / "west.head") == before


def later_backup(source: Path, target: Path) -> None:
    """Write a backup again with a manifest of a later format."""
    import io

    with tarfile.open(source) as packed, tarfile.open(target, "w", format=tarfile.PAX_FORMAT) as out:
        for entry in packed:
            content = packed.extractfile(entry)
            assert content is not None
            octets = content.read()
            if entry.name == "manifest.json":
                octets = octets.replace(b'"format":1', b'"format":2')
                entry.size = len(octets)
            out.addfile(entry, io.BytesIO(octets))


def until(true: object) -> None:
    """Wait for something that must come, however slow this machine is just now."""
    assert callable(true)
    end_s = time.monotonic() + 90
    while not true():
        assert time.monotonic() < end_s, "did not come"
        time.sleep(0.3)


@pytest.mark.prove
def test_an_older_record_is_brought_up_to_date_by_the_first_verb_but_not_under_a_running_node(
    trees: Path, folder: Path, new: Version
) -> None:
    future = future_version(trees / "future-table", folder, table=True)
    stand_on_a_line(new, new)
    with new.serving("west") as log:
        until(lambda: "node.ready" in log.read_text(encoding="utf-8"))
        assert "in use by process" in future.run("line status west", code=2)
        new.run("line send west --type notice --body -", text="one")
    future.run("line send west --type notice --body -", text="two")
    future.run("line audit west")
    with future.serving("east") as log:
        until(lambda: "node.ready" in log.read_text(encoding="utf-8"))
    assert "made by a newer d" in new.run("line status east", code=2)
