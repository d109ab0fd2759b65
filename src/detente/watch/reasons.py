"""Why an event is told of, in a few words for a watch officer."""

from __future__ import annotations

from collections.abc import Sequence

from detente import words
from detente.watch.coverage import Coverage

__all__ = ["of"]

say = words.speaker("watch")


def of(
    *,
    area_name: str,
    inside: bool,
    distance_m: float,
    in_s: float,
    entry_s: float,
    by_doubt: bool,
    height_unknown: bool,
    at_rest: bool,
    unheard: Sequence[Coverage],
    over: bool,
) -> str:
    """Return the reason: what happens, and what is in doubt about it. distance_m: the least, in so many seconds."""
    parts = [_area(area_name, entry_s, inside=inside) if area_name else _pair(distance_m, in_s, over=over)]
    if over:
        return parts[0] if not area_name else say("left {area}", area=area_name)
    if height_unknown:
        parts.append(say("a height is not known"))
    if by_doubt:
        parts.append(say("only if the old positions are off"))
    if at_rest:
        parts.append(say("own mover at rest: rings no bell"))
    parts.extend(_unheard(coverage) for coverage in dict.fromkeys(unheard))
    return "; ".join(parts)


def _pair(distance_m: float, in_s: float, *, over: bool) -> str:
    distance = words.number(round(distance_m))
    if over or in_s <= 0.0:
        return say("closest {distance} m", distance=distance)
    return say("closest {distance} m in {seconds} s", distance=distance, seconds=words.number(round(in_s)))


def _area(name: str, entry_s: float, *, inside: bool) -> str:
    if inside:
        return say("in {area}", area=name)
    return say("in {area} in {seconds} s", area=name, seconds=words.number(round(entry_s)))


def _unheard(coverage: Coverage) -> str:
    if coverage == "feed_lost":
        return say("not heard: the feed is down")
    if coverage == "region_silent":
        return say("not heard: nobody is heard there")
    return say("not heard for a while")
