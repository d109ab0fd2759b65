"""Packed inputs: the same rows come out however they are packed; what cannot be used is refused in words."""

from __future__ import annotations

import bz2
import gzip
import io
import os
import shutil
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
import zstandard
from tests.tracks.reading_samples import NOAA_OLD, noted, rejected, taken, write

from detente.errors import DetenteError
from detente.tracks import unpack
from detente.tracks.errors import ReadingMistake, TrackMistake

MANY = NOAA_OLD + "".join(NOAA_OLD.splitlines()[1] + "\n" for _ in range(5_000))


def packed(kind: str) -> bytes:
    data = MANY.encode()
    if kind == "gz":
        return gzip.compress(data)
    if kind == "gz of two parts":
        return gzip.compress(data[:10_000]) + gzip.compress(data[10_000:])
    if kind == "zst":
        return zstandard.compress(data)
    if kind == "zst of two parts":
        return zstandard.compress(data[:10_000]) + zstandard.compress(data[10_000:])
    if kind == "zip":
        target = io.BytesIO()
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("folder/", "")
            archive.writestr("__MACOSX/._a.csv", "junk")
            archive.writestr("folder/a.csv", data)
        return target.getvalue()
    return data


KINDS = ["plain", "gz", "gz of two parts", "zst", "zst of two parts", "zip"]


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_rows_come_out_however_they_are_packed(tmp_path: Path, kind: str) -> None:
    kept, tally = taken(write(tmp_path, packed(kind)))
    assert (kept.height, tally.rows, noted(tally)) == (5_001, 5_001, {})


@pytest.mark.parametrize("kind", KINDS)
def test_standard_input_is_read_as_a_file_is(monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    class Piped:
        buffer = io.BytesIO(packed(kind))

    monkeypatch.setattr(sys, "stdin", Piped())
    kept, tally = taken(Path("-"))
    assert (kept.height, tally.rows) == (5_001, 5_001)


def test_each_member_of_an_archive_is_an_input_with_its_own_name(tmp_path: Path) -> None:
    path = tmp_path / "two.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.csv", NOAA_OLD)
        archive.writestr("b.csv", NOAA_OLD)
    kept, tally = taken(path)
    assert kept["source"].to_list() == ["noaa_csv:two.zip:a.csv", "noaa_csv:two.zip:b.csv"]
    assert tally.formats == {"noaa_csv": 2}


@pytest.mark.parametrize("kind", ["gz", "zst"])
@pytest.mark.parametrize("damage", ["cut", "spoiled"])
def test_what_could_be_unpacked_of_a_broken_archive_is_used_and_the_rest_is_said(
    tmp_path: Path, kind: str, damage: str
) -> None:
    rows = [f"36775{n % 10_000:04d},2023-01-11T00:00:{n % 60:02d},{n % 89}.{n:06d},-70.7{n},1.0,2.0,3.0,N{n}"
            for n in range(40_000)]  # fmt: skip
    text = (NOAA_OLD.splitlines()[0] + "\n" + "\n".join(row + ",,,,,,,,," for row in rows)).encode()
    whole = gzip.compress(text) if kind == "gz" else zstandard.compress(text)
    half = len(whole) // 2
    bad = whole[:half] if damage == "cut" else whole[:half] + bytes(50) + whole[half + 50 :]
    kept, tally = taken(write(tmp_path, bad))
    assert noted(tally) == {"cut_short": 1}
    assert 100 < kept.height < 40_000
    assert set(rejected(tally)) <= {"incomplete", "unreadable"}


def zip_of(data: bytes) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("a.csv", data)
    return target.getvalue()


def tar_of(data: bytes) -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as archive:
        member = tarfile.TarInfo("a.csv")
        member.size = len(data)
        archive.addfile(member, io.BytesIO(data))
    return target.getvalue()


