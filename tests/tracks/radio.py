"""What the tests of radio formats share: inputs in memory, sentences with checksums, and reading them all."""

from __future__ import annotations

import gzip
import io
import tempfile
from dataclasses import dataclass
from dataclasses import field as field_
from functools import reduce
from pathlib import Path
from typing import BinaryIO

import polars as pl

from detente.tracks.readers import HEAD_BYTES, Options, Reader
from detente.tracks.reasons import Tally
from detente.tracks.schema import SCHEMA, check


@dataclass(frozen=True)
class Bytes:
    """A source whose bytes are given."""

    data: bytes
    name: str = "input"
    cut_short: bool = False
    _written: list[Path] = field_(default_factory=list)

    @property
    def head(self) -> bytes:
        return self.data[:HEAD_BYTES]

    def open(self) -> BinaryIO:
        return io.BytesIO(self.data)

    def path(self) -> Path:
        if not self._written:
            with tempfile.NamedTemporaryFile(delete=False) as file:
                file.write(self.data)
            self._written.append(Path(file.name))
        return self._written[0]

    def forget(self) -> None:
        """Remove the file that ``path`` wrote."""
        while self._written:
            self._written.pop().unlink()


def of_file(path: Path) -> Bytes:
    data = path.read_bytes()
    return Bytes(gzip.decompress(data) if path.suffix == ".gz" else data, path.name)


def read_all(reader: Reader, source: Bytes | bytes, options: Options | None = None) -> tuple[pl.DataFrame, Tally]:
    """Read everything; holds that every row read is yielded or rejected, and that the columns are the table's."""
    tally = Tally()
    frames = []
    yielded = 0
    source = Bytes(source) if isinstance(source, bytes) else source
    for frame in reader.read(source, options or Options(), tally):
        check(frame.lazy())
        yielded += len(frame)
        assert yielded == tally.kept
        frames.append(frame)
    assert yielded == tally.kept
    return pl.concat(frames) if frames else pl.DataFrame(schema=SCHEMA), tally


def counted(tally: Tally) -> dict[str, int]:
    """Return the rejections by name."""
    return {reason.value: rows for reason, rows in sorted(tally.rejected.items()) if rows}


def sentence(body: str, opening: str = "!") -> str:
    """Return an NMEA sentence with its checksum."""
    return f"{opening}{body}*{reduce(lambda a, b: a ^ b, body.encode('latin-1'), 0):02X}"


def tag_block(body: str) -> str:
    """Return a tag block with its checksum."""
    return f"\\{body}*{reduce(lambda a, b: a ^ b, body.encode(), 0):02X}\\"


def armoured(bits: str) -> tuple[str, int]:
    """Return (payload, fill bits) of a string of binary digits."""
    fill = -len(bits) % 6
    bits += "0" * fill
    values = [int(bits[at : at + 6], 2) for at in range(0, len(bits), 6)]
    return "".join(chr(value + 48 if value < 40 else value + 56) for value in values), fill


def field(value: int, bits: int) -> str:
    """Return a number as binary digits, two's complement when negative."""
    return f"{value & ((1 << bits) - 1):0{bits}b}"


def class_a(
    mmsi: int = 219_000_001,
    *,
    lat: float = 55.0,
    lon: float = 12.0,
    second: int = 10,
    speed: int = 100,
    course: int = 900,
    status: int = 0,
    kind: int = 1,
) -> str:
    """Return message 1, 2 or 3 as a sentence."""
    bits = field(kind, 6) + field(0, 2) + field(mmsi, 30) + field(status, 4) + field(0, 8) + field(speed, 10)
    bits += "0" + field(round(lon * 600_000), 28) + field(round(lat * 600_000), 27)
    bits += field(course, 12) + field(511, 9) + field(second, 6) + "0" * 25
    payload, fill = armoured(bits)
    return sentence(f"AIVDM,1,1,,A,{payload},{fill}")


def static(mmsi: int = 219_000_001, name: str = "MERMAID", *, sequence: int = 3) -> list[str]:
    """Return message 5 with a name as its two sentences."""
    letters = "@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_ !\"#$%&'()*+,-./0123456789:;<=>?"
    text = "".join(field(letters.index(letter), 6) for letter in name.ljust(20, "@"))
    bits = field(5, 6) + "00" + field(mmsi, 30) + "0" * 74 + text
    payload, fill = armoured(bits.ljust(424, "0"))
    return [
        sentence(f"AIVDM,2,1,{sequence},A,{payload[:60]},0"),
        sentence(f"AIVDM,2,2,{sequence},A,{payload[60:]},{fill}"),
    ]


def beast(message: bytes, ticks: int, *, kind: bytes | None = None) -> bytes:
    """Return a Beast frame, escaped."""
    kind = kind or {2: b"1", 7: b"2", 14: b"3"}[len(message)]
    body = ticks.to_bytes(6, "big") + b"\x50" + message
    return b"\x1a" + kind + body.replace(b"\x1a", b"\x1a\x1a")
