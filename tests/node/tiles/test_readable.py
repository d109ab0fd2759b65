"""How much of a log may be shown to whom: as a bundle would bring it, and of the own log what the head file holds."""

from __future__ import annotations

import copy

from detente.line.effects import HeadFile
from detente.line.load import load
from detente.line.state import Settings, State
from detente.node.tiles.log_tiles import readable_upto
from tests.line.cast import consent, exchange, line_of, next_run, origin_of, say, settle, successor
from tests.line.memory import Host


def from_the_disk(host: Host) -> State:
    """The memory of a host's line as a reader beside it loads it."""
    return load(host.member.name, host.store, Settings())


def test_a_party_reads_the_epochs_in_which_it_has_a_seat() -> None:
    hosts = line_of("east", "north", "west")
    west, east, north = hosts["west"], hosts["east"], hosts["north"]
    for host in hosts.values():
        say(host, "one")
    settle(hosts.values())
    opening = successor(west, ["east", "west"])
    for host in (west, east):
        consent(host, opening)
    exchange(west, east, 2)
    say(east, "without north")
    exchange(east, west, 2)
    state = from_the_disk(west)
    first, second = origin_of(east), origin_of(east, epoch=2)
    for party, of_first, of_second in (("north", 1, 0), ("west", 1, 2), ("nobody", 0, 0), (None, 1, 2)):
        assert readable_upto(state, first, None, party) == of_first, party
        assert readable_upto(state, second, None, party) == of_second, party
    assert readable_upto(state, second._replace(generation=1), None, None) == 0
    assert readable_upto(state, second._replace(epoch=3), None, None) == 0
    assert readable_upto(state, second._replace(member="north"), None, None) == 0
    assert readable_upto(from_the_disk(north), second, None, None) == 0


def test_of_the_own_log_only_what_the_head_file_holds() -> None:
    hosts = line_of("east", "west")
    west = hosts["west"]
    for text in ("one", "two", "three"):
        say(west, text)
    state, own = from_the_disk(west), origin_of(west)
    for party in ("east", None):
        assert readable_upto(state, own, None, party) == 0
        assert readable_upto(state, own, HeadFile({}, {}), party) == 0
        assert readable_upto(state, own, HeadFile({own: (2, b"")}, {}), party) == 2
        assert readable_upto(state, own, HeadFile({own: (9, b"")}, {}), party) == 3


def test_a_restored_home_shows_of_its_own_what_was_there_before_it_asked() -> None:
    hosts = line_of("east", "west")
    west, east = hosts["west"], hosts["east"]
    say(west, "one")
    exchange(west, east)
    yesterday = copy.deepcopy(west.store)
    say(west, "two")
    again = next_run(west, yesterday, restored=True)
    state, own = from_the_disk(again), origin_of(again)
    assert state.challenging
    state.withheld = {own: 1}
    heads = HeadFile({own: (2, b"")}, {})
    assert readable_upto(state, own, heads, "east") == 1
    state.logs[own].durable = 5  # what it wrote meanwhile waits for its mirrors
    assert readable_upto(state, own, HeadFile({own: (5, b"")}, {}), "east") == 1
