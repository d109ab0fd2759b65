"""Cases of notices, valid and invalid, each with its reason: what ``make_notice_pages.py`` writes to vectors/notices.json."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import msgspec

from detente.notices.codec import decode, encode
from detente.notices.errors import NoticeRefused
from detente.notices.examples import EXAMPLES

__all__ = ["cases"]

ABOUT = (
    "Notices as spec/notices describes them; ``input`` is base64 of the bytes, ``faults`` every fault that a reader "
    "names, by place and code, ``unknown`` the fields that it keeps without knowing them."
)


def plain(kind: str) -> dict[str, Any]:
    """Return the plain document of a kind's example."""
    return dict(msgspec.json.decode(encode(EXAMPLES[kind])))


def canonical(document: Any) -> bytes:
    """Return canonical bytes of any document."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode(
        "utf-8", "surrogatepass"
    )


def changed(kind: str, change: Callable[[dict[str, Any]], Any]) -> bytes:
    """Return an example's bytes with a change made to its document."""
    document = plain(kind)
    change(document)
    return canonical(document)


def corner(lat_deg: float, lon_deg: float) -> dict[str, int]:
    """Return a position's document."""
    return {"lat_e7": round(lat_deg * 10**7), "lon_e7": round(lon_deg * 10**7)}


def ring(*corners: tuple[float, float]) -> list[dict[str, Any]]:
    """Return the areas of a notice: one polygon of corners (latitude, longitude)."""
    return [{"shape": {"shape": "polygon", "ring": [corner(*one) for one in corners]}}]


def put(*path: Any, to: Any) -> Callable[[dict[str, Any]], None]:
    """Return the change that sets what lies at a path."""

    def change(document: Any) -> None:
        for step in path[:-1]:
            document = document[step]
        document[path[-1]] = to

    return change


def without(*path: Any) -> Callable[[dict[str, Any]], None]:
    """Return the change that removes what lies at a path."""

    def change(document: Any) -> None:
        for step in path[:-1]:
            document = document[step]
        del document[path[-1]]

    return change


def several(*changes: Callable[[dict[str, Any]], None]) -> Callable[[dict[str, Any]], None]:
    """Return all changes one after the other."""

    def change(document: dict[str, Any]) -> None:
        for one in changes:
            one(document)

    return change


def valid() -> list[tuple[str, bytes, str]]:
    """Return name, bytes and reason of what every reader takes."""
    found = [(f"example of {kind}", encode(one), "the kind's full example") for kind, one in EXAMPLES.items()]
    shapes = {
        "point": {"shape": "point", "position": corner(58, 10)},
        "circle": {"shape": "circle", "centre": corner(58, 10), "radius_m": "185.2"},
        "corridor": {"shape": "corridor", "way": [corner(58, 10), corner(58, 11)], "half_width_m": "926"},
        "coastal": {"shape": "coastal", "way": [corner(58, 10), corner(58, 11)], "closed_by": "the coast"},
        "named": {"shape": "named", "name": "BR-42"},
        "named, about there": {
            "shape": "named",
            "name": "BR-42",
            "approximate": {"centre": corner(58, 10), "radius_m": "9260", "shape": "circle"},
        },
    }
    for name, shape in shapes.items():
        found.append(
            (
                f"area: {name}",
                changed("danger_area", put("areas", to=[{"shape": shape}])),
                "each shape stays what it is",
            )
        )
    return [
        *found,
        (
            "until further notice",
            changed("danger_area", put("windows", to=[{"start": "2030-05-15T06:00Z"}])),
            "a window without an end is open",
        ),
        (
            "already in force",
            changed("danger_area", put("windows", to=[{"end": "2030-05-15T06:00Z"}])),
            "a window without a start holds already",
        ),
        (
            "day, month and year as precision",
            changed(
                "contact_record", several(put("at", to="2017-09"), without("ended_at"), put("next_at", to="2018"))
            ),
            "a moment's spelling is its precision",
        ),
        (
            "an end within its start's span",
            changed(
                "exercise",
                several(put("period", to={"start": "2030-05", "end": "2030-05-12"}), without("phases")),
            ),
            "moments are spans: it contradicts itself only when it must",
        ),
        (
            "an area across the antimeridian",
            changed("danger_area", put("areas", to=ring((70, 179), (70, -179), (69, -179), (69, 179)))),
            "an edge goes the shorter way round; maps cut the area in two",
        ),
        (
            "zero is a statement",
            changed("exercise", put("forces", to=[{"state": "NO", "troops": 0}])),
            "0 is not the same as nothing stated",
        ),
        (
            "a field of a later version",
            changed("exercise", put("weather", to={"wind_ms": 12})),
            "unknown fields are kept and shown",
        ),
        (
            "a field of a later version, within",
            changed("exercise", put("forces", 0, "drones", to=3)),
            "unknown fields are kept and shown",
        ),
        (
            "critical fields that are known",
            changed("exercise", put("critical", to=["forces.troops", "without_notice"])),
            "the reader understands both",
        ),
        (
            "Russian text",
            changed("exercise", put("title", to="Учение «Северная берёза»")),
            "a text is in its author's language",
        ),
        (
            "a crossing boundary in a public text",
            changed(
                "danger_area",
                several(
                    put("areas", to=ring((58, 10), (59, 11), (59, 10), (58, 11))),
                    put("source_text", to="AREA BOUND BY ..."),
                ),
            ),
            "what somebody announced is carried with a doubt, not mended",
        ),
    ]


