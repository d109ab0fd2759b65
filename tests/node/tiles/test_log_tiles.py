"""Tiles of logs of every shape, in both stores and as a folder, read and proven by tlog-scales."""

from __future__ import annotations

import functools
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest
from tlog_scales.backend import HttpBackend, LocalBackend
from tlog_scales.reader import Tile as ScalesTile
from tlog_scales.reader import TilesReader

from detente.door.errors import ArgumentMistake, OutputFailure
from detente.line.checkpoint import NOTE_MAX, Checkpoint, Cosignature, Head
from detente.line.effects import PutCosignature
from detente.line.tiles import ENTRY_MAX, Tile, tiles_of
from detente.node.tiles.log_tiles import LogTiles
from detente.node.tiles.writing import Written, folder_of, write_tiles
from detente.store.errors import StoreFailure
from detente.store.record import Record as RecordOnDisk
from tests.node.tiles.logs import COSIGNER_KEY, ORIGIN, WRITER_KEY, Log, Shown, check_with_scales, grow
from tests.store.keeping import KINDS, Kept

KEYS = (WRITER_KEY, COSIGNER_KEY)
SIZES = (1, 2, 255, 256, 257, 511, 513, 1000)


@pytest.fixture(params=KINDS)
def both(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Kept]:
    made = Kept.at(request.param, tmp_path, lambda: request.getfixturevalue("server"))
    yield made
    made.end()


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Kept]:
    made = Kept.at("sqlite", tmp_path, lambda: pytest.fail("no server is needed"))
    yield made
    made.end()


def test_another_reader_proves_logs_of_every_shape(both: Kept) -> None:
    log = Log(both.made())
    for size in SIZES:
        log.grow(size)
        reader = TilesReader(Shown(log.tiles()))
        older = {old: root for old, root in log.roots.items() if old < size}
        entries = [seq for seq in range(size) if size < 600 or seq % 37 == 0]
        head = check_with_scales(reader, log.leaves.__getitem__, KEYS, older, entries)
        assert (head.origin, head.size, head.root_hash) == (str(ORIGIN), size, log.roots[size])


def test_a_large_log_with_three_levels(kept: Kept, tmp_path: Path) -> None:
    log = grow(kept.made(), 65_535, 65_536, 65_537)
    written = write_tiles(log.tiles(), tmp_path / "out")
    assert written == Written(written.folder, 0, 65_537, 257 * 2 + 2 + 1)
    shown = Shown(log.tiles())
    for backend in (shown, LocalBackend(written.folder)):
        older = {size: root for size, root in log.roots.items() if size < 65_537}
        places = [0, 1, 255, 256, 32_768, 65_535, 65_536]
        check_with_scales(TilesReader(backend), log.leaves.__getitem__, KEYS, older, places)
    assert "tile/2/000.p/1" in shown.asked