def encrypted() -> bytes:
    data = bytearray(zip_of(MANY.encode()))
    data[6] |= 1  # the flag of the member itself
    listed = data.index(b"PK\x01\x02")
    data[listed + 8] |= 1  # and of its line in the list
    return bytes(data)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (gzip.compress(gzip.compress(MANY.encode())), "archive within an archive"),
        (zip_of(gzip.compress(MANY.encode())), "archive within an archive"),
        (gzip.compress(zip_of(MANY.encode())), "archive within an archive"),
        (encrypted(), "encrypted"),
        (bz2.compress(MANY.encode()), "bzip2"),
        (tar_of(MANY.encode()), "tar"),
        (gzip.compress(tar_of(MANY.encode())), "tar"),
        (b"PK\x03\x04" + os.urandom(100), "cannot be read"),
        (b"PK\x05\x06" + bytes(18), "empty archive"),
        (b"7z\xbc\xaf\x27\x1c" + bytes(50), "7z"),
        (b"", "empty file"),
        (gzip.compress(b"", mtime=0), "empty file"),
        (b"\x1f\x8b", "nothing could be unpacked"),
        (b"\x1f\x8b\x08\x00garbage", "nothing could be unpacked"),
        (b" \r\n\n", "nothing but blanks"),
    ],
)
def test_what_cannot_be_unpacked_here_is_refused_in_words(tmp_path: Path, data: bytes, words: str) -> None:
    with pytest.raises(TrackMistake) as refused:
        taken(write(tmp_path, data))
    assert words in str(refused.value)
    assert refused.value.exit_code == 2
    assert refused.value.remedy


def unpack_all(path: Path) -> None:
    for source in unpack.sources([path]):
        with source.open() as stream:
            shutil.copyfileobj(stream, io.BytesIO())


@pytest.mark.parametrize("make", [zip_of, gzip.compress, zstandard.compress])
def test_an_archive_that_grows_without_end_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make
) -> None:
    monkeypatch.setattr(unpack, "BOMB_BYTES", 1 << 20)
    monkeypatch.setattr(unpack, "BOMB_RATIO", 50)
    data = bytes(30 << 20) if make is not zip_of else None
    target = io.BytesIO()
    if data is None:
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("a.csv", bytes(30 << 20))
    path = write(tmp_path, target.getvalue() if data is None else make(data))
    with pytest.raises(TrackMistake, match="GiB from"):
        unpack_all(path)


def test_a_missing_file_and_a_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(ReadingMistake, match="no such file"):
        taken(tmp_path / "none")
    with pytest.raises(ReadingMistake, match="a folder"):
        taken(tmp_path)


@pytest.mark.parametrize("fails", [False, True])
def test_a_temporary_file_is_gone_when_the_input_is_done(tmp_path: Path, *, fails: bool) -> None:
    path = write(tmp_path, packed("gz"))
    sources = unpack.sources([path])
    source = next(sources)
    spilled = source.path()
    assert spilled.read_bytes() == MANY.encode()
    with source.open() as opened:
        assert opened.read(4) == b"MMSI"
    if fails:
        with pytest.raises(KeyboardInterrupt):
            sources.throw(KeyboardInterrupt())
    else:
        assert list(sources) == []
    assert not spilled.exists()


@pytest.mark.parametrize("kind", KINDS)
def test_progress_is_told_all_bytes_of_the_file(tmp_path: Path, kind: str) -> None:
    path = write(tmp_path, packed(kind))
    told: list[float] = []
    for source in unpack.sources([path], progress=told.append):
        with source.open() as stream:
            stream.read()
    assert unpack.total_bytes([path]) == path.stat().st_size
    assert 0.5 * path.stat().st_size <= sum(told) <= path.stat().st_size + 65_536
    assert unpack.total_bytes([Path("-")]) is None


def test_any_bytes_give_rows_or_an_error_of_ours(tmp_path: Path) -> None:
    path = tmp_path / "any"
    for magic in (
        b"\x1f\x8b\x08",
        b"\x28\xb5\x2f\xfd",
        b"PK\x03\x04",
        b"\x50\x2a\x4d\x18",
        b"PAR1",
        b"SQLite format 3\0",
    ):
        for size in (0, 1, 50, 5_000):
            path.write_bytes(magic + os.urandom(size))
            try:
                taken(path)
            except DetenteError:
                continue
