"""Numbers of movers in a window: neighbours have near ones, and text still tells which of two is a."""

from __future__ import annotations

import numpy as np

from detente.encounters.intake import Fixes, Movers
from detente.encounters.numbering import Numbering

EARTH_M = 6_371_000.0
NOTHING = np.empty(0, np.float32)


def fixes_at(codes: list[int], east_m: list[float], north_m: list[float]) -> Fixes:
    """Fixes near where the equator and the zero meridian meet."""
    count = len(codes)
    return Fixes(
        code=np.array(codes, np.int32),
        time_us=np.arange(count),
        rc_m=NOTHING,
        age_s=NOTHING,
        mark=np.zeros(count, np.uint8),
        points=np.column_stack([np.full(count, EARTH_M), east_m, north_m, np.zeros(count)]),
    )


def test_movers_of_one_port_have_numbers_side_by_side() -> None:
    movers = Movers(ids=[f"s{code}" for code in range(8)])
    # by code the two ports take turns
    near = fixes_at(list(range(8)), [code % 2 * 90_000.0 + code for code in range(8)], [0.0] * 8)
    numbered = Numbering(movers).of(near, np.empty((0, 2), np.int64))
    ports = numbered.code_of % 2
    assert np.count_nonzero(np.diff(ports)) == 1
    assert sorted(numbered.code_of) == list(range(8))
    assert numbered.number_of[numbered.code_of].tolist() == list(range(8))


def test_the_order_as_text_outlasts_new_movers() -> None:
    movers = Movers(ids=["b", "d"])
    numbering = Numbering(movers)
    first = numbering.of(fixes_at([0, 1], [90_000.0, 0.0], [0.0, 0.0]), np.empty((0, 2), np.int64))
    assert first.rank[first.number_of].tolist() == [0, 1]
    movers.ids += ["c", "a"]
    # b has no fix here, but an encounter that goes on
    later = numbering.of(fixes_at([3, 1, 2], [0.0, 5.0, 90_000.0], [0.0] * 3), np.array([[0, 1]]))
    assert sorted(later.code_of) == [0, 1, 2, 3]
    assert [movers.ids[code] for code in later.code_of[np.argsort(later.rank)]] == ["a", "b", "c", "d"]
