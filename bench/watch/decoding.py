"""What live decoding and cleaning cost: 5,000 AIS sentences and 20,000 aircraft states a second, in CPU seconds.

The load is made first; then each second of it is pushed as the feeds push it (a fifth of a second of sentences, one
picture of aircraft) and cleaned in one go. Ships sail and aircraft fly, so that nearly every row is kept.

    python bench/watch/decoding.py --seconds 20
"""

from __future__ import annotations

import argparse
import sys
import time
from datetime import UTC, datetime, timedelta
from functools import reduce

import msgspec
import numpy as np
import polars as pl

from detente.tracks.live_ais import LiveAis
from detente.tracks.live_cleaning import LiveCleaner
from detente.tracks.live_decoding import Decoded
from detente.tracks.live_readsb import LiveReadsb

START = datetime(2026, 3, 1, tzinfo=UTC)
SENTENCES_PER_S, STATES_PER_S, PUSHES_PER_S = 5_000, 20_000, 5
SHIPS = 20_000
_ARMOUR = np.frombuffer(b"0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVW`abcdefghijklmnopqrstuvw", np.uint8)


def sentences(second: int, draw: np.random.Generator) -> list[bytes]:
    """Return one second of class A reports, cut as they are pushed; each ship reports every fourth second."""
    numbers = (np.arange(SENTENCES_PER_S) + second * SENTENCES_PER_S) % SHIPS
    lat = 54.0 + numbers / SHIPS * 6 + second * 1e-4
    lon = 10.0 + (numbers * 7919 % SHIPS) / SHIPS * 15
    bits = np.zeros((SENTENCES_PER_S, 168), np.uint8)
    for at, width, values in (
        (0, 6, np.ones(SENTENCES_PER_S, np.int64)),
        (8, 30, 219_000_000 + numbers),
        (50, 10, draw.integers(50, 200, SENTENCES_PER_S)),
        (61, 28, np.round(lon * 600_000).astype(np.int64)),
        (89, 27, np.round(lat * 600_000).astype(np.int64)),
        (116, 12, draw.integers(0, 3600, SENTENCES_PER_S)),
        (137, 6, np.full(SENTENCES_PER_S, second % 60)),
    ):
        bits[:, at : at + width] = (values[:, None] >> np.arange(width - 1, -1, -1)) & 1
    six = bits.reshape(SENTENCES_PER_S, 28, 6) @ np.array([32, 16, 8, 4, 2, 1])
    said = []
    for payload in _ARMOUR[six]:
        body = b"AIVDM,1,1,,A," + payload.tobytes() + b",0"
        said.append(b"!%s*%02X\r\n" % (body, reduce(lambda a, b: a ^ b, body, 0)))
    each = SENTENCES_PER_S // PUSHES_PER_S
    return [b"".join(said[at : at + each]) for at in range(0, SENTENCES_PER_S, each)]


def picture(second: int) -> bytes:
    """Return readsb's picture of one second, in which every aircraft has moved."""
    now = START.timestamp() + second
    aircraft = [
        {
            "hex": f"{0x400000 + number:06x}", "type": "adsb_icao", "flight": f"TST{number:05d}",
            "alt_baro": 30_000 + number % 50, "alt_geom": 30_500, "gs": 450.1, "track": number % 360 + 0.5,
            "baro_rate": 64, "squawk": "1000", "category": "A3", "nav_qnh": 1013.2,
            "lat": round(40 + number / STATES_PER_S * 20 + second * 0.002, 6), "lon": round(number % 977 * 0.03, 6),
            "nic": 8, "rc": 186, "seen_pos": 0.3, "version": 2, "messages": 100 + second, "seen": 0.1, "rssi": -20.1,
        }
        for number in range(STATES_PER_S)
    ]  # fmt: skip
    return msgspec.json.encode({"now": now, "messages": second, "aircraft": aircraft})


def main() -> int:
    """Measure and print one line a part; 1 when a row is unaccounted for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=20)
    seconds = parser.parse_args().seconds
    draw = np.random.default_rng(1972)
    load = [(sentences(second, draw), picture(second)) for second in range(seconds)]
    ais, readsb, cleaner = LiveAis("ais"), LiveReadsb("readsb"), LiveCleaner()
    spent = {"sentences": 0.0, "states": 0.0, "cleaning": 0.0}
    wall, received, slowest = 0.0, 0, 0.0
    for second, (pushes, document) in enumerate(load):
        now = START + timedelta(seconds=second + 1)
        begun = time.perf_counter()
        decoded: list[Decoded] = []
        start = time.process_time()
        decoded += [ais.push(push, now) for push in pushes]
        spent["sentences"] += time.process_time() - start
        start = time.process_time()
        decoded.append(readsb.push(document, now))
        spent["states"] += time.process_time() - start
        start = time.process_time()
        cleaner.push(pl.concat([rows for rows, _ in decoded]))
        spent["cleaning"] += time.process_time() - start
        received += sum(tally.rows for _, tally in decoded)
        took = time.perf_counter() - begun
        if second:  # the first one compiles
            wall, slowest = wall + took, max(slowest, took)
        else:
            spent = dict.fromkeys(spent, 0.0)
    measured = seconds - 1
    for part, cpu_s in spent.items():
        print(f"{part:10} {cpu_s / measured:.3f} CPU s a second of load")
    print(
        f"together   {sum(spent.values()) / measured:.3f} CPU s, {wall / measured:.3f} s by the clock, "
        f"most {slowest:.3f}"
    )
    print(f"received {received:,}, kept {cleaner.tally.kept:,}, rejected {dict(cleaner.tally.rejected)}")
    return int(received != seconds * (SENTENCES_PER_S + STATES_PER_S))


if __name__ == "__main__":
    sys.exit(main())
