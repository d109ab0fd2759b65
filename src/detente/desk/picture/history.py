"""Where movers were, for the replay and the trails: two rings of packed positions, bounded in bytes.

The fine ring keeps a mover's position at most every 10 seconds, the coarse one at most every minute; each forgets its
oldest. A replay reads the coarse one for what the fine one has forgotten.
"""

from __future__ import annotations

import struct
from collections import OrderedDict
from collections.abc import Iterable, Iterator

import msgspec

from detente.desk.picture.documents import Mover

__all__ = ["COARSE_MS", "FINE_MS", "HISTORY_BYTES_MAX", "IDENTITIES_MAX", "SEEN_MS", "History"]

HISTORY_BYTES_MAX = 64_000_000
"""Bytes of each of the two rings of positions."""
IDENTITIES_MAX = 100_000
"""Movers with a name that positions of the past can have; those seen longest ago give way, and their past with them."""
FINE_MS = 10_000
COARSE_MS = 60_000
SEEN_MS = 10 * 60_000
"""A frame of the replay shows a mover whose last position before it is no older than this."""

# who, when, longitude and latitude in 1e-7 degrees, altitude, speed, course, heading, vertical rate
_ROW = struct.Struct("<IQiiiHHHh")
_NONE_16, _NONE_ALTITUDE, _NONE_RATE = 0xFFFF, -(2**31), -(2**15)


