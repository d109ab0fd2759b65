"""Goal: identities name the state that the ITU and ICAO tables name, and no other.

Method: examples from the tables; the inverse functions against the forward ones, exhaustively and by
property; and two independent readers of the same tables (pyais for the digits, rs1090 for the addresses).
"""

from __future__ import annotations

from itertools import pairwise

import pytest
import rs1090
from hypothesis import given
from hypothesis import strategies as st
from pyais.util import COUNTRY_MAPPING  # type: ignore[attr-defined] # a table without __all__

from detente.notices.allocations import ADDRESS_BLOCKS, MARITIME_DIGITS, MILITARY_BLOCKS
from detente.notices.parties import (
    LAST_ADDRESS,
    LAST_MMSI,
    STATES,
    StationClass,
    addresses_of_state,
    military_block,
    mmsi_of_state,
    state_of_icao24,
    state_of_mmsi,
    station_class,
)


@pytest.mark.parametrize(
    ("mmsi", "state", "form"),
    [
        (219_000_001, "DK", StationClass.SHIP),
        (273_123_456, "RU", StationClass.SHIP),
        (366_000_000, "US", StationClass.SHIP),
        (369_999_999, "US", StationClass.SHIP),
        (338_000_000, "US", StationClass.SHIP),
        (230_000_000, "FI", StationClass.SHIP),
        (235_070_762, "GB", StationClass.SHIP),
        (775_000_000, "VE", StationClass.SHIP),
        (2_190_064, "DK", StationClass.COAST),  # 002190064
        (23_012_345, "FI", StationClass.GROUP),  # 023012345
        (111_232_500, "GB", StationClass.SAR_AIRCRAFT),
        (992_351_000, "GB", StationClass.AID_TO_NAVIGATION),
        (982_111_111, "DE", StationClass.CRAFT),
        (827_300_001, "RU", StationClass.HANDHELD),
        (970_273_001, "", StationClass.SART),  # 273 stands in the maker's place here
        (972_219_000, "", StationClass.MAN_OVERBOARD),
        (974_219_000, "", StationClass.EPIRB),
        (299_000_000, "", StationClass.SHIP),  # not allocated
        (123_456_789, "", StationClass.UNKNOWN),
        (0, "", StationClass.COAST),
        (-1, "", StationClass.UNKNOWN),
        (LAST_MMSI + 1, "", StationClass.UNKNOWN),
    ],
)
def test_every_class_of_mmsi_names_its_state(mmsi, state, form):
    assert (state_of_mmsi(mmsi), station_class(mmsi)) == (state, form)


@pytest.mark.parametrize(
    ("address", "state"),
    [
        (0x4CA1B2, "IE"),
        (0x3C0000, "DE"),
        (0x3FFFFF, "DE"),
        (0x140000, "RU"),
        (0x157FFF, "RU"),
        (0x100000, "RU"),
        (0x1FFFFF, "RU"),
        (0xA00000, "US"),
        (0xAE1234, "US"),
        (0xAFFFFF, "US"),
        (0x400000, "GB"),
        (0x43FFFF, "GB"),
        (0x458000, "DK"),
        (0x0043FF, "ZW"),
        (0x004400, ""),  # Zimbabwe has 1,024 addresses
        (0x502BFF, ""),
        (0x502C00, "LV"),
        (0x899000, "TW"),
        (0x000000, ""),
        (0x003FFF, ""),
        (0xB00000, ""),
        (LAST_ADDRESS, ""),
        (-1, ""),
        (LAST_ADDRESS + 1, ""),
    ],
)
def test_an_aircraft_address_names_the_state_of_its_block(address, state):
    assert state_of_icao24(address) == state


def test_blocks_stand_in_order_and_none_overlaps():
    for ends in ([block[:2] for block in ADDRESS_BLOCKS], [block[:2] for block in MILITARY_BLOCKS]):
        for (first, last), (following, _) in pairwise(ends):
            assert 0 <= first <= last < following <= LAST_ADDRESS


def test_blocks_are_as_large_and_as_aligned_as_the_table_makes_them():
    for block in ADDRESS_BLOCKS:
        size = block.last - block.first + 1
        assert size in {0x400, 0x1000, 0x8000, 0x40000, 0x100000}
        assert block.first % size == 0, block


def test_every_military_block_lies_in_its_states_block_and_says_where_it_is_from():
    for block in MILITARY_BLOCKS:
        assert state_of_icao24(block.first) == state_of_icao24(block.last) == block.state
        assert block.source
        assert block.confidence in {"derived", "observed"}


@pytest.mark.parametrize(
    ("address", "state"), [(0xADF7C7, None), (0xADF7C8, "US"), (0xAE0001, "US"), (0x43C123, "GB"), (0, None)]
)
def test_a_well_known_military_block_is_found_and_its_neighbour_is_not(address, state):
    block = military_block(address)
    assert (block and block.state) == state


def test_the_digits_agree_with_pyais_except_where_its_table_is_coarser():
    # pyais writes AQ for French sectors of Antarctica, IO for Ascension and UK for the Falklands
    coarser = {501, 608, 618, 635, 740}
    theirs = {digits: names[0] for digits, names in COUNTRY_MAPPING.items() if digits not in coarser}
    assert {digits: MARITIME_DIGITS.get(digits) for digits in theirs} == theirs


def test_every_block_agrees_with_rs1090():
    for block in ADDRESS_BLOCKS:
        flag = "".join(chr(0x1F1E6 + ord(letter) - ord("A")) for letter in block.state)
        for address in (block.first, block.last):
            assert rs1090.aircraft_information(f"{address:06x}")["flag"] == flag, block


@given(st.integers(0, LAST_MMSI))
def test_the_runs_of_a_state_hold_exactly_its_mmsi(mmsi):
    state = state_of_mmsi(mmsi)
    holders = {
        name for name in ("DK", "RU", "GB", state) if any(a <= mmsi <= b for a, b in mmsi_of_state(name))
    } - {""}
    assert holders == ({state} if state else set())


def test_each_state_owns_the_ends_of_its_runs_and_nothing_beside_them():
    for state in sorted(STATES):
        for first, last in mmsi_of_state(state):
            assert state_of_mmsi(first) == state_of_mmsi(last) == state
        for first, last in addresses_of_state(state):
            assert state_of_icao24(first) == state_of_icao24(last) == state
            assert state_of_icao24(first - 1) != state
            assert state_of_icao24(last + 1) != state


def test_codes_are_two_capital_letters_and_an_unknown_one_has_nothing():
    assert all(len(state) == 2 and state.isascii() and state.isupper() for state in STATES)
    assert mmsi_of_state("XX") == addresses_of_state("XX") == ()
