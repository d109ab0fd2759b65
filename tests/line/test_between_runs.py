"""What the machine must know again when its program ends between two events, as every verb of a shell does."""

from __future__ import annotations

import copy
from typing import Any

from detente.line.load import join_parts
from detente.line.opening import first_opening
from detente.line.state import Direction, Run
from detente.line.watching import system_draft
from tests.line.memory import Host, Member, MemorySigner, MemoryStore


def pair() -> tuple[Host, Host]:
    west, east = Member.make("west"), Member.make("east")
    opening = first_opening("baltic", [west.ring, east.ring])
    hosts = []
    for member in (west, east):
        store = MemoryStore()
        store.apply(join_parts(opening, [west.ring, east.ring]))
        hosts.append(Host(member, store))
        hosts[-1].open()
    return hosts[0], hosts[1]


def next_run(host: Host, store: MemoryStore | None = None, **how: Any) -> Host:
    signer = MemorySigner(host.member)
    signer.head_file = host.signer.head_file
    fresh = Host(host.member, store or host.store, signer)
    fresh.now_ms = host.now_ms + 1000
    fresh.open(**how)
    return fresh


def exchange(one: Host, other: Host) -> None:
    other.take(one.bundle_for(other.member.name))
    one.take(other.bundle_for(one.member.name))


def test_a_start_that_changes_nothing_stores_nothing() -> None:
    west, _ = pair()
    before = len(west.store.history)
    for _ in range(3):
        west = next_run(west)
    assert west.line.state.run is Run.RUNNING
    assert len(west.store.history) == before


def test_a_restored_home_is_whole_again_though_every_step_is_a_run_of_its_own() -> None:
    west, east = pair()
    west.send("one")
    exchange(west, east)
    backup = copy.deepcopy(west.store)
    west.send("two")
    exchange(west, east)
    west = next_run(west, backup, restored=True)
    assert west.line.state.run is Run.REFILLING
    for _ in range(2):
        west = next_run(west)
        bundle = west.bundle_for("east")
        east = next_run(east)
        east.take(bundle)
        east = next_run(east)
        answer = east.bundle_for("west")
        west = next_run(west)
        west.take(answer)
    west = next_run(west)
    assert west.line.state.run is Run.RUNNING
    west.send("three")
    assert west.store.size(west.line.state.own_origin) == 3
    exchange(west, east)
    assert east.store.size(west.line.state.own_origin) == 3
    assert not east.line.state.forks


def test_suspension_and_the_last_sign_of_life_outlive_the_run() -> None:
    west, east = pair()
    draft = system_draft(east.line.state, "line.suspend", {"reason": "exercise"})
    from detente.line.effects import Submitted

    east.give(Submitted((draft,)))
    west.take(east.bundle_for("west"))
    heard = west.line.state.parties["east"].heard_ms
    west = next_run(west)
    assert west.line.state.parties["east"].direction is Direction.SUSPENDED
    assert west.line.state.parties["east"].heard_ms == heard
