r"""When a line of AIS was received: tag block, a stamp before the sentence, or one behind it.

Forms, first match wins:
    \s:2573535,c:1671533231*hh\!BSVDM,...        NMEA 4 tag block, seconds or a finer unit
    1671533231.5,!AIVDM,...   2022-12-20T10:47:11Z !AIVDM,...   [2022-12-20 10:47:11] !AIVDM,...
    !AIVDM,...,0*4A,b003669710,1425340800         the last field behind the checksum, unix or ISO 8601
Any other text around the sentence says nothing about time: the line then has no stamp of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.typing import NDArray

from detente.tracks.ais_sentences import Lines
from detente.tracks.reasons import Note, Tally
from detente.tracks.receiver_stamps import UnixUnits, iso_time, utc

__all__ = ["StampReader"]

_UNIX = r"(\d{9,10}(?:\.\d{1,9})?|\d{12,13}(?:\.\d{1,6})?|\d{15,16}|\d{18,19})"
_TAG = r"\\(?:[^\\]*,)?c:(\d{1,19}(?:\.\d{1,9})?)[,*]"
_LEADING = r"^[\s\[\"'(]*" + _UNIX + r"(?:[\])\"',;:|\s].*)?$"
_TRAILING = r"[,;\s][\"']?" + _UNIX + r"[\"']?\s*$"
_TRAILING_ISO = r"[,;\s][\"'\[]?(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[^,;]*)$"


@dataclass(slots=True)
class StampReader:
    """Reads the stamps of one input's lines; notes missing zones and mixed units."""

    time_zone: str | None
    _units: UnixUnits = field(default_factory=UnixUnits)

    def times(self, text: str, lines: Lines, chosen: NDArray[np.int64], tally: Tally) -> pl.Series:
        """Return the UTC time (null when the line has none) of each chosen line; text is the block in latin-1."""
        start, bang = lines.start[chosen], lines.bang[chosen]
        after, end = lines.after[chosen], lines.end[chosen]
        if not ((bang > start) | (end > after)).any():
            return pl.Series([None] * len(chosen), dtype=pl.Datetime("us", "UTC"))
        before = [text[a:b] for a, b in zip(start.tolist(), bang.tolist(), strict=True)]
        behind = [text[a:b] for a, b in zip(after.tolist(), end.tolist(), strict=True)]
        frame = pl.DataFrame(
            {"before": before, "behind": behind}, schema={"before": pl.String, "behind": pl.String}
        )
        frame = frame.select(
            pl.coalesce(
                pl.col("before").str.extract(_TAG),
                pl.col("before").str.extract(_LEADING),
                pl.col("behind").str.extract(_TRAILING),
            )
            .cast(pl.Float64, strict=False)
            .alias("unix"),
            pl.coalesce(
                pl.col("before").str.strip_chars_start(" \t[\"'("), pl.col("behind").str.extract(_TRAILING_ISO)
            ).alias("iso")
            if not (end > after).any()
            else pl.when(pl.col("before").str.contains(r"\d{4}-\d\d-\d\d"))
            .then(pl.col("before").str.strip_chars_start(" \t[\"'("))
            .otherwise(pl.col("behind").str.extract(_TRAILING_ISO))
            .alias("iso"),
        )
        frame = self._units.seconds(frame, "unix", tally).with_columns(utc(pl.col("unix")).alias("time"))
        return self._with_iso(frame, tally)

    def _with_iso(self, frame: pl.DataFrame, tally: Tally) -> pl.Series:
        if frame.get_column("time").null_count() == 0:
            return frame.get_column("time")
        iso, zoneless = iso_time(frame.get_column("iso"), self.time_zone)
        frame = frame.with_columns(iso.alias("from_iso"), zoneless.alias("zoneless"))
        used = pl.col("time").is_null() & pl.col("from_iso").is_not_null()
        if self.time_zone is None:
            tally.note(Note.NO_ZONE, frame.select((used & pl.col("zoneless")).sum()).item())
        return frame.select(pl.coalesce("time", "from_iso").alias("time")).get_column("time")
