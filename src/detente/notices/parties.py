"""Parties: which state a ship's or aircraft's radio identity belongs to, and whether it is military.

States are ISO 3166-1 alpha-2 codes, "" where the identity tells none. An identity is what a transmitter says
of itself: it can be wrong or false, and nothing here claims more than the allocation tables do.
"""

from __future__ import annotations

from bisect import bisect_right
from enum import StrEnum

from detente.notices.allocations import (
    ADDRESS_BLOCKS,
    MARITIME_DIGITS,
    MILITARY_BLOCKS,
    AddressBlock,
    MilitaryBlock,
)

__all__ = [
    "LAST_ADDRESS",
    "LAST_MMSI",
    "STATES",
    "AddressBlock",
    "MilitaryBlock",
    "StationClass",
    "addresses_of_state",
    "military_block",
    "mmsi_of_state",
    "state_of_icao24",
    "state_of_mmsi",
    "station_class",
]

STATES: frozenset[str] = frozenset(MARITIME_DIGITS.values()) | {block.state for block in ADDRESS_BLOCKS}
"""Every state or territory that the tables know."""
LAST_MMSI = 999_999_999
LAST_ADDRESS = 0xFFFFFF

_FIRST_ADDRESSES = [block.first for block in ADDRESS_BLOCKS]
_FIRST_MILITARY = [block.first for block in MILITARY_BLOCKS]


class StationClass(StrEnum):
    """What kind of station an MMSI stands for (Recommendation ITU-R M.585-9, Annex 1 and 2)."""

    SHIP = "ship"  # MIDxxxxxx
    GROUP = "group"  # 0MIDxxxxx
    COAST = "coast"  # 00MIDxxxx
    SAR_AIRCRAFT = "sar_aircraft"  # 111MIDxxx
    HANDHELD = "handheld"  # 8MIDxxxxx
    CRAFT = "craft"  # 98MIDxxxx, associated with a parent ship
    AID_TO_NAVIGATION = "aid_to_navigation"  # 99MIDxxxx
    SART = "sart"  # 970yyxxxx: yy is a maker, no state
    MAN_OVERBOARD = "man_overboard"  # 972yyxxxx
    EPIRB = "epirb"  # 974yyxxxx
    UNKNOWN = "unknown"


# leading digits and the class; the MID follows directly, longer leads stand before shorter ones
_FORMS = (
    ("111", StationClass.SAR_AIRCRAFT),
    ("970", StationClass.SART),
    ("972", StationClass.MAN_OVERBOARD),
    ("974", StationClass.EPIRB),
    ("00", StationClass.COAST),
    ("98", StationClass.CRAFT),
    ("99", StationClass.AID_TO_NAVIGATION),
    ("0", StationClass.GROUP),
    ("8", StationClass.HANDHELD),
)
_WITHOUT_STATE = (StationClass.SART, StationClass.MAN_OVERBOARD, StationClass.EPIRB)


def station_class(mmsi: int) -> StationClass:
    """Return what kind of station a nine-digit MMSI stands for; leading zeros are part of the nine digits."""
    return _parts(mmsi)[0]


def state_of_mmsi(mmsi: int) -> str:
    """Return the state that the MMSI's maritime identification digits belong to.

    mmsi: 0 to 999,999,999; a coast station's 002191000 is 2191000. "" for anything else, for unallocated
    digits, and for distress transmitters (970, 972, 974), whose digits name a maker and no state.
    """
    return MARITIME_DIGITS.get(_parts(mmsi)[1], "")


def _parts(mmsi: int) -> tuple[StationClass, int]:
    """Return the class and the maritime identification digits, 0 where the class has none."""
    if not 0 <= mmsi <= LAST_MMSI:
        return StationClass.UNKNOWN, 0
    digits = f"{mmsi:09d}"
    if "2" <= digits[0] <= "7":
        return StationClass.SHIP, int(digits[:3])
    for lead, form in _FORMS:
        if digits.startswith(lead):
            return form, 0 if form in _WITHOUT_STATE else int(digits[len(lead) : len(lead) + 3])
    return StationClass.UNKNOWN, 0


def mmsi_of_state(state: str) -> tuple[tuple[int, int], ...]:
    """Return the runs (first, last; both included) of all MMSI whose state_of_mmsi is this state, in order."""
    runs = []
    for digits, holder in MARITIME_DIGITS.items():
        if holder != state:
            continue
        for lead, form in (("", StationClass.SHIP), *_FORMS):
            if form not in _WITHOUT_STATE:
                size = 10 ** (6 - len(lead))
                first = int(f"{lead}{digits}") * size
                runs.append((first, first + size - 1))
    return tuple(sorted(runs))


def state_of_icao24(address: int) -> str:
    """Return the state that a 24-bit aircraft address is allocated to; "" where it is not allocated."""
    place = bisect_right(_FIRST_ADDRESSES, address) - 1
    return ADDRESS_BLOCKS[place].state if place >= 0 and address <= ADDRESS_BLOCKS[place].last else ""


def addresses_of_state(state: str) -> tuple[tuple[int, int], ...]:
    """Return the runs (first, last; both included) of 24-bit addresses allocated to a state, in order."""
    return tuple((block.first, block.last) for block in ADDRESS_BLOCKS if block.state == state)


def military_block(address: int) -> MilitaryBlock | None:
    """Return the well-known military block that a 24-bit address lies in, with its source and confidence.

    None says only that no such block is known: the aircraft may be military all the same. The source's own
    flag, where there is one, goes before.
    """
    place = bisect_right(_FIRST_MILITARY, address) - 1
    return MILITARY_BLOCKS[place] if place >= 0 and address <= MILITARY_BLOCKS[place].last else None
