"""Encounters as KML 2.2 (OGC 07-147r2): one placemark each, a pin in the middle and the line between both.

Every column stands under its own name in a typed Schema (string, int, bool, double); KML's schema has no type
for times, so times are text, and the span from entered to left is the placemark's TimeSpan besides. A missing
value is absent. No outside icon or style is loaded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import polars as pl

from detente import words
from detente.encounters.places import between, middle, with_written_times

__all__ = ["kml"]

say = words.speaker("encounters")

_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def kml(frame: pl.DataFrame) -> Iterator[str]:
    r"""Yield the text of one KML document piece by piece.

    Characters that XML cannot carry (control characters) are shown as ``\x1b``.
    """
    yield '<?xml version="1.0" encoding="UTF-8"?>\n<kml xmlns="http://www.opengis.net/kml/2.2">\n<Document>\n'
    title = say("Encounters")
    yield f"<name>{_text(title)}</name>\n"
    yield '<Style id="encounter"><LineStyle><color>ff0055d5</color><width>3</width></LineStyle></Style>\n'
    yield '<Schema name="encounter" id="encounter_fields">\n'
    for name, kind in frame.schema.items():
        yield f"<SimpleField type={quoteattr(_field_type(kind))} name={quoteattr(name)}></SimpleField>\n"
    yield "</Schema>\n<Folder>\n<name>encounters</name>\n"
    for row in with_written_times(frame).iter_rows(named=True):
        yield _placemark(row)
    yield "</Folder>\n</Document>\n</kml>\n"


def _placemark(row: dict[str, Any]) -> str:
    title = f"{row.get('name_a') or row['a']} / {row.get('name_b') or row['b']}"
    fields = "".join(
        f"<SimpleData name={quoteattr(name)}>{_text(_value(value))}</SimpleData>"
        for name, value in row.items()
        if value is not None
    )
    span = "".join(
        f"<{tag}>{_text(row[column])}</{tag}>"
        for tag, column in (("begin", "entered"), ("end", "left"))
        if row.get(column)
    )
    return (
        f"<Placemark>\n<name>{_text(title)}</name>\n"
        + (f"<TimeSpan>{span}</TimeSpan>\n" if span else "")
        + "<styleUrl>#encounter</styleUrl>\n"
        + f'<ExtendedData><SchemaData schemaUrl="#encounter_fields">{fields}</SchemaData></ExtendedData>\n'
        + f"{_geometry(row)}</Placemark>\n"
    )


def _geometry(row: dict[str, Any]) -> str:
    places = (row["lon_a"], row["lat_a"], row["lon_b"], row["lat_b"])
    if any(value is None for value in places):
        return ""
    parts = between(places[:2], places[2:])
    pin = f"<Point><coordinates>{_coordinates([middle(places[:2], places[2:])])}</coordinates></Point>"
    lines = "".join(
        f"<LineString><tessellate>1</tessellate><coordinates>{_coordinates(part)}</coordinates></LineString>"
        for part in parts
        if len(part) > 1
    )
    return f"<MultiGeometry>{pin}{lines}</MultiGeometry>\n"


def _coordinates(points: list[tuple[float, float]]) -> str:
    return " ".join(f"{lon:.7f},{lat:.7f}" for lon, lat in points)


def _field_type(kind: pl.DataType) -> str:
    if kind == pl.Boolean:
        return "bool"
    if kind.is_integer():
        return "int"
    return "double" if kind.is_float() else "string"


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(value) if isinstance(value, float) else str(value)


def _text(text: str) -> str:
    return escape(_NOT_IN_XML.sub(lambda found: ascii(found.group())[1:-1], text))
