"""Where something was: in a named box, or in a cell of ten degrees."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from detente import words
from detente.door.errors import ArgumentMistake
from detente.notices.places import Box, parse_box

__all__ = ["CELL_DEG", "REGIONS_MAX", "Places", "checked", "parse_region"]

say = words.speaker("encounters")

CELL_DEG = 10
REGIONS_MAX = 200
_REGION = re.compile(r"([^=]{1,60})=(.+)")


@dataclass(frozen=True, slots=True)
class Places:
    """Named boxes, the first that holds a place counts; without any, cells named by their south-western corner."""

    regions: tuple[tuple[str, Box], ...] = ()

    def of(self, lon: pl.Series, lat: pl.Series) -> pl.Series:
        """Return the name of each place, "" where it is not known; "elsewhere" outside all boxes."""
        frame = pl.DataFrame({"lon": lon, "lat": lat})
        if self.regions:
            chosen: pl.Expr = pl.lit("elsewhere")
            for name, box in reversed(self.regions):
                across = pl.col("lon").is_between(box.west_deg, box.east_deg)
                if box.west_deg > box.east_deg:
                    across = (pl.col("lon") >= box.west_deg) | (pl.col("lon") <= box.east_deg)
                inside = across & pl.col("lat").is_between(box.south_deg, box.north_deg)
                chosen = pl.when(inside).then(pl.lit(name)).otherwise(chosen)
        else:
            south = ((pl.col("lat") / CELL_DEG).floor() * CELL_DEG).clip(-90, 90 - CELL_DEG).cast(pl.Int64)
            west = ((pl.col("lon") / CELL_DEG).floor() * CELL_DEG).clip(-180, 180 - CELL_DEG).cast(pl.Int64)
            chosen = pl.concat_str(_degrees(south, "N", "S"), pl.lit(" "), _degrees(west, "E", "W"))
        known = pl.col("lon").is_not_null() & pl.col("lat").is_not_null()
        return frame.select(area=pl.when(known).then(chosen).otherwise(pl.lit(""))).to_series()


def _degrees(value: pl.Expr, positive: str, negative: str) -> pl.Expr:
    return pl.concat_str(
        value.abs().cast(pl.String),
        pl.lit("\u00b0"),
        pl.when(value >= 0).then(pl.lit(positive)).otherwise(pl.lit(negative)),
    )


def parse_region(text: str) -> tuple[str, Box]:
    """Return name and box of "Baltic=9,53,31,66" (west, south, east, north); raises ArgumentMistake."""
    match = _REGION.fullmatch(text.strip())
    if match is None:
        raise ArgumentMistake(
            expected=say("a name and a box: NAME=WEST,SOUTH,EAST,NORTH"),
            came=repr(text[:80]),
            where="--region",
            remedy=say("write for example {example}", example="--region Baltic=9,53,31,66"),
        )
    return match[1].strip(), parse_box(match[2], where="--region")


def checked(regions: Sequence[str]) -> Places:
    """Return the places of all ``--region`` options."""
    if len(regions) > REGIONS_MAX:
        raise ArgumentMistake(
            expected=say("at most {most} regions", most=REGIONS_MAX),
            came=str(len(regions)),
            where="--region",
            remedy=say("ask in parts"),
        )
    return Places(tuple(parse_region(text) for text in regions))
