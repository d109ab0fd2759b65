"""What receivers give of a scenario's movers: AIS sentences of ships, and a readsb-shaped document of aircraft.

Written only, never read: what reads radio is the watch, and it must take these as it takes a stranger's.
"""

from __future__ import annotations

from typing import Any

from detente.notices.quantities import FOOT_M
from detente.scenario.ways import Place

__all__ = ["aircraft_json", "position_sentence", "static_sentences"]

_LETTERS = "@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_ !\"#$%&'()*+,-./0123456789:;<=>?"
_PART_LETTERS = 60
_UNDER_WAY, _MOORED = 0, 5
_WARSHIP, _CARGO = 35, 70


class _Bits:
    """Bits of a message, most significant first."""

    def __init__(self) -> None:
        self._text = ""

    def number(self, value: int, width: int) -> _Bits:
        """Add a whole number in two's complement."""
        self._text += format(value & ((1 << width) - 1), f"0{width}b")
        return self

    def words(self, text: str, letters: int) -> _Bits:
        """Add six-bit text, filled up with @."""
        for letter in text.upper().ljust(letters, "@")[:letters]:
            self.number(max(_LETTERS.find(letter), 0), 6)
        return self

    def sentences(self, channel: str, group: int) -> list[str]:
        """Return the sentences that carry the message. group: tells several sentences of one message apart, 0 to 9."""
        fill = -len(self._text) % 6
        bits = self._text + "0" * fill
        armoured = "".join(_armoured(int(bits[at : at + 6], 2)) for at in range(0, len(bits), 6))
        parts = [armoured[at : at + _PART_LETTERS] for at in range(0, len(armoured), _PART_LETTERS)]
        made = []
        for number, part in enumerate(parts, 1):
            of_group = str(group) if len(parts) > 1 else ""
            left = fill if number == len(parts) else 0
            made.append(_framed(f"AIVDM,{len(parts)},{number},{of_group},{channel},{part},{left}"))
        return made


def position_sentence(mmsi: int, place: Place, second: int, *, moored: bool = False) -> str:
    """Return a ship's position report (message 1). second: of the minute in which the position was taken."""
    bits = _Bits().number(1, 6).number(0, 2).number(mmsi, 30).number(_MOORED if moored else _UNDER_WAY, 4)
    bits.number(-128, 8).number(round(place.speed_kn * 10), 10).number(1, 1)
    bits.number(round(place.lon_deg * 600_000), 28).number(round(place.lat_deg * 600_000), 27)
    bits.number(round(place.course_deg * 10) % 3_600, 12).number(511, 9).number(second % 60, 6)
    bits.number(0, 2).number(0, 3).number(0, 1).number(0, 19)
    return bits.sentences("A", 0)[0]


def static_sentences(mmsi: int, name: str, *, is_warship: bool, group: int) -> list[str]:
    """Return what a ship says of itself (message 5)."""
    bits = _Bits().number(5, 6).number(0, 2).number(mmsi, 30).number(0, 2).number(0, 30).words("", 7)
    bits.words(name, 20).number(_WARSHIP if is_warship else _CARGO, 8).number(0, 30).number(1, 4)
    bits.number(0, 20).number(0, 8).words("", 20).number(0, 1).number(0, 1)
    return bits.sentences("A", group % 10)


def aircraft_json(seen: list[tuple[str, str, Place]], now_s: float, messages: int) -> dict[str, Any]:
    """Return readsb's aircraft.json of these: address, call sign and place of each; now_s: seconds since 1970."""
    return {
        "now": round(now_s, 1),
        "messages": messages,
        "aircraft": [
            {
                "hex": address,
                "flight": name[:8].ljust(8),
                "alt_baro": round((place.altitude_m or 0.0) / FOOT_M / 25.0) * 25,
                "gs": round(place.speed_kn, 1),
                "track": round(place.course_deg, 2) % 360.0,
                "baro_rate": round(place.climb_ftmin / 64.0) * 64,
                "lat": round(place.lat_deg, 6),
                "lon": round(place.lon_deg, 6),
                "nic": 8,
                "rc": 186,
                "seen_pos": 0.0,
                "seen": 0.0,
                "rssi": -20.0,
                "type": "adsb_icao",
            }
            for address, name, place in seen
        ],
    }


def _armoured(value: int) -> str:
    return chr(value + 48 if value < 40 else value + 56)


def _framed(inner: str) -> str:
    checksum = 0
    for octet in inner.encode("ascii"):
        checksum ^= octet
    return f"!{inner}*{checksum:02X}"
