"""Evidence read back: from folders, files, drafts or exported evidence of an entry, every byte checked by its hash."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import polars as pl

from detente import words
from detente.watch.evidence import manifest, tracks_csv
from detente.watch.evidence.drafting import TRACKS
from detente.watch.evidence.errors import EvidenceRefused
from detente.watch.evidence.figures import moment_text
from detente.watch.evidence.manifest import Manifest

__all__ = ["EVIDENCES_MAX", "FILES_MAX", "FILE_BYTES_MAX", "Evidence", "evidence_of", "read"]

say = words.speaker("watch")

FILES_MAX = 256
"""Files that are looked at for one question."""
FILE_BYTES_MAX = 90_000_000
"""Bytes of one of them: as large as an exported evidence of an entry may be."""
EVIDENCES_MAX = 8
"""Evidences that are put together at once."""
_MARK = f'"format":"{manifest.FORMAT}"'.encode()


@dataclass(frozen=True, slots=True)
class Evidence:
    """One evidence whose files are what its manifest says. name: where it was found; rows: of both movers, by time."""

    name: str
    manifest: Manifest
    rows: pl.DataFrame


@dataclass(slots=True)
class _Pool:
    """Contents by their hash, and names of files by folder."""

    contents: dict[str, bytes] = field(default_factory=dict)
    names: dict[tuple[str, str], str] = field(default_factory=dict)
    manifests: list[tuple[str, str, bytes]] = field(default_factory=list)
    count: int = 0

    def add(self, folder: str, name: str, octets: bytes) -> None:
        """Take one content under a name in a folder."""
        self.count += 1
        if self.count > FILES_MAX:
            raise _refused(say("at most {count} files", count=FILES_MAX), say("more"), folder)
        digest = hashlib.sha256(octets).hexdigest()
        is_new = digest not in self.contents
        self.contents[digest] = octets
        self.names[folder, name] = digest
        if octets[:1] == b"{" and len(octets) <= manifest.MANIFEST_BYTES_MAX and _MARK in octets:
            if is_new:
                self.manifests.append((folder, name, octets))
        elif octets[:1] == b"{":
            self._inside(folder, name, octets)

    def _inside(self, folder: str, name: str, octets: bytes) -> None:
        """Take the contents of a draft, or of an exported evidence of an entry, that is one JSON document."""
        try:
            document = msgspec.json.decode(octets)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return
        listed = _contents(document)
        for number, text in enumerate(listed):
            try:
                content = base64.b64decode(text, validate=True)
            except (binascii.Error, ValueError):
                raise _refused(say("base64"), say("something else"), f"{folder}/{name}") from None
            self.add(f"{folder}/{name}", str(number), content)


def _contents(document: Any) -> list[str]:
    """Return the contents in base64 that a draft or an exported evidence holds; none for another document."""
    if type(document) is not dict:
        return []
    found = []
    for key, inner in (("attachments", "octets"), ("bodies", "content")):
        items = document.get(key)
        if type(items) is list:
            found += [one[inner] for one in items if type(one) is dict and type(one.get(inner)) is str]
    return found


def read(paths: Sequence[Path]) -> list[Evidence]:
    """Return every evidence among files and folders, in the order given.

    A folder counts with its own files and those of the folders in it. Raises EvidenceRefused when a file is not what
    its manifest says, when one is missing, or when there is no evidence at all; OSError for what cannot be opened.
    """
    pool = _Pool()
    for path in paths:
        for file in _files(path):
            if file.stat().st_size > FILE_BYTES_MAX:
                raise _refused(say("at most {size} bytes", size=FILE_BYTES_MAX), say("more"), str(file))
            pool.add(str(file.parent), file.name, file.read_bytes())
    found = [_evidence(pool, *one) for one in pool.manifests]
    if not found or len(found) > EVIDENCES_MAX:
        raise _refused(
            say("from one to {count} manifests of the form {form}", count=EVIDENCES_MAX, form=manifest.FORMAT),
            str(len(found)),
            ", ".join(str(path) for path in paths),
        )
    return found


def evidence_of(contents: Iterable[bytes], *, name: str) -> Evidence:
    """Return the one evidence among these contents; raises EvidenceRefused as ``read``."""
    pool = _Pool()
    for number, octets in enumerate(contents):
        pool.add(name, str(number), octets)
    if len(pool.manifests) != 1:
        raise _refused(say("one manifest"), str(len(pool.manifests)), name)
    return _evidence(pool, *pool.manifests[0])


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    return sorted(one for pattern in ("*", "*/*") for one in path.glob(pattern) if one.is_file())


def _evidence(pool: _Pool, folder: str, name: str, octets: bytes) -> Evidence:
    place = f"{folder}/{name}"
    stated = manifest.read(octets, where=place)
    tracks: pl.DataFrame | None = None
    for file in stated.files:
        content = pool.contents.get(file.sha256)
        if content is None or len(content) != file.size_bytes:
            raise _altered(pool, folder, file.name, place)
        if file.name == TRACKS:
            tracks = tracks_csv.read(content, where=f"{place}: {file.name}")
    if tracks is None:
        raise _refused(say("a manifest that names {file}", file=TRACKS), say("no {file}", file=TRACKS), place)
    others = set(tracks["mover"]) - {stated.a.mover, stated.b.mover}
    if others or not tracks.height:
        raise _refused(say("fixes of the two movers"), ", ".join(sorted(others))[:200] or say("none"), place)
    entered, left = stated.reached()
    if not tracks["time"].is_between(entered, left).all():
        reach = f"{moment_text(entered)}, {moment_text(left)}"
        raise _refused(say("fixes between these moments: {reach}", reach=reach), say("others"), place)
    if tracks.select("mover", "time").is_duplicated().any():
        raise _refused(say("one fix for each time of each mover"), say("more"), place)
    return Evidence(name=place, manifest=stated, rows=tracks.sort("time", "mover"))


def _altered(pool: _Pool, folder: str, file: str, place: str) -> EvidenceRefused:
    """Return the error about a file that is there with other bytes, or that is not there."""
    is_there = (folder, file) in pool.names
    return EvidenceRefused(
        expected=say("the bytes whose hash the manifest states"),
        came=say("other bytes: it was altered")
        if is_there
        else say("no file with that hash: missing or altered"),
        where=f"{folder}/{file}" if is_there else f"{place}: {file}",
        remedy=say("nothing of it was used; ask who gave it"),
    )


def _refused(expected: str, came: str, where: str) -> EvidenceRefused:
    return EvidenceRefused(
        expected=expected, came=came, where=where, remedy=say("give the folder of an evidence, or all its files")
    )
