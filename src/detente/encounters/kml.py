"""Encounters as KML 2.2 (OGC 07-147r2): one placemark each, a pin in the middle and the line between both.

A visit of an area is a pin where it was nearest or deepest.

Every column stands under its own name in a typed Schema (string, int, bool, double); KML's schema has no type
for times, so times are text, and the span from entered to left is the placemark's TimeSpan besides. A missing
value is absent. No outside icon or style is loaded.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from xml.sax.saxutils import quoteattr

import polars as pl

from detente import words
from detente.encounters.places import between, middle, with_written_times
from detente.notices.kml_writing import KML_FOOT, kml_geometry, kml_head, kml_label, kml_span

__all__ = ["kml"]

say = words.speaker("encounters")

_STYLE = '<Style id="encounter"><LineStyle><color>ff0055d5</color><width>3</width></LineStyle></Style>\n'


def kml(frame: pl.DataFrame) -> Iterator[str]:
    r"""Yield the text of one KML document piece by piece.

    Characters that XML cannot carry (control characters) are shown as ``\x1b``.
    """
    kind = "visit" if "lon" in frame.columns else "encounter"
    title = say("Visits of areas") if kind == "visit" else say("Encounters")
    yield kml_head(title, _STYLE)
    yield f'<Schema name="{kind}" id="encounter_fields">\n'
    for name, column in frame.schema.items():
        yield f"<SimpleField type={quoteattr(_field_type(column))} name={quoteattr(name)}></SimpleField>\n"
    yield f"</Schema>\n<Folder>\n<name>{kind}s</name>\n"
    for row in with_written_times(frame).iter_rows(named=True):
        yield _placemark(row)
    yield f"</Folder>\n{KML_FOOT}"


def _placemark(row: dict[str, Any]) -> str:
    title = (
        f"{row['name'] or row['mover']} / {row['area_name'] or row['area']}"
        if "lon" in row
        else f"{row.get('name_a') or row['a']} / {row.get('name_b') or row['b']}"
    )
    fields = "".join(
        f"<SimpleData name={quoteattr(name)}>{kml_label(_value(value))}</SimpleData>"
        for name, value in row.items()
        if value is not None
    )
    return (
        f"<Placemark>\n<name>{kml_label(title)}</name>\n"
        + kml_span(row.get("entered"), row.get("left"))
        + "<styleUrl>#encounter</styleUrl>\n"
        + f'<ExtendedData><SchemaData schemaUrl="#encounter_fields">{fields}</SchemaData></ExtendedData>\n'
        + f"{_geometry(row)}</Placemark>\n"
    )


def _geometry(row: dict[str, Any]) -> str:
    if "lon" in row:
        known = row["lon"] is not None and row["lat"] is not None
        return kml_geometry({"type": "Point", "coordinates": (row["lon"], row["lat"])}) if known else ""
    places = (row["lon_a"], row["lat_a"], row["lon_b"], row["lat_b"])
    if any(value is None for value in places):
        return ""
    parts = [part for part in between(places[:2], places[2:]) if len(part) > 1]
    pin = {"type": "Point", "coordinates": middle(places[:2], places[2:])}
    lines = {"type": "MultiLineString", "coordinates": parts}
    return kml_geometry({"type": "GeometryCollection", "geometries": [pin, lines]})


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
