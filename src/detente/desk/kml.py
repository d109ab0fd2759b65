"""Areas as KML for the planning tools that read nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from detente import words
from detente.desk.shown_text import lines_visible
from detente.node.desk_door.record_questions import AreaDocument
from detente.notices.kml_writing import KML_FOOT, kml_geometry, kml_head, kml_label

__all__ = ["areas_kml"]

say = words.speaker("desk")


def areas_kml(areas: Iterable[AreaDocument]) -> str:
    """Return areas as a KML document; one whose geometry KML cannot say has its description alone."""
    title = say("Announced areas")
    return kml_head(title) + "".join(_placemark(one) for one in areas) + KML_FOOT


def _placemark(area: AreaDocument) -> str:
    told = [f"{area.line} {area.ref} {area.member} {area.kind} {area.standing}"]
    told += [f"{_moment(begin)} - {_moment(end)}" for begin, end in area.windows]
    return (
        f"<Placemark><name>{_text(area.title)}</name><description>{_text(chr(10).join(told))}</description>"
        f"{kml_geometry(area.feature.get('geometry'))}</Placemark>\n"
    )


def _text(text: str) -> str:
    return kml_label(lines_visible(text))


def _moment(at_ms: int | None) -> str:
    if at_ms is None:
        return ""
    try:
        return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError):
        return str(at_ms)
