"""A notice's places as KML 2.2 (OGC 07-147r2): one placemark a place and period, without outside icons or styles."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from detente.notices.codec import Checked
from detente.notices.geojson import features_of
from detente.notices.kml_writing import KML_FOOT, kml_geometry, kml_head, kml_label, kml_span

__all__ = ["kml_text"]

_STYLE = (
    '<Style id="area"><LineStyle><color>ff0055d5</color><width>2</width></LineStyle>'
    "<PolyStyle><color>330055d5</color></PolyStyle></Style>\n"
)


def kml_text(checked: Checked, *, description: str) -> str:
    """Return the KML document of a notice; ``description`` is the text that a reader sees at each place.

    A period with an open end has an open end in KML too. Raises ExportRefused for a notice in no export.
    """
    return "".join(_document(features_of(checked)["features"], checked.notice.title, description))


def _document(features: list[dict[str, Any]], title: str, description: str) -> Iterator[str]:
    yield kml_head(title, _STYLE)
    for feature in features:
        properties = feature["properties"]
        if feature["geometry"] is None:
            continue
        for start, end in properties["windows"] or [[None, None]]:
            yield "<Placemark>\n"
            yield f"<name>{kml_label(properties.get('name') or title)}</name>\n"
            yield f"<description>{kml_label(description)}</description>\n"
            yield kml_span(_moment(start), _moment(end))
            yield "<styleUrl>#area</styleUrl>\n"
            yield f"{kml_geometry(feature['geometry'])}</Placemark>\n"
    yield KML_FOOT


def _moment(text: str | None) -> str | None:
    """Return a moment as XML Schema has it: a minute's time with its seconds."""
    return f"{text[:16]}:00Z" if text and len(text) == 17 else text
