"""Where the capitals of states lie, to the degree: enough to notice that a place was written the wrong way round."""

from __future__ import annotations

__all__ = ["CAPITALS"]

_DEGREES = """
AD 42 2 | AL 41 20 | AM 40 45 | AT 48 16 | AU -35 149 | AZ 40 50 | BA 44 18 | BE 51 4 | BG 43 23 | BY 54 28
CA 45 -76 | CH 47 7 | CN 40 116 | CY 35 33 | CZ 50 14 | DE 53 13 | DK 56 13 | EE 59 25 | EG 30 31 | ES 40 -4
FI 60 25 | FR 49 2 | GB 51 0 | GE 42 45 | GR 38 24 | HR 46 16 | HU 48 19 | IE 53 -6 | IL 32 35 | IN 29 77
IR 36 51 | IS 64 -22 | IT 42 12 | JP 36 140 | KG 43 75 | KP 39 126 | KR 38 127 | KZ 51 71 | LI 47 10 | LT 55 25
LU 50 6 | LV 57 24 | MC 44 7 | MD 47 29 | ME 42 19 | MK 42 21 | MN 48 107 | MT 36 15 | NL 52 5 | NO 60 11
PK 34 73 | PL 52 21 | PT 39 -9 | RO 44 26 | RS 45 20 | RU 56 38 | SE 59 18 | SI 46 15 | SK 48 17 | SM 44 12
SY 34 36 | TJ 39 69 | TM 38 58 | TR 40 33 | UA 50 31 | US 39 -77 | UZ 41 69 | VA 42 12
"""

CAPITALS: dict[str, tuple[int, int]] = {
    state: (int(lat), int(lon))
    for state, lat, lon in (entry.split() for entry in _DEGREES.replace("\n", "|").split("|") if entry.strip())
}
"""ISO 3166-1 code -> latitude and longitude of the capital in whole degrees; states without an entry are not judged."""