class _Ring:
    """Rows in the order in which they came; the oldest are overwritten."""

    def __init__(self, size_max: int) -> None:
        self._rows = max(1, size_max // _ROW.size)
        self._octets = bytearray()
        self._next = 0
        self._full = False

    def append(self, row: bytes) -> None:
        if not self._full:
            self._octets += row
            self._full = len(self._octets) >= self._rows * _ROW.size
        else:
            at = self._next * _ROW.size
            self._octets[at : at + _ROW.size] = row
        self._next = (self._next + 1) % self._rows

    def rows(self) -> Iterator[tuple[int, ...]]:
        octets = bytes(self._octets)
        cut = self._next * _ROW.size if self._full else 0
        yield from _ROW.iter_unpack(octets[cut:])
        yield from _ROW.iter_unpack(octets[:cut])

    def oldest_ms(self) -> int | None:
        if not self._octets:
            return None
        at = self._next * _ROW.size if self._full else 0
        return int(_ROW.unpack_from(self._octets, at)[1])


class History:
    """Positions of the past, thinned; the same documents as live come out of it."""

    def __init__(self, bytes_max: int = HISTORY_BYTES_MAX, identities_max: int = IDENTITIES_MAX) -> None:
        self._fine, self._coarse = _Ring(bytes_max), _Ring(bytes_max)
        self._identities_max = identities_max
        self._numbers: OrderedDict[Mover, int] = OrderedDict()  # an identity is a mover without its position
        self._identities: dict[int, Mover] = {}
        self._last: dict[int, tuple[int, int]] = {}
        self._by_id: dict[str, int] = {}
        self._count = 0

    def keep(self, movers: Iterable[Mover]) -> None:
        """Keep positions; those that come sooner after the last one than the ring is fine are left out."""
        for mover in movers:
            who = self._by_id.get(mover.id)
            if who is not None and mover.at_ms - self._last[who][0] < FINE_MS:
                continue  # whatever else changed: the next position that is kept shows it
            who = self._who(mover)
            fine_ms, coarse_ms = self._last.get(who, (-FINE_MS, -COARSE_MS))
            is_fine, is_coarse = mover.at_ms - fine_ms >= FINE_MS, mover.at_ms - coarse_ms >= COARSE_MS
            row = _packed(who, mover)
            if is_fine:
                self._fine.append(row)
                fine_ms = mover.at_ms
            if is_coarse:
                self._coarse.append(row)
                coarse_ms = mover.at_ms
            self._last[who] = (fine_ms, coarse_ms)
            self._by_id[mover.id] = who

    def kept_from_ms(self) -> int | None:
        """Return the moment of the oldest position, None when there is none."""
        return self._coarse.oldest_ms()

    def frames(self, moments_ms: list[int]) -> list[tuple[int, tuple[Mover, ...]]]:
        """Return for each moment, in rising order, every mover as it was last known then."""
        if not moments_ms:
            return []
        rows = self._between(moments_ms[0] - SEEN_MS, moments_ms[-1])
        newest: OrderedDict[str, tuple[int, ...]] = OrderedDict()
        found = []
        at = 0
        for moment_ms in moments_ms:
            while at < len(rows) and rows[at][1] <= moment_ms:
                identity = self._identities[rows[at][0]].id
                newest[identity] = rows[at]
                newest.move_to_end(identity)
                at += 1
            while newest and next(iter(newest.values()))[1] < moment_ms - SEEN_MS:
                newest.popitem(last=False)
            found.append((moment_ms, tuple(self._unpacked(row) for row in newest.values())))
        return found

    def trails(
        self, ids: Iterable[str], from_ms: int, until_ms: int
    ) -> dict[str, list[tuple[float, float, int]]]:
        """Return the kept positions of these movers between two moments, oldest first."""
        found: dict[str, list[tuple[float, float, int]]] = {name: [] for name in ids}
        wanted = {who: one.id for who, one in self._identities.items() if one.id in found}
        for row in self._between(from_ms, until_ms, set(wanted)):
            found[wanted[row[0]]].append((row[2] / 1e7, row[3] / 1e7, row[1]))
        return found

    def _between(self, from_ms: int, until_ms: int, who: set[int] | None = None) -> list[tuple[int, ...]]:
        fine_from_ms = self._fine.oldest_ms()
        rows = []
        if fine_from_ms is None or from_ms < fine_from_ms:
            edge_ms = until_ms + 1 if fine_from_ms is None else fine_from_ms
            rows = [row for row in self._coarse.rows() if row[1] < edge_ms]
        rows += self._fine.rows()
        chosen = [
            row
            for row in rows
            if from_ms <= row[1] <= until_ms
            and (row[0] in who if who is not None else row[0] in self._identities)
        ]
        chosen.sort(key=lambda row: row[1])
        return chosen

    def _who(self, mover: Mover) -> int:
        identity = msgspec.structs.replace(
            mover, lon_deg=0.0, lat_deg=0.0, altitude_m=None, speed_kn=None, course_deg=None, heading_deg=None,
            vertical_rate_ftmin=None, at_ms=0,
        )  # fmt: skip
        who = self._numbers.get(identity)
        if who is None:
            self._count = (self._count + 1) % 2**32
            who = self._numbers[identity] = self._count
            self._identities[who] = identity
            if len(self._numbers) > self._identities_max:
                left, gone = self._numbers.popitem(last=False)
                del self._identities[gone]
                del self._last[gone]
                if self._by_id.get(left.id) == gone:
                    del self._by_id[left.id]
        else:
            self._numbers.move_to_end(identity)
        return who

    def _unpacked(self, row: tuple[int, ...]) -> Mover:
        who, at_ms, lon, lat, altitude, speed, course, heading, rate = row
        return msgspec.structs.replace(
            self._identities[who],
            at_ms=at_ms,
            lon_deg=lon / 1e7,
            lat_deg=lat / 1e7,
            altitude_m=None if altitude == _NONE_ALTITUDE else float(altitude),
            speed_kn=None if speed == _NONE_16 else speed / 10,
            course_deg=None if course == _NONE_16 else course / 100,
            heading_deg=None if heading == _NONE_16 else heading / 100,
            vertical_rate_ftmin=None if rate == _NONE_RATE else rate * 10.0,
        )


def _packed(who: int, mover: Mover) -> bytes:
    rate = _NONE_RATE if mover.vertical_rate_ftmin is None else round(mover.vertical_rate_ftmin / 10)
    return _ROW.pack(
        who,
        mover.at_ms,
        round(mover.lon_deg * 1e7),
        round(mover.lat_deg * 1e7),
        _NONE_ALTITUDE if mover.altitude_m is None else round(mover.altitude_m),
        _NONE_16 if mover.speed_kn is None else min(round(mover.speed_kn * 10), _NONE_16 - 1),
        _NONE_16 if mover.course_deg is None else round(mover.course_deg * 100),
        _NONE_16 if mover.heading_deg is None else round(mover.heading_deg * 100),
        max(min(rate, 2**15 - 1), -(2**15)),
    )
