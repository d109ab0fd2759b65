"""AIS as receivers write it: NMEA 0183 lines, bare or with time stamps, alone or among other sentences.

Counting: a sentence that holds a whole message is one row, and so is a message that was put together from
several sentences; each part whose other parts never came is one row (incomplete). Other sound NMEA sentences
are rows without a position of an identified mover (no_position). Blank lines and comments ("#...") are no rows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.typing import NDArray

from detente.tracks import ais_fields
from detente.tracks.ais_bits import INVALID, SEXTET, sextets
from detente.tracks.ais_clock import SecondClock
from detente.tracks.ais_messages import Payloads, judge_types, names, positions
from detente.tracks.ais_parts import Assembler, Part
from detente.tracks.ais_sentences import Fault, Lines, split_lines
from detente.tracks.ais_stamps import StampReader
from detente.tracks.lines import blocks
from detente.tracks.readers import Options, Source
from detente.tracks.reasons import Reason, Tally
from detente.tracks.schema import SCHEMA, complete

__all__ = ["NAMES_CAP", "READER", "Listener", "NmeaReader"]

NAMES_CAP = 200_000
"""Names remembered; the longest unnamed go first. More ships than this are never on the air at once."""

_SENTENCE = re.compile(rb"^[^{<\n]{0,200}![A-Z]{2}VD[MO],[1-9],[1-9],\d{0,2},", re.MULTILINE)
_REASON_OF_FAULT = {
    Fault.OTHER_SENTENCE: Reason.NO_POSITION,
    Fault.UNREADABLE: Reason.UNREADABLE,
    Fault.BAD_CHECKSUM: Reason.BAD_CHECKSUM,
    Fault.INCOMPLETE: Reason.INCOMPLETE,
}
_TAG_GROUP = re.compile(r"[\\,]g:\d+-\d+-(\w+)")
_TAG_STATION = re.compile(r"[\\,]s:([^,*\\]*)")


@dataclass(frozen=True, slots=True)
class NmeaReader:
    """Reads AIS NMEA 0183; see the module and docs/formats-radio.md."""

    name: str = "ais_nmea"

    def recognises(self, head: bytes) -> bool:
        """Tell whether a line of the head holds an AIS sentence."""
        return _SENTENCE.search(head) is not None

    def read(self, source: Source, options: Options, tally: Tally) -> Iterator[pl.DataFrame]:
        """Yield the position reports; see detente.tracks.readers.Reader."""
        listener = Listener.listening(f"{self.name}:{source.name}", options)
        with source.open() as stream:
            for block in blocks(stream, source):
                block.count(tally)
                frame = listener.hear(block.data, tally)
                if len(frame):
                    yield frame
        listener.parts.give_up_all()
        listener.count_given_up(tally)


READER = NmeaReader()
_NO_ROWS = pl.DataFrame(schema=SCHEMA)
_NOBODY = pl.DataFrame(schema={"mmsi": pl.Int64, "line": pl.Int64})


@dataclass(slots=True)
class Listener:
    """What is remembered from block to block: unfinished messages, names, the clock, the lines so far."""

    source: str
    stamps: StampReader
    clock: SecondClock | None
    parts: Assembler = field(default_factory=Assembler)
    names: dict[int, str] = field(default_factory=dict)
    lines_before: int = 0

    @classmethod
    def listening(cls, source: str, options: Options) -> Listener:
        """Return a listener that heard nothing yet; source is what stands in the rows' ``source`` column."""
        clock = SecondClock.starting(options.start) if options.start else None
        return cls(source, StampReader(options.time_zone), clock)

    def hear(self, block: bytes, tally: Tally, *, received_us: int | None = None) -> pl.DataFrame:
        """Read one block of whole lines; counts everything in it.

        received_us: when the block was received, the time of lines without a stamp of their own; None: not known.
        """
        lines = split_lines(block)
        _count_faults(lines, tally)
        sentences = np.flatnonzero(lines.fault == Fault.NONE)
        text = block.decode("latin-1")
        times = self.stamps.times(text, lines, sentences, tally)
        unstamped = -1 if received_us is None else received_us
        times_us = times.dt.timestamp("us").fill_null(unstamped).to_numpy().astype(np.int64)
        payloads = self._messages(lines, sentences, times_us, text)
        self.lines_before += len(lines.fault)
        self.count_given_up(tally)
        return self._judge(payloads, tally)

    def count_given_up(self, tally: Tally) -> None:
        """Count parts that never became a message."""
        parts = self.parts.take_given_up()
        tally.read(parts)
        tally.reject(Reason.INCOMPLETE, parts)

    def _messages(
        self, lines: Lines, sentences: NDArray[np.int64], times_us: NDArray[np.int64], text: str
    ) -> Payloads:
        """Return the whole messages of a block, single sentences and assembled ones, in input order."""
        single = lines.parts[sentences] == 1
        alone = sentences[single]
        wholes = [
            whole
            for at, time_us in zip(sentences[~single].tolist(), times_us[~single].tolist(), strict=True)
            if (whole := self.parts.add(_part(lines, at, time_us, text, self.lines_before)))
        ]
        joined = np.frombuffer(b"".join(whole.payload for whole in wholes), dtype=np.uint8)
        lengths = np.array([len(whole.payload) for whole in wholes], dtype=np.int64)
        ends = np.cumsum(lengths) + len(lines.octets)
        start = np.concatenate([lines.payload_start[alone], ends - lengths])
        end = np.concatenate([lines.payload_end[alone], ends])
        fill = np.concatenate([lines.fill[alone], np.array([whole.fill for whole in wholes], dtype=np.int8)])
        line = np.concatenate(
            [alone + self.lines_before, np.array([whole.line for whole in wholes], dtype=np.int64)]
        )
        time_us = np.concatenate(
            [times_us[single], np.array([whole.time_us for whole in wholes], dtype=np.int64)]
        )
        order = np.argsort(line, kind="stable")
        octets = np.concatenate([lines.octets, joined])
        start, end = start[order], end[order]
        return Payloads(
            octets=octets,
            start=start,
            end=end,
            type=sextets(octets, start, end, 1)[0].astype(np.int64) & 63,
            bits=np.maximum((end - start) * 6 - fill[order], 0),
            line=line[order],
            time_us=time_us[order],
        )

    def _judge(self, payloads: Payloads, tally: Tally) -> pl.DataFrame:
        tally.read(len(payloads.type))
        judged = judge_types(payloads, _spoiled(payloads))
        for reason, those in judged.items():
            tally.reject(reason, int(those.sum()))
        reports = payloads.only(~np.logical_or.reduce(list(judged.values())))
        readable = payloads.only(~(judged[Reason.UNREADABLE] | judged[Reason.INCOMPLETE]))
        if not len(reports.type):
            self._named(_NOBODY, names(readable))
            return _NO_ROWS
        frame = positions(reports).with_columns(
            pl.Series("line", reports.line), pl.Series("time_us", reports.time_us)
        )
        kept = _keep(self._named(self._timed(frame), names(readable)), tally)
        return complete(kept.with_columns(pl.lit(self.source).alias("source"))).collect()

    def _timed(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Return the frame with ``time``: the line's own stamp, else the clock when it was started."""
        time_us = frame["time_us"]
        bare = time_us < 0
        if self.clock is None:
            time_us = time_us.set(bare, None)
        elif bare.any():
            time_us = time_us.scatter(bare.arg_true(), self.clock.tell(frame["second"].filter(bare).to_list()))
        return frame.with_columns(time_us.cast(pl.Datetime("us")).dt.replace_time_zone("UTC").alias("time"))

    def _named(self, frame: pl.DataFrame, said: pl.DataFrame) -> pl.DataFrame:
        """Return the frame with ``name``: the latest that the mover said before the report."""
        known = [
            (mmsi, -1, name) for mmsi in frame["mmsi"].unique() if (name := self.names.get(mmsi)) is not None
        ]
        for mmsi, name in zip(said["mmsi"].to_list(), said["name"].to_list(), strict=True):
            self.names.pop(mmsi, None)
            self.names[mmsi] = name
        while len(self.names) > NAMES_CAP:
            del self.names[next(iter(self.names))]
        if frame.is_empty():
            return frame
        earlier = pl.DataFrame(known, schema=said.schema, orient="row")
        return frame.join_asof(
            pl.concat([earlier, said]), on="line", by="mmsi", strategy="backward", check_sortedness=False
        )


def _count_faults(lines: Lines, tally: Tally) -> None:
    lost = int(lines.lost.sum())
    tally.read(lost)
    tally.reject(Reason.INCOMPLETE, lost)
    counts = np.bincount(lines.fault, minlength=len(Fault))
    for fault, reason in _REASON_OF_FAULT.items():
        tally.read(int(counts[fault]))
        tally.reject(reason, int(counts[fault]))


def _part(lines: Lines, at: int, time_us: int, text: str, lines_before: int) -> Part:
    before = text[lines.start[at] : lines.bang[at]]
    payload_start, payload_end = int(lines.payload_start[at]), int(lines.payload_end[at])
    group = _TAG_GROUP.search(before)
    if group:
        key: tuple[str, ...] = ("group", group.group(1))
    else:
        station = _TAG_STATION.search(before)
        # "!AIVDM,2,1,9,B," up to the payload, without the number of this part
        fields = text[lines.bang[at] : payload_start].split(",")
        key = (station.group(1) if station else "", fields[0], fields[1], fields[3], fields[4])
    return Part(
        key=key,
        part=int(lines.part[at]),
        parts=int(lines.parts[at]),
        payload=text[payload_start:payload_end].encode("latin-1"),
        fill=int(lines.fill[at]),
        line=at + lines_before,
        time_us=time_us,
    )


def _spoiled(payloads: Payloads) -> NDArray[np.bool_]:
    """Return the messages with a character outside the armour's alphabet, in any place."""
    bad = np.concatenate([[0], np.cumsum(SEXTET[payloads.octets] == INVALID, dtype=np.int32)])
    return bad[payloads.end] > bad[payloads.start]


def _keep(frame: pl.DataFrame, tally: Tally) -> pl.LazyFrame:
    """Return the rows that are positions of a mover at a time; counts the others under the first reason."""
    mmsi = pl.col("mmsi")
    no_time = pl.when(pl.col("time").is_null()).then(pl.lit(Reason.NO_TIME.value))
    frame = frame.with_columns(
        pl.coalesce(
            ais_fields.identity_reason(mmsi), ais_fields.position_reason(pl.col("lat"), pl.col("lon")), no_time
        ).alias("reason")
    )
    for reason, rows in frame["reason"].drop_nulls().value_counts().rows():
        tally.reject(Reason(reason), rows)
    return (
        frame.lazy()
        .filter(pl.col("reason").is_null())
        .with_columns(
            ais_fields.mover(mmsi).alias("mover"),
            pl.when(pl.col("type") == 9).then(pl.lit("aircraft")).otherwise(ais_fields.kind(mmsi)).alias("kind"),
            ais_fields.status(pl.col("status")).alias("status"),
            ais_fields.course_deg(pl.col("course_deg")).alias("course_deg"),
            pl.when(pl.col("altitude_m").is_not_null()).then("altitude_datum").alias("altitude_datum"),
        )
    )
