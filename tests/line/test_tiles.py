"""Names of tiles in their one spelling, what a tree is made of, bundles: against tlog-scales, another reader."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tlog_scales import tiles as scales
from tlog_scales.reader import Tile as ScalesTile

from detente.line.errors import Malformed
from detente.line.tiles import ENTRY_MAX, PATH_MAX, Tile, bundle, is_long, tiles_of


@pytest.mark.parametrize(
    ("tile", "path"),
    [
        (Tile("hashes", 0, 0), "tile/0/000"),
        (Tile("hashes", 1, 7, 17), "tile/1/007.p/17"),
        (Tile("hashes", 0, 1234067), "tile/0/x001/x234/067"),
        (Tile("hashes", 63, 999, 1), "tile/63/999.p/1"),
        (Tile("entries", 0, 1000, 255), "tile/entries/x001/000.p/255"),
        (Tile("long-entries", 0, 0), "tile/long-entries/000"),
        (Tile("hashes", 63, 10**15 - 1, 255), "tile/63/x999/x999/x999/x999/999.p/255"),
    ],
)
def test_names_as_c2sp_gives_them(tile: Tile, path: str) -> None:
    assert tile.path() == path
    assert Tile.parse(path) == tile
    assert len(path) <= PATH_MAX


@given(
    st.sampled_from(("hashes", "entries")), st.integers(0, 63), st.integers(0, 10**15 - 1), st.integers(1, 256)
)
def test_names_as_another_reader_makes_them(kind: str, level: int, index: int, width: int) -> None:
    tile = Tile("entries", 0, index, width) if kind == "entries" else Tile("hashes", level, index, width)
    theirs = scales.tile_path(-1 if kind == "entries" else level, index, 0 if width == 256 else width)
    assert tile.path() == "/".join(theirs)
    assert Tile.parse(tile.path()) == tile


@pytest.mark.parametrize(
    "path",
    [
        "", "/", "checkpoint", "tile", "tile/", "tile/0", "tile/0/", "tile/0/00", "tile/0/0000", "tile/0/1000",
        "tile/0/x000/001", "tile/0/x001/x002", "tile/0/001/002", "tile/00/000", "tile/64/000", "tile/-1/000",
        "tile/0/000.p", "tile/0/000.p/", "tile/0/000.p/0", "tile/0/000.p/01", "tile/0/000.p/256", "tile/0/000.p/999",
        "tile/0/000.p/1/", "tile/0/000/", "/tile/0/000", "tile//0/000", "tile/0/../000", "tile/../tile/0/000",
        "tile/entries", "tile/entries/0", "tile/Entries/000", "tile/long_entries/000", "tile/0/000\n", "tile/0/٠٠٠",
        "tile/0/000?x=1", "tile/0/%30%30%30", "tile/0/x999/x999/x999/x999/x999/999", "tile/0/X001/000",
        "tile/100/000", "tile/0/000.p/1.p/1", "tile/0/" + "x001/" * 20 + "000",
    ],
)  # fmt: skip
def test_any_other_spelling_is_refused(path: str) -> None:
    with pytest.raises(Malformed):
        Tile.parse(path)


@given(st.text(alphabet="tile/0129x.pentrslog-\0%\n", max_size=70))
def test_whatever_parses_is_spelled_in_one_way(path: str) -> None:
    try:
        tile = Tile.parse(path)
    except Malformed:
        return
    assert tile.path() == path


def test_bent_names_never_name_another_resource() -> None:
    chance, parsed = random.Random(5), 0
    for _ in range(20_000):
        path = list(Tile("hashes", chance.randrange(64), chance.randrange(10**6), chance.randint(1, 256)).path())
        for _ in range(chance.randint(1, 2)):
            at = chance.randrange(len(path))
            path[at : at + chance.randint(0, 1)] = chance.choice(
                ["/", ".", "x", "0", "9", "p", "", "\0", "%2f", ".."]
            )
        text = "".join(path)
        try:
            tile = Tile.parse(text)
        except Malformed:
            continue
        parsed += 1
        assert tile.path() == text
        assert tile.level <= 63
        assert 1 <= tile.width <= 256
    assert parsed  # some are other good names, or the test would see nothing


def test_the_example_of_c2sp() -> None:
    """A tree of 70,000: 273 full and one of 112; one full and one of 17; one of 1."""
    made = list(tiles_of(70_000))
    for kind in ("entries", "hashes"):
        bottom = [one for one in made if one.kind == kind and one.level == 0]
        assert [one.width for one in bottom] == [256] * 273 + [112]
    assert [(one.index, one.width) for one in made if one.level == 1] == [(0, 256), (1, 17)]
    assert [(one.index, one.width) for one in made if one.level == 2] == [(0, 1)]
    assert max(one.level for one in made) == 2
    assert [one.path() for one in tiles_of(256)] == ["tile/entries/000", "tile/0/000", "tile/1/000.p/1"]
    assert not list(tiles_of(0))


@settings(deadline=None)
@given(st.integers(1, 200_000))
def test_what_a_tree_is_made_of_lies_within_it_and_nothing_more(size: int) -> None:
    for tile in tiles_of(size):
        assert tile.within(size)
        assert tile.first == tile.end - tile.width
        assert not tile.full().within(size) or tile == tile.full()
        wider = replace(tile, width=tile.width + 1)
        assert tile.width == 256 or not wider.within(size)


def test_bundles() -> None:
    entries = [b"", b"x", b"y" * ENTRY_MAX]
    assert not is_long(entries)
    assert bundle(entries[:2]) == b"\0\0\0\1x"
    assert ScalesTile.from_entries_bytes(bundle(entries)).entries == entries
    long = [b"x", b"y" * (ENTRY_MAX + 1)]
    assert is_long(long)
    assert bundle(long) == b"\0\0\0\1x\0\1\0\0" + long[1]
