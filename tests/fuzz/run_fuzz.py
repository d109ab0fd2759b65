"""Fuzz one reader of tracks: ``python tests/fuzz/run_fuzz.py READER --runs N``; READER may be ``every``.

Every input must be read or refused with a TrackMistake, and yielded + rejected = read; anything else is a crash,
as is more memory than RESIDENT_MIB. Inputs of Mode S and NMEA are given a right checksum
when their length is odd, so that what lies behind the checksum is reached. Deterministic for a seed.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import warnings
from datetime import UTC, datetime
from functools import reduce
from pathlib import Path

import atheris

with atheris.instrument_imports(  # type: ignore[attr-defined] # its stub omits it
    include=["detente.tracks"]
):
    from detente.tracks import detect
    from detente.tracks.errors import TrackMistake
    from detente.tracks.readers import Options
    from detente.tracks.reasons import Tally

from tests.tracks.radio import Bytes

RESIDENT_MIB = 1024
LONGEST = 4096
CORPUS = Path(__file__).parent / "corpus"
HEADED = ("ais_dma", "ais_noaa")
"""Readers that count on the header by which they were chosen; the others are given everything."""
START = datetime(2024, 1, 1, tzinfo=UTC)


def main() -> None:
    """Parse, and hand over to libFuzzer, which ends the process."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("reader", choices=[*detect.READERS, "every"])
    parser.add_argument("--runs", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=int, default=0, help="end after this time too; 0: only after the runs")
    chosen = parser.parse_args()
    if chosen.reader == "every":
        sys.exit(_every(sys.argv[2:]))
    warnings.simplefilter("error")
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    reader = detect.reader(chosen.reader)
    found = tempfile.mkdtemp()

    def one(data: bytes) -> None:
        _read(chosen.reader, reader, _with_checksums(data, chosen.reader) if len(data) % 2 else data)

    arguments = [
        sys.argv[0],
        f"-runs={chosen.runs}",
        f"-seed={chosen.seed}",
        f"-max_len={LONGEST}",
        f"-rss_limit_mb={RESIDENT_MIB}",
        "-timeout=20",
        f"-max_total_time={chosen.seconds}",
        "-verbosity=0",
        f"-artifact_prefix={found}/",
        found,
        str(CORPUS / chosen.reader),
    ]
    atheris.Setup(arguments, one)  # type: ignore[attr-defined] # its stub omits both
    atheris.Fuzz()  # type: ignore[attr-defined]


def _every(options: list[str]) -> int:
    """Fuzz one reader after the other, each in a process of its own; returns how many failed."""
    failed = 0
    for name in detect.READERS:
        done = subprocess.run([sys.executable, __file__, name, *options], check=False)
        print(f"{name}: {'failed' if done.returncode else 'no fault'}", flush=True)  # noqa: T201 - its work
        failed += done.returncode != 0
    return failed


def _read(name: str, reader: object, data: bytes) -> None:
    tally = Tally()
    source = Bytes(data)
    yielded = 0
    recognised = reader.recognises(data)  # type: ignore[attr-defined]
    if not recognised and name in HEADED:
        return
    try:
        for frame in reader.read(source, Options(start=START), tally):  # type: ignore[attr-defined]
            yielded += len(frame)
            if yielded != tally.kept:
                raise AssertionError((yielded, tally.as_dict()))
        if yielded != tally.kept:
            raise AssertionError((yielded, tally.as_dict()))
    except TrackMistake:
        pass
    finally:
        source.forget()


def _with_checksums(data: bytes, reader: str) -> bytes:
    """Return the input with right checksums where its format has them; else without its middle."""
    if reader == "ais_nmea":
        return b"\n".join(_line_with_checksum(line) for line in data.split(b"\n"))
    if reader == "adsb_beast":
        return b"".join(_squitter(data[at : at + 11], at) for at in range(0, len(data), 11))
    return data[: len(data) // 3] + data[len(data) // 2 :]


def _line_with_checksum(line: bytes) -> bytes:
    start, star = line.rfind(b"!"), line.rfind(b"*")
    if start < 0 or star < start:
        return line
    total = reduce(lambda a, b: a ^ b, line[start + 1 : star], 0)
    return line[: star + 1] + b"%02X" % total + line[star + 3 :]


def _squitter(body: bytes, at: int) -> bytes:
    """Return an extended squitter with these bytes and the right parity, framed."""
    body = body.ljust(11, b"\0")
    body = bytes([0x88 | body[0] & 0x17]) + body[1:]
    value = int.from_bytes(body, "big") << 24
    for bit in range(111, 23, -1):
        if value >> bit & 1:
            value ^= 0x1FFF409 << (bit - 24)
    message = body + value.to_bytes(3, "big")
    ticks = (1_000_000 + at * 100_000).to_bytes(6, "big")
    return b"\x1a3" + (ticks + b"\x50" + message).replace(b"\x1a", b"\x1a\x1a")


if __name__ == "__main__":
    os.environ.setdefault("POLARS_MAX_THREADS", "1")
    main()
