"""From a row of the table of encounters to the draft of an incident with its evidence."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from math import floor
from typing import Any

import polars as pl

from detente import words
from detente.encounters.places import middle
from detente.notices.codec import check_document
from detente.notices.notice import FORMAT as NOTICE_FORMAT
from detente.watch.evidence import account, cutting, drawing, records, tracks_csv
from detente.watch.evidence.crossing import crossings
from detente.watch.evidence.errors import EvidenceMistake, WithheldMover
from detente.watch.evidence.manifest import MANIFEST_NAME, MEDIA_TYPE, CutStated, manifest_of
from detente.watch.evidence.structs import Agreed, Attachment, Context, Draft

__all__ = ["DRAWING", "DRAWING_INK", "RECORDS", "TRACKS", "incident_draft", "is_beyond"]

say = words.speaker("watch")

TRACKS, RECORDS, DRAWING, DRAWING_INK = "tracks.csv", "records.jsonl", "drawing.svg", "drawing-bw.svg"
_RECORDS_RULE = "those nearest in time to closest_at"
_PARTS = 10_000_000
_BYTES_LATE = timedelta(minutes=10)
"""How much before and after the fixes a record may have come: stations hold back, and clocks differ."""


def is_beyond(row: Mapping[str, Any], agreed: Agreed) -> bool:
    """Tell whether an encounter lies beyond the agreed limit: nearer than it, in height too where both are known."""
    if not row["distance_m"] < agreed.within_m:
        return False
    heights = (row["vertical_m"], agreed.vertical_m)
    return None in heights or bool(heights[0] < heights[1])


def incident_draft(row: Mapping[str, Any], context: Context) -> Draft:
    """Return the draft about an encounter in the reader's language, with its files; equal inputs give equal bytes.

    row: of detente.encounters.schema.ENCOUNTERS. The severity stays open: a person judges. Raises WithheldMover when a
    mover of it may not be written about, and EvidenceMistake when the rows of the two are missing or a notice cannot
    be made of what the context says.
    """
    _refuse_withheld(row, context)
    around = tracks_csv.surrounding(context.rows, row, context.definition.max_gap_s)
    heard = set(around["mover"])
    if heard != {row["a"], row["b"]}:
        raise EvidenceMistake(
            expected=say("fixes of both movers around the encounter"),
            came=", ".join(sorted(heard)) or say("none"),
            where=f"{row['a']}, {row['b']}",
            remedy=say("keep the cleaned rows of both until their encounter has ended"),
        )
    files, manifest = _files(row, context, around)
    notice = _notice(row, context, around)
    checked, faults = check_document(notice)
    if checked is None:
        raise EvidenceMistake(
            expected=say("what a notice of an incident takes"),
            came="; ".join(f"{fault.where}: {fault.came} ({fault.expected})" for fault in faults)[:1000],
            where=say("the draft"),
            remedy=say("check the author and the place that the watch was given"),
        )
    return Draft(notice=notice, attachments=(Attachment(MANIFEST_NAME, MEDIA_TYPE, manifest), *files))


def _refuse_withheld(row: Mapping[str, Any], context: Context) -> None:
    withheld = {one.casefold().strip() for one in context.withheld}
    for which in ("a", "b"):
        said = {re.sub(r"~[0-9]+$", "", str(row[which])), str(row[f"name_{which}"] or "")}
        said |= {one.partition(":")[2] for one in said}
        if withheld & {one.casefold().strip() for one in said if one}:
            raise WithheldMover(
                expected=say("movers that may be written about"),
                came=say("one that a humanitarian notice names"),
                remedy=say("no draft is made; tell the relief organisation's focal point yourself"),
            )


def _files(
    row: Mapping[str, Any], context: Context, around: pl.DataFrame
) -> tuple[tuple[Attachment, ...], bytes]:
    """Return the files besides the manifest, and the manifest."""
    rows, rule = cutting.fitting(around, row, context.definition)
    cut = (
        [CutStated(file=TRACKS, rule=rule, left_out=around.height - rows.height, of=around.height)]
        if rule
        else []
    )
    files = [Attachment(TRACKS, "text/csv", tracks_csv.write(rows))]
    reach = tracks_csv.reach(context.definition.max_gap_s) + _BYTES_LATE
    near = [one for one in context.records if row["entered"] - reach <= one.received_at <= row["left"] + reach]
    raw, left_out, of = records.records_file(near, (row["a"], row["b"]), closest_at=row["closest_at"])
    if raw:
        files.append(Attachment(RECORDS, "application/jsonl", raw))
    if left_out:
        cut.append(CutStated(file=RECORDS, rule=_RECORDS_RULE, left_out=left_out, of=of))
    pieces = cutting.around_closest(rows, row)
    for name, colours in ((DRAWING, drawing.COLOURS), (DRAWING_INK, drawing.INKS)):
        svg = drawing.pass_drawing(row, pieces, context.definition, colours=colours)
        files.append(Attachment(name, "image/svg+xml", svg))
    manifest = manifest_of(
        row,
        context,
        files,
        fixes={which: int((rows["mover"] == row[which]).sum()) for which in ("a", "b")},
        cut=tuple(cut),
        not_told=cutting.not_told(rows, row, context.definition),
    )
    return tuple(files), manifest.encoded()


def _notice(row: Mapping[str, Any], context: Context, around: pl.DataFrame) -> dict[str, Any]:
    """Return the notice as a plain document, without a field that says what is meant anyway."""
    own = [which for which in ("a", "b") if row[f"side_{which}"] and row[f"side_{which}"] == context.own_side]
    crossed = crossings(row, around, context.definition.max_gap_s)
    notice: dict[str, Any] = {
        "kind": "incident",
        "format": NOTICE_FORMAT,
        "title": account.title(row),
        "author": dict(context.author),
        "issued_at": _second(context.issued_at),
        "activity": _activity(row),
        "incident_type": "close_approach",
        "happened_at": _second(row["entered"]),
        "ended_at": _second(row["left"]),
        "account": account.account(row, context, crossed),
        "position": _position(row),
        "distance_m": floor(row["distance_m"] + 0.5),
    }
    if context.place:
        notice["place"] = context.place
    if row["vertical_m"] is not None and not account.is_at_sea(row):
        notice["height_difference_m"] = floor(row["vertical_m"] + 0.5)
    for field, those in (("own", own), ("others", [which for which in "ab" if which not in own])):
        if those:
            notice[field] = [_mover(row, which) for which in those]
    return notice


def _second(moment: datetime) -> str:
    """Return a moment in the spelling that states one second: the one in which it lies."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _activity(row: Mapping[str, Any]) -> str:
    """Return one short name for both sides' accounts: day and hour of the closest point, and the two ids."""
    ids = "-".join(re.sub(r"[^a-z0-9]", "", str(row[which]).lower())[-14:] for which in ("a", "b"))
    return f"approach-{row['closest_at'].astimezone(UTC):%Y-%m-%dt%H}-{ids}"[:63].rstrip("-")


def _position(row: Mapping[str, Any]) -> dict[str, int]:
    lon, lat = middle((row["lon_a"], row["lat_a"]), (row["lon_b"], row["lat_b"]))
    lon_e7 = round(lon * _PARTS)
    return {"lat_e7": round(lat * _PARTS), "lon_e7": 180 * _PARTS if lon_e7 == -180 * _PARTS else lon_e7}


def _mover(row: Mapping[str, Any], which: str) -> dict[str, Any]:
    """Return a mover as a notice names it: what it is, its name, its identity as it was sent."""
    kind = row[f"kind_{which}"]
    identity = re.sub(r"~[0-9]+$", "", row[which])
    space, _, digits = identity.partition(":")
    found: dict[str, Any] = {
        "type": say("ship") if kind == "ship" else say("aircraft") if kind == "aircraft" else say("not known"),
        "name": account.called(row, which),
    }
    if space == "mmsi" and re.fullmatch(r"[0-9]{1,9}", digits, re.ASCII):
        found["mmsi"] = int(digits)
    elif space == "icao24" and re.fullmatch(r"[0-9a-f]{6}", digits.lower(), re.ASCII):
        found["icao24"] = digits.lower()
    return found