def test_a_folder_grows_and_stays_readable_at_every_moment(kept: Kept, tmp_path: Path) -> None:
    log, out = Log(kept.made()), tmp_path / "out"
    place = folder_of(out, ORIGIN)
    assert place == out / "baltic" / "1" / "west" / "0"
    for size in SIZES:
        log.grow(size)
        before = write_tiles(log.tiles(), out).before
        assert before in {0, *SIZES}
        reader = TilesReader(LocalBackend(place))
        check_with_scales(reader, log.leaves.__getitem__, KEYS, log.roots, [0, size // 2, size - 1])
        again = write_tiles(log.tiles(), out)
        assert (again.before, again.size, again.files) == (size, size, 0)
    assert not list((place / "tile" / "0").glob("000.p"))  # the full tile took its place
    assert {path.name for path in (place / "tile" / "0" / "003.p").iterdir()} == {str(1000 - 768)}
    assert not list(out.rglob("*.part*"))


def test_only_what_is_new_is_written_and_what_is_missing_is_made_good(kept: Kept, tmp_path: Path) -> None:
    log, out = grow(kept.made(), 600), tmp_path / "out"
    place = write_tiles(log.tiles(), out).folder
    stamp = (place / "tile" / "0" / "000").stat().st_mtime_ns
    log.grow(601)
    assert write_tiles(log.tiles(), out).files == 3  # the partial bundle, its tile, the head; level 1 stays
    assert (place / "tile" / "0" / "000").stat().st_mtime_ns == stamp
    (place / "tile" / "entries" / "001").unlink()
    (place / "tile" / "0" / "001").write_bytes(b"cut")
    assert write_tiles(log.tiles(), out).files == 2
    check_with_scales(TilesReader(LocalBackend(place)), log.leaves.__getitem__, KEYS, log.roots)


def test_a_write_that_breaks_off_leaves_the_old_head_and_all_it_needs(
    kept: Kept, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log, out = grow(kept.made(), 300), tmp_path / "out"
    place = write_tiles(log.tiles(), out).folder
    old = (place / "checkpoint").read_bytes()
    log.grow(900)
    read = LogTiles.read
    for good in range(7):  # of the seven tiles that are new
        left = iter(range(good))

        def failing(self: LogTiles, tile: Tile, left: Iterator[int] = left) -> bytes | None:
            if next(left, None) is None:
                raise StoreFailure(expected="", came="cut", where="", remedy="")
            return read(self, tile)

        with monkeypatch.context() as patched:
            patched.setattr(LogTiles, "read", failing)
            with pytest.raises(StoreFailure):
                write_tiles(log.tiles(), out)
        assert (place / "checkpoint").read_bytes() == old
        check_with_scales(TilesReader(LocalBackend(place)), log.leaves.__getitem__, KEYS, {}, [0, 150, 299])
    write_tiles(log.tiles(), out)
    check_with_scales(TilesReader(LocalBackend(place)), log.leaves.__getitem__, KEYS, log.roots, [0, 299, 899])


def test_a_folder_of_another_history_is_never_touched(tmp_path: Path) -> None:
    out, homes = tmp_path / "out", []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        made = Kept.at("sqlite", tmp_path / name, lambda: pytest.fail("no server is needed"))
        homes.append((made, Log(made.made())))
    one, two = homes[0][1], homes[1][1]
    one.grow(300)
    two.grow(400, [b"a first entry that is not one's"])
    place = write_tiles(one.tiles(), out).folder
    kept_bytes = {path: path.read_bytes() for path in place.rglob("*") if path.is_file()}
    with pytest.raises(ArgumentMistake, match="over other statements"):
        write_tiles(two.tiles(), out)
    one.grow(301)
    ahead = write_tiles(one.tiles(), tmp_path / "ahead").folder
    shorter = LogTiles.at(one.record, ORIGIN, 300)
    assert shorter is not None
    with pytest.raises(ArgumentMistake, match="301 statements, and this home has 300"):
        write_tiles(shorter, tmp_path / "ahead")
    note = (ahead / "checkpoint").read_bytes()
    (ahead / "checkpoint").write_bytes(note.replace(b"/west/", b"/east/"))
    with pytest.raises(ArgumentMistake, match="detente/baltic/1/east/0"):
        write_tiles(one.tiles(), tmp_path / "ahead")
    (ahead / "checkpoint").write_bytes(b"not a head")
    with pytest.raises(ArgumentMistake, match="not a head"):
        write_tiles(one.tiles(), tmp_path / "ahead")
    (ahead / "checkpoint").unlink()
    (ahead / "checkpoint").mkdir()
    with pytest.raises(ArgumentMistake, match="checkpoint"):
        write_tiles(one.tiles(), tmp_path / "ahead")
    assert {path: path.read_bytes() for path in place.rglob("*") if path.is_file()} == kept_bytes
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputFailure):
        write_tiles(one.tiles(), tmp_path / "file")
    for made, _ in homes:
        made.end()


def test_an_entry_that_two_bytes_cannot_measure(kept: Kept, tmp_path: Path) -> None:
    """Its bundle has a name of its own, where lengths have four bytes; nothing is cut, nothing left out."""
    log = Log(kept.made())
    long = b"z" * (ENTRY_MAX + 1)
    leaves = [b"a", b"b" * ENTRY_MAX, long]
    log.grow(2, leaves)
    place = write_tiles(log.tiles(), tmp_path / "out").folder
    log.grow(300, leaves)
    tiles = log.tiles()
    assert tiles.read(Tile("entries", 0, 0)) is None
    octets = tiles.read(Tile("long-entries", 0, 0))
    assert octets is not None
    found = []
    while octets:
        size = int.from_bytes(octets[:4], "big")
        found.append(octets[4 : 4 + size])
        octets = octets[4 + size :]
    assert found == log.leaves[:256]
    first_two = tiles.read(Tile("entries", 0, 0, 2))
    assert first_two is not None
    assert ScalesTile.from_entries_bytes(first_two).entries == leaves[:2]
    assert tiles.read(Tile("long-entries", 0, 0, 2)) is None
    assert tiles.read(Tile("long-entries", 0, 1, 44)) is None
    assert tiles.read(Tile("entries", 0, 1, 44)) is not None
    assert write_tiles(tiles, tmp_path / "out").files == 6
    assert write_tiles(tiles, tmp_path / "out").files == 0
    assert (place / "tile" / "long-entries" / "000").stat().st_size == sum(4 + len(one) for one in found)
    assert not (place / "tile" / "entries" / "000").exists()
    assert not (place / "tile" / "entries" / "000.p").exists()
    reader = TilesReader(LocalBackend(place))
    check_with_scales(reader, log.leaves.__getitem__, KEYS, log.roots, range(256, 300))


def test_nothing_beyond_the_head_is_shown(kept: Kept) -> None:
    log = grow(kept.made(), 300, 700)
    at_300 = LogTiles.at(log.record, ORIGIN, 699)
    assert at_300 is not None
    assert at_300.size == 300
    for tile in tiles_of(700):
        assert (at_300.read(tile) is not None) == tile.within(300)
    assert at_300.read(Tile("hashes", 0, 1, 44)) == log.tiles().read(Tile("hashes", 0, 1, 44))
    assert at_300.read(Tile("hashes", 0, 1, 45)) is None
    assert at_300.read(Tile("hashes", 63, 0, 1)) is None
    assert at_300.read(Tile("entries", 0, 10**15 - 1)) is None
    assert LogTiles.at(log.record, ORIGIN, 299) is None
    assert LogTiles.at(log.record, ORIGIN, 0) is None
    assert LogTiles.at(log.record, ORIGIN._replace(member="nobody"), 5) is None


def test_every_cosignature_over_this_head_and_never_more_than_a_note_holds(kept: Kept) -> None:
    log = grow(kept.made(), 5)
    many = [Cosignature(f"detente/baltic/1/m{n}/log", n.to_bytes(4, "big"), 2, bytes(64)) for n in range(600)]
    log.record.apply(tuple(PutCosignature(ORIGIN, 5, log.roots[5], one, 1) for one in many))
    stray = Cosignature("detente/baltic/1/a/log", b"aaaa", 3, bytes(64))
    log.record.apply((PutCosignature(ORIGIN, 5, b"\7" * 32, stray, 1),))
    octets = log.tiles().note()
    assert NOTE_MAX - 300 < len(octets) <= NOTE_MAX
    found = Checkpoint.decode(octets)
    assert {one.clock_s for one in found.cosignatures} == {2, 7}
    assert not [one for one in found.cosignatures if one.hint == b"aaaa"]
    assert len({one.name for one in found.cosignatures}) == len(found.cosignatures)


def test_a_damaged_record_is_never_shown(kept: Kept) -> None:
    log = grow(kept.made(), 700)
    record = log.record
    assert isinstance(record, RecordOnDisk)
    record.close()
    disk = apsw.Connection(str(record.path))
    disk.execute("DELETE FROM nodes WHERE id IN (SELECT id FROM nodes ORDER BY id DESC LIMIT 1)")  # it lost rows
    disk.execute("DELETE FROM entries WHERE id & 0xffffffffff IN (3, 699)")
    disk.close()
    tiles = LogTiles.at(kept.reader(), ORIGIN, 700)
    assert tiles is not None
    with pytest.raises(StoreFailure):
        tiles.note()
    for path in ("tile/0/000", "tile/entries/000", "tile/0/002.p/188", "tile/entries/000.p/4"):
        with pytest.raises(StoreFailure, match=r"no tree node|below tile"):
            tiles.read(Tile.parse(path))
    assert tiles.read(Tile.parse("tile/entries/000.p/3"))
    assert tiles.read(Tile.parse("tile/1/000.p/2"))
    disk = apsw.Connection(str(record.path))
    disk.execute("DELETE FROM nodes")
    disk.close()
    with pytest.raises(StoreFailure, match=r"tile tile/1/000\.p/2"):
        tiles.read(Tile.parse("tile/1/000.p/2"))


def test_a_head_over_other_statements_is_never_shown(kept: Kept) -> None:
    log = grow(kept.made(), 20)
    tiles = log.tiles()
    wrong = LogTiles(log.record, Checkpoint(Head(ORIGIN, 20, b"\1" * 32), bytes(64), b"abcd"))
    assert tiles.note()
    with pytest.raises(StoreFailure, match="over other statements"):
        wrong.note()


def test_the_folder_over_plain_http(kept: Kept, tmp_path: Path) -> None:
    """Any web server can hand the folder on; tlog-scales reads it with its own client."""
    log = grow(kept.made(), 100, 257, 600)
    place = write_tiles(log.tiles(), tmp_path / "out").folder
    handler = functools.partial(_Quiet, directory=str(place))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        reader = TilesReader(HttpBackend(f"http://127.0.0.1:{server.server_port}"))
        check_with_scales(reader, log.leaves.__getitem__, KEYS, log.roots, [0, 255, 256, 599])
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is its base's
        pass
