"""Writing: a danger-area notice as a NOTAM or a navigational warning, so that it can be handed to a civil office.

What is written is read again before it is given: when it does not say the same, WritingMistake. Positions are
rounded as the form has them (seconds; hundredths of a minute), and how far that moves the worst one is told.
A NOTAM's number and FIR are the office's to give: --number and --fir, else 0000 and ZZZZ stand there.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from math import ceil, cos, hypot, radians

from detente import words
from detente.areas.errors import WritingMistake
from detente.areas.levels import level_ft, level_text
from detente.areas.meanings import meaning
from detente.areas.outcomes import Announced, Reading, Window
from detente.areas.outlines import is_near_circle, outline
from detente.areas.page import Page
from detente.areas.positions import find_positions, position_text_dashed, position_text_joined
from detente.areas.reading import read_text
from detente.areas.time_tokens import MONTHS
from detente.notices.shapes import (
    Arc,
    ArcPolygon,
    Circle,
    Coastal,
    Corridor,
    Named,
    Point,
    Polygon,
    Position,
    Shape,
    Vertical,
)

__all__ = ["NOTAM_NUMBER", "WARNING_NUMBER", "Written", "notam_text", "warning_text"]

say = words.speaker("areas")

Write = Callable[[Position], str]
Move = Callable[[Position], Position]
NOTAM_NUMBER = re.compile(r"[A-Z][0-9]{4}/[0-9]{2}")
WARNING_NUMBER = re.compile(r"[A-Z][A-Z ]{2,38} [0-9]{1,4}/[0-9]{2}")
_MILE = Decimal(1852)
_WORDS = {
    "debris": "SPACE DEBRIS",
    "rocket-launch": "ROCKET LAUNCHING",
    "missile": "MISSILE OPERATIONS",
    "firing": "GUNNERY EXERCISES",
    "exercise": "EXERCISES",
    "unmanned-aircraft": "DRONE OPERATIONS",
    "hazardous-operations": "HAZARDOUS OPERATIONS",
    "naval-operations": "NAVAL OPERATIONS",
    "military-activity": "MILITARY ACTIVITIES",
}
_CODES = {"missile": "QWMLW", "firing": "QWMLW", "rocket-launch": "QWMLW", "exercise": "QWELW"}


@dataclass(frozen=True, slots=True)
class Written:
    """A text, and how far rounding to its form moved the worst position."""

    text: str
    moved_m: float


def notam_text(reading: Reading, *, number: str = "", fir: str = "") -> Written:
    """Return a NOTAM that says what the reading says. Raises WritingMistake when none can."""
    _one_schedule(reading)
    rounded, moved_m = _rounded(reading, position_text_joined)
    windows = [window for window in rounded.windows if window.start is not None]
    if len(windows) < len(rounded.windows) or any(window.is_alternate for window in windows) or not windows:
        raise _cannot(
            say("a start for every window, and none in reserve"), say("a NOTAM has item B and no alternates")
        )
    vertical = _one_vertical(rounded)
    start = min(window.start for window in windows if window.start)
    ends = [window.end for window in windows]
    if None in ends and len(ends) > 1:
        raise _cannot(say("an end for every window"), say("only a single window can be permanent"))
    end = max((moment for moment in ends if moment), default=None)
    number = number or (reading.text_id if NOTAM_NUMBER.fullmatch(reading.text_id) else f"A0000/{start:%y}")
    fir = fir or "ZZZZ"
    levels = (
        [
            f"{ceil((level_ft(limit) or 0) / 100):03d}" if limit.datum != "unl" else "999"
            for limit in (vertical.lower, vertical.upper)
        ]
        if vertical
        else ["000", "999"]
    )
    replaces = f" {reading.replaces}" if NOTAM_NUMBER.fullmatch(reading.replaces) else ""
    body = [
        f"{number} NOTAM{'R' if replaces else 'N'}{replaces}",
        f"Q) {fir}/{_CODES.get(reading.activity, 'QRDCA')}/IV/BO/W/{levels[0]}/{levels[1]}/{_around(rounded)}",
        f"A) {fir} B) {start:%y%m%d%H%M} C) {end.strftime('%y%m%d%H%M') if end else 'PERM'}",
    ]
    if len(windows) > 1:
        body.append(f"D) {_item_d(windows)}")
    body.append(f"E) {_WORDS.get(reading.activity, 'ACTIVITY')} WILL TAKE PLACE")
    body += _areas_joined(rounded.areas)
    if vertical:
        body.append(f"F) {level_text(vertical.lower)} G) {level_text(vertical.upper)}")
    return _checked("(" + "\n".join(body) + ")", "notam", rounded, moved_m)


def warning_text(reading: Reading, *, number: str = "") -> Written:
    """Return a navigational warning that says what the reading says. Raises WritingMistake when none can."""
    _one_schedule(reading)
    rounded, moved_m = _rounded(reading, position_text_dashed)
    if any(area.vertical for area in rounded.areas) or reading.vertical:
        rounded.vertical = None  # a mariner's warning has no heights: the surface is in it in any case
        rounded.areas = [replace(area, vertical=None) for area in rounded.areas]
    moments = [moment for window in rounded.windows for moment in (window.start, window.end) if moment]
    if not moments:
        raise _cannot(say("a window with a start or an end"), say("without times: state them in the notice"))
    issued = reading.issued_at or min(moments) - timedelta(days=5)
    headline = number or reading.text_id
    if not WARNING_NUMBER.fullmatch(headline):
        headline = number or f"LOCAL NAV WARN 000/{issued:%y}"
    lines = [f"{issued:%d%H%M}Z {MONTHS[issued.month - 1]} {issued:%y}", f"{headline}."]
    lines.append(f"1. {_WORDS.get(reading.activity, 'OPERATIONS')} {_spans(rounded.windows)}")
    lines += _areas_dashed(rounded.areas)
    paragraph = 2
    for cancelled in reading.cancels:
        lines.append(f"{paragraph}. CANCEL {cancelled}.")
        paragraph += 1
    if reading.cancel_at:
        cancel = reading.cancel_at
        lines.append(f"{paragraph}. CANCEL THIS MSG {cancel:%d%H%M}Z {MONTHS[cancel.month - 1]} {cancel:%y}.")
    return _checked("\n".join(lines), "warning", rounded, moved_m)


def _cannot(expected: str, remedy: str) -> WritingMistake:
    return WritingMistake(expected=expected, came=say("a notice that the form has no words for"), remedy=remedy)


def _one_schedule(reading: Reading) -> None:
    if any(area.windows is not None for area in reading.areas):
        raise _cannot(say("the same windows for all areas"), say("write a text for each area"))


def _one_vertical(reading: Reading) -> Vertical | None:
    limits = {area.vertical or reading.vertical for area in reading.areas}
    if len(limits) > 1:
        raise _cannot(say("one pair of height limits for all areas"), say("write a NOTAM for each"))
    return next(iter(limits))


def _checked(text: str, dialect: str, meant: Reading, moved_m: float) -> Written:
    """Read the text again and compare: shapes, names, heights and windows."""
    got = read_text(text, dialect)
    same = (
        not got.refusals
        and [area.shape for area in got.areas] == [area.shape for area in meant.areas]
        # such texts are in capitals throughout
        and [area.name.upper() for area in got.areas] == [area.name.upper() for area in meant.areas]
        and _times(got.windows) == _times(meant.windows)
        and (dialect == "warning" or got.vertical == _one_vertical(meant))
        and (dialect == "notam" or meant.cancel_at == got.cancel_at)
        and all(
            doubt
            in {
                "away_from_item_q",
                "edges_cross",
                "windows_overlap",
                "window_after_cancel",
                "cancel_far_after_end",
                "closed_by_coast",
                "extent_elsewhere",
                "turn_not_stated",
                "arc_off_radius",
                "years_disagree",
                "levels_disagree",
                "unknown_series",
                "start_not_stated",
                "window_before_issue",
                "item_q_unusable",
            }
            for doubt in (doubt.reason.value for doubt in got.doubts)
        )
    )
    if not same:
        raise WritingMistake(
            expected=say("words that are read back as the same areas and times"),
            came=", ".join(
                [
                    *(meaning(refusal.reason) for refusal in got.refusals),
                    *(meaning(doubt.reason) for doubt in got.doubts),
                ]
            )
            or say("another area or time"),
            where=meant.text_id,
            remedy=say("write one text for each area, with plain names, or say it in free words"),
        )
    return Written(text, moved_m)


def _times(windows: list[Window]) -> list[Window]:
    return sorted(windows, key=lambda window: (window.is_alternate, str(window.start), str(window.end)))


def _rounded(reading: Reading, write: Write) -> tuple[Reading, float]:
    """Return the reading with every position as the form can say it, and the farthest move in metres."""
    worst = 0.0

    def moved(position: Position) -> Position:
        nonlocal worst
        page = Page(write(position))
        near = next(iter(find_positions(page).values()))
        east = (near.lon_e7 - position.lon_e7) * cos(radians(position.lat_deg))
        worst = max(worst, hypot(east, near.lat_e7 - position.lat_e7) * 0.0111320)
        return near

    areas = [replace(area, shape=_with(area.shape, moved)) for area in reading.areas]
    return replace(reading, areas=areas, windows=list(reading.windows), doubts=[], refusals=[]), worst


def _with(shape: Shape, moved: Move) -> Shape:
    move = moved
    match shape:
        case Polygon():
            return Polygon(ring=tuple(move(corner) for corner in shape.ring))
        case Circle():
            return Circle(centre=move(shape.centre), radius_m=shape.radius_m)
        case Corridor():
            return Corridor(way=tuple(move(corner) for corner in shape.way), half_width_m=shape.half_width_m)
        case Coastal():
            return Coastal(way=tuple(move(corner) for corner in shape.way), closed_by=shape.closed_by)
        case Point():
            return Point(position=move(shape.position))
        case Named():
            return Named(name=shape.name)
        case ArcPolygon():
            return ArcPolygon(
                pieces=tuple(
                    replace_arc(piece, move) if isinstance(piece, Arc) else type(piece)(to=move(piece.to))
                    for piece in shape.pieces
                )
            )


def replace_arc(piece: Arc, move: Move) -> Arc:
    """Return an arc with its positions as the form can say them."""
    return Arc(centre=move(piece.centre), radius_m=piece.radius_m, turn=piece.turn, to=move(piece.to))


def _length(radius_m: str) -> str:
    metres = Decimal(radius_m)
    miles = metres / _MILE
    if miles == miles.quantize(Decimal("0.01")):
        return f"{miles.normalize():f}NM"
    if metres >= 1000 and metres == metres.quantize(Decimal(1)):
        return f"{(metres / 1000).normalize():f}KM"
    return f"{metres:f}M"


def _around(reading: Reading) -> str:
    """Return item Q's centre and radius about all areas, rounded outward; nothing where there is no extent."""
    rings = [ring for area in reading.areas for ring in outline(area.shape)]
    points = [point for ring in rings for point in ring]
    points += [
        (area.shape.position.lon_deg, area.shape.position.lat_deg)
        for area in reading.areas
        if isinstance(area.shape, Point)
    ]
    if not points:
        return ""
    lon = (min(point[0] for point in points) + max(point[0] for point in points)) / 2
    lat = (min(point[1] for point in points) + max(point[1] for point in points)) / 2
    lon = (lon + 180.0) % 360.0 - 180.0
    lat_minutes, lon_minutes = round(abs(lat) * 60), round(abs(lon) * 60)
    north = f"{lat_minutes // 60:02d}{lat_minutes % 60:02d}{'NS'[lat < 0]}"
    text = f"{north}{lon_minutes // 60:03d}{lon_minutes % 60:02d}{'EW'[lon < 0]}"
    centre = Position(lat_e7=round(lat * 1e7), lon_e7=round(lon * 1e7) or 0)
    for radius_nm in (1, 2, 3, 5, 8, 12, 20, 30, 50, 80, 120, 200, 300, 450, 700, 998):
        circle = Circle(centre=centre, radius_m=str(radius_nm * 1852))
        if all(
            is_near_circle(
                Point(
                    position=Position(
                        lat_e7=round(at[1] * 1e7), lon_e7=round(((at[0] + 180) % 360 - 180) * 1e7) or 0
                    )
                ),
                circle,
            )
            for at in points[:: max(1, len(points) // 64)]
        ):
            return f"{text}{radius_nm + 3:03d}" if radius_nm < 900 else f"{text}999"
    return f"{text}999"


def _item_d(windows: list[Window]) -> str:
    """Return the days and times of windows, days of one month with one clock time together."""
    groups: list[str] = []
    day_window = timedelta(days=1)
    for window in _times(windows):
        start, end = window.start, window.end
        if start is None or end is None:
            raise _cannot(say("an end for every window"), say("only a single window can be permanent"))
        month = MONTHS[start.month - 1]
        if end - start < day_window:
            groups.append(f"{month} {start:%d} {start:%H%M}-{end:%H%M}")
        else:
            groups.append(f"{month} {start:%d} {start:%H%M}-{MONTHS[end.month - 1]} {end:%d} {end:%H%M}")
    return ",\n".join(groups)


def _spans(windows: list[Window]) -> str:
    said: list[str] = []
    alternates: list[str] = []
    for window in _times(windows):
        (alternates if window.is_alternate else said).append(_span(window))
    text = ", ".join(said)
    return text + (f"{', ' if text else ''}ALTERNATE {', '.join(alternates)}" if alternates else "")


def _span(window: Window) -> str:
    if window.start is None and window.end is not None:
        return f"UNTIL {_instant(window.end)}"
    if window.start is None or window.end is None:
        raise _cannot(say("an end for every window"), say("state it in the notice"))
    return f"{_instant(window.start)} TO {_instant(window.end)}"


def _instant(moment: datetime) -> str:
    return f"{moment:%d%H%M}Z {MONTHS[moment.month - 1]} {moment:%y}"


def _areas_joined(areas: list[Announced]) -> list[str]:
    lines = []
    for index, area in enumerate(areas, start=1):
        label = f"{index}. " if len(areas) > 1 else ""
        name = f" ({area.name})" if area.name and len(areas) > 1 and not isinstance(area.shape, Named) else ""
        said = _shape_text(area.shape, position_text_joined, " - ")
        if area.name and len(areas) == 1 and not isinstance(area.shape, Named):
            lines.append(f"AREA NAMED {area.name.upper()}.")
        lines.append(f"{label}{said}{name}")
    return lines


def _areas_dashed(areas: list[Announced]) -> list[str]:
    if len(areas) == 1:
        area = areas[0]
        name = [f"AREA NAMED {area.name.upper()}."] if area.name and not isinstance(area.shape, Named) else []
        return [*name, f"{_shape_text(area.shape, position_text_dashed, ', ')}."]
    rings = [area.shape.ring for area in areas if isinstance(area.shape, Polygon)]
    if len(rings) == len(areas):
        listed = (
            f"{chr(64 + index)}. {_chain(ring, position_text_dashed, ', ')}."
            for index, ring in enumerate(rings, 1)
        )
        return ["IN AREAS BOUND BY:", *listed]
    return [
        f"AREA {index}:\n{_shape_text(area.shape, position_text_dashed, ', ')}."
        for index, area in enumerate(areas, start=1)
    ]


def _chain(corners: tuple[Position, ...], write: Write, between: str) -> str:
    return (",\n" if between == ", " else between).join(write(corner) for corner in corners)


def _shape_text(shape: Shape, write: Write, between: str) -> str:
    move = write
    match shape:
        case Polygon():
            return f"IN AREA BOUND BY\n{_chain(shape.ring, write, between)}"
        case Circle():
            return f"WITHIN {_length(shape.radius_m)} RADIUS OF {move(shape.centre)}"
        case Corridor():
            return f"{_length(shape.half_width_m)} EITHER SIDE OF LINE {_chain(shape.way, write, between)}"
        case Point():
            return f"CENTERED IN {move(shape.position)}"
        case Coastal():
            return f"IN AREA BOUND BY\n{_chain(shape.way, write, between)} {shape.closed_by}"
        case Named():
            return f"AREA NAMED {shape.name}"
        case ArcPolygon():
            return _arc_text(shape, write)


def _arc_text(shape: ArcPolygon, write: Write) -> str:
    said = [write(shape.pieces[-1].to)]
    for piece in shape.pieces:
        if isinstance(piece, Arc):
            turn = "CLOCKWISE" if piece.turn == "clockwise" else "ANTICLOCKWISE"
            said.append(
                f"{turn} ALONG AN ARC OF {_length(piece.radius_m)} RADIUS CENTRED ON {write(piece.centre)}"
            )
        said.append(write(piece.to))
    return "IN AREA BOUND BY\n" + " TO ".join(said)
