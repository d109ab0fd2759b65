"""Reading: files of any announced form in, one reading a text out, each read, doubtful or refused."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from detente import words
from detente.areas.containers import Told, from_json
from detente.areas.errors import AnnouncedMistake
from detente.areas.notams import read_notam
from detente.areas.outcomes import Outcome, Reading, Reason, Refusal, Unplaced
from detente.areas.outlines import arc_ends_off_m, outline
from detente.areas.splitting import split
from detente.areas.warnings import read_warning
from detente.notices.errors import ValueMistake
from detente.notices.shapes import ArcPolygon

__all__ = ["MOST_LETTERS", "MOST_OCTETS", "counts", "read_octets", "read_text"]

say = words.speaker("areas")

MOST_LETTERS = 32_768
"""A single announcement is a page or two; longer ones are refused unread."""
MOST_OCTETS = 256 * 1024 * 1024
_OFF_RADIUS = 0.02
_STEM = re.compile(
    r"(?P<series>HYDRO(?:ARC|LANT|PAC)|NAVAREA_?[IVX]{1,5})_(?P<number>[0-9]{1,4})[_-](?P<year>[0-9]{2})(?![0-9])"
)


def read_octets(octets: bytes, source: str) -> Iterator[Reading]:
    """Yield a reading for each text in a file's bytes, in their order.

    Raises AnnouncedMistake for a file that is no text or JSON without announcements, or too large.
    """
    if len(octets) > MOST_OCTETS:
        raise AnnouncedMistake(
            expected=say("a file of at most {size} MiB", size=MOST_OCTETS // 2**20),
            came=str(len(octets)),
            where=source,
            remedy=say("split the file"),
        )
    if b"\x00" in octets[:4096]:
        raise AnnouncedMistake(
            expected=say("text or JSON"),
            came=say("bytes that are no text"),
            where=source,
            remedy=say("give the texts themselves"),
        )
    text = (
        octets.decode("utf-8-sig", errors="replace")
        if _is_utf8(octets)
        else octets.decode("cp1252", errors="replace")
    )
    head = text[:200].lstrip()
    if head[:1] in {"{", "["} and not re.match(r"\[[A-Za-z][^\]\n\"{]{0,60}\] *[A-Z]", head):
        for told in from_json(text, source):
            yield _told(told, source)
        return
    for index, piece in enumerate(split(text), start=1):
        yield read_text(piece.text, piece.dialect, source, index=index, is_cut=piece.is_cut)


def _is_utf8(octets: bytes) -> bool:
    try:
        octets.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _told(told: Told, source: str) -> Reading:
    if told.reading is not None:
        return _finished(told.reading)
    return read_text(told.text, told.dialect, source, given_id=told.text_id)


def read_text(
    text: str, dialect: str, source: str = "", *, index: int = 1, given_id: str = "", is_cut: bool = False
) -> Reading:
    """Return the reading of one text; dialect: notam or warning. Never raises for what a text says."""
    reading = Reading(text_id=given_id, dialect=dialect, source=source, text=text)
    if not given_id:
        _name_from_file(reading, source, index)
    try:
        _check_length(text)
        (read_notam if dialect == "notam" else read_warning)(reading)
        if is_cut:
            reading.doubt(Reason.CUT_OFF, text[-60:])
        if "id" not in reading.words and not given_id:
            reading.doubt(Reason.NUMBER_FROM_FILE, reading.text_id)
    except Unplaced as unplaced:
        reading.refuse(unplaced.refusal)
    except ValueMistake as mistake:
        reading.refuse(Refusal(Reason.NOT_UNDERSTOOD, str(mistake)))
    except OverflowError:
        reading.refuse(Refusal(Reason.TIME, reading.words.get("windows", text[:80])))
    return _finished(reading)


def _check_length(text: str) -> None:
    if len(text) > MOST_LETTERS:
        raise Unplaced(Reason.TOO_LONG, text[:80])


def _name_from_file(reading: Reading, source: str, index: int) -> None:
    stem = re.sub(r"\.[A-Za-z]{1,8}$", "", source.rsplit("/", 1)[-1])
    known = _STEM.match(stem)
    reading.text_id = (
        f"{known['series'].replace('_', ' ')} {known['number']}/{known['year']}"
        if known and index == 1
        else f"{stem}#{index}"
    )


def _finished(reading: Reading) -> Reading:
    """Draw every area once: what cannot be drawn is refused, what is drawn off its words is doubted."""
    words = ""
    try:
        for area in reading.areas:
            words = area.words
            outline(area.shape)
            if isinstance(area.shape, ArcPolygon):
                off_m = arc_ends_off_m(area.shape)
                least_m = min(float(piece.radius_m) for piece in area.shape.pieces if hasattr(piece, "radius_m"))
                if off_m > max(_OFF_RADIUS * least_m, 100.0):
                    reading.doubt(Reason.ARC_OFF_RADIUS, area.words)
    except Unplaced as unplaced:
        told = " ".join(words.split())[:300] or unplaced.refusal.words
        reading.refuse(Refusal(unplaced.refusal.reason, told))
    return reading


@dataclass(frozen=True, slots=True)
class Counts:
    """read + doubtful + refused = given; doubts and refusals by their first reason."""

    given: int
    read: int
    doubtful: dict[str, int]
    refused: dict[str, int]


def counts(readings: list[Reading]) -> Counts:
    """Return how many texts came out how; each counted once, under its first reason."""
    doubtful: dict[str, int] = {}
    refused: dict[str, int] = {}
    read = 0
    for reading in readings:
        if reading.outcome is Outcome.READ:
            read += 1
        elif reading.outcome is Outcome.DOUBTFUL:
            doubtful[reading.doubts[0].reason.value] = doubtful.get(reading.doubts[0].reason.value, 0) + 1
        else:
            refused[reading.refusals[0].reason.value] = refused.get(reading.refusals[0].reason.value, 0) + 1
    return Counts(len(readings), read, doubtful, refused)