def invalid() -> list[tuple[str, bytes, str]]:
    """Return name, bytes and reason of what every reader refuses."""
    good = encode(EXAMPLES["exercise"])
    return [
        ("empty", b"", "no JSON"),
        ("not UTF-8", b'{"kind":"\xff"}', "no JSON in UTF-8"),
        ("cut short", good[:-1], "no whole JSON object"),
        ("bytes after the object", good + b" ", "no one spelling"),
        ("a byte order mark", b"\xef\xbb\xbf" + good, "no one spelling"),
        ("a list", b"[]", "no object"),
        ("blanks", json.dumps(plain("exercise"), sort_keys=True).encode(), "another spelling"),
        ("keys out of order", json.dumps(dict(reversed(plain("exercise").items())), separators=(",", ":")).encode(), "another spelling"),
        ("a key twice", good.replace(b'{"activity"', b'{"activity":"x","activity"', 1), "another spelling"),
        ("an escape that is not needed", good.replace(b"Birch", b"\\u0042irch", 1), "another spelling"),
        ("too deep", changed("exercise", put("deep", to=json.loads("[" * 16 + "]" * 16))), "over the cap of levels"),
        ("a key beyond ASCII", changed("exercise", put("поле", to=1)), "field names are ASCII"),
        ("a fraction", changed("exercise", put("forces", 0, "troops", to=12.5)), "decimals are text"),
        ("a fraction in a field of a later version", changed("exercise", put("wind", to=1.5)), "decimals are text"),
        ("a whole number of 2^53", changed("exercise", put("wind", to=2**53)), "over what all readers hold exactly"),
        ("null", changed("exercise", put("purpose", to=None)), "what is not stated is absent"),
        ("an empty list", changed("exercise", put("references", to=[])), "what says nothing is absent"),
        ("a default written out", changed("exercise", put("precedence", to="routine")), "one meaning has one byte form"),
        ("no kind", changed("exercise", without("kind")), "nobody knows what it is"),
        ("a kind of a later version", changed("exercise", put("kind", to="rumour")), "not understood"),
        ("another format", changed("exercise", put("format", to="detente-notice-2")), "not understood"),
        ("no format", changed("exercise", without("format")), "a reader must know what it reads"),
        ("a critical field of a later version", changed("exercise", several(put("weather", to=1), put("critical", to=["weather"]))), "the author asks that nobody reads it without this field"),
        ("a critical field of a later version, within", changed("exercise", several(put("forces", 0, "drones", to=3), put("critical", to=["forces.drones"]))), "the author asks that nobody reads it without this field"),
        ("no title, no author", changed("exercise", several(without("title"), without("author"))), "each missing field is named"),
        ("a list where text belongs", changed("exercise", put("title", to=["x"])), "another type"),
        ("text where a list belongs", changed("exercise", put("forces", to="many")), "another type"),
        ("a state that does not exist", changed("exercise", put("forces", 0, "state", to="XX")), "ISO 3166-1"),
        ("a date that does not exist", changed("exercise", put("issued_at", to="2030-02-30")), "no such day"),
        ("an hour without minutes", changed("exercise", put("issued_at", to="2030-03-01T08Z")), "the spellings of a moment are few"),
        ("a time with an offset", changed("exercise", put("issued_at", to="2030-03-01T08:00+01:00")), "the record is UTC"),
        ("a year of 2940", changed("exercise", put("issued_at", to="2940-03-01")), "a slip"),
        ("an end before its start", changed("exercise", put("period", "end", to="2029-05-12")), "contradictory dates"),
        ("a phase outside the activity", changed("exercise", put("phases", 0, "period", to={"start": "2031-01-01", "end": "2031-01-02"})), "contradictory dates"),
        ("negative strength", changed("exercise", put("forces", 0, "troops", to=-7200)), "a number of people"),
        ("absurd strength", changed("exercise", put("forces", 0, "troops", to=72_000_000)), "more than any activity ever had"),
        ("an estimate on nobody's word", changed("exercise", put("forces", to=[{"state": "GB", "basis": "estimated", "troops": 1900}])), "numbers about others carry their source"),
        ("a range upside down", changed("unusual_activity_request", put("forces", 0, "troops_at_most", to=10)), "the upper end lies above the lower one"),
        ("an area that crosses itself", changed("exercise", put("areas", to=ring((69, 30), (70, 31), (70, 30), (69, 31)))), "a bow tie is no area"),
        ("an area that crosses itself at the antimeridian", changed("exercise", put("areas", to=ring((69, 179), (70, -179), (70, 179), (69, -179)))), "a bow tie is no area"),
        ("an area that touches itself", changed("exercise", put("areas", to=ring((0, 0), (0, 4), (2, 2), (4, 4), (4, 0), (2, 2)))), "nobody can say what is inside"),
        ("latitude and longitude exchanged", changed("incident", put("position", to={"lat_e7": 1_234_000_000, "lon_e7": 550_000_000})), "a latitude over 90 degrees"),
        ("longitude -180", changed("incident", put("position", to={"lat_e7": 0, "lon_e7": -1_800_000_000})), "one meridian has one spelling: 180"),
        ("a ring of two corners", changed("exercise", put("areas", to=ring((69, 30), (70, 31)))), "no area"),
        ("a closed ring", changed("exercise", put("areas", to=ring((69, 30), (70, 31), (69, 31), (69, 30)))), "the ring closes by itself"),
        ("a radius with a needless zero", changed("launch", put("impact_areas", 0, "shape", "radius_m", to="46300.0")), "one form of a number"),
        ("a radius of nothing", changed("launch", put("impact_areas", 0, "shape", "radius_m", to="0")), "no circle"),
        ("a shape of a later version", changed("exercise", put("areas", to=[{"shape": {"shape": "cone"}}])), "not understood"),
        ("a flight level above ground", changed("danger_area", put("areas", 0, "vertical", "upper", to={"datum": "agl", "unit": "fl", "value": 180})), "flight levels are of the standard atmosphere"),
        ("heights upside down", changed("danger_area", put("areas", 0, "vertical", to={"lower": {"datum": "amsl", "unit": "ft", "value": 9000}, "upper": {"datum": "amsl", "unit": "ft", "value": 900}})), "lower below upper"),
        ("a control character", changed("exercise", put("title", to="North\u001b[31m")), "a screen would obey it"),
        ("a mark that turns the direction of text", changed("exercise", put("title", to="North \u202e hcriB")), "two readers would see two texts"),
        ("two lines in a title", changed("exercise", put("title", to="a\nb")), "one line"),
        ("a text that is not composed", changed("exercise", put("title", to="e\u0301")), "one spelling of one letter (Unicode NFC)"),
        ("half of a surrogate pair", good.replace(b"Exercise Northern", b"\\ud800", 1), "no text"),
        ("a calendar without entries that does not say so", changed("calendar", without("entries")), "a null return is stated"),
        ("a question without words", changed("reply", without("text")), "nobody can answer it"),
        ("a refusal without a reason", changed("visit_reply", without("reason")), "a refusal says why"),
        ("a correction in another's name", changed("correction", put("corrected", "author", "id", to="east")), "each corrects its own"),
        ("a correction of a correction", changed("correction", put("corrected", to=plain("correction"))), "said again as a new correction of the first"),
        ("radio without a frequency", changed("caution_area", put("radios", to=[{"call_sign": "BIRCH"}])), "nothing to tune to"),
        ("one office alone", changed("contact_request", put("offices", to=[{"title": "Chief of Defence"}])), "a contact has two sides"),
    ]  # fmt: skip


def cases() -> dict[str, Any]:
    """Return the document of vectors/notices.json; raises AssertionError where a case is judged otherwise."""
    found: list[dict[str, Any]] = []
    for name, octets, reason in valid():
        checked = decode(octets)
        found.append({"name": name, "valid": True, "reason": reason, "input": _base64(octets), "unknown": sorted(checked.unknown), "warnings": [{"where": one.where, "code": one.code} for one in checked.warnings]})  # fmt: skip
    for name, octets, reason in invalid():
        try:
            decode(octets)
        except NoticeRefused as refusal:
            faults = [{"where": one.where, "code": one.code} for one in refusal.faults]
        else:
            raise AssertionError(name)
        found.append({"name": name, "valid": False, "reason": reason, "input": _base64(octets), "faults": faults})
    return {"about": ABOUT, "cases": found}


def _base64(octets: bytes) -> str:
    return base64.b64encode(octets).decode()
