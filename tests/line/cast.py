"""Who plays in the stories.

Hosts on one line, their keepers, a twin with the same keys, and what carries bundles.
"""

from __future__ import annotations

import copy
import dataclasses
import hashlib
from collections.abc import Iterable, Sequence
from typing import Any

from detente.line.bundle import Kind, Parser, Record, write
from detente.line.checkpoint import Origin
from detente.line.effects import ActGiven, Arrived, Consented, CourierReady, Draft, Role, Submitted, Ticked, Took
from detente.line.load import join_parts
from detente.line.opening import FinalHead, Opening, Seat, first_opening
from detente.line.rootact import Act, ClosedLog
from detente.line.state import Direction, Run, Settings
from tests.line.memory import Host, Member, MemorySigner, MemoryStore, private

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS


def line_of(
    *names: str,
    observers: Sequence[str] = (),
    settings: Settings | None = None,
    neutral: dict[str, tuple[str, ...]] | None = None,
) -> dict[str, Host]:
    """Return a host for each name, all on one line, opened and running."""
    cast = {name: Member.make(name) for name in (*names, *observers)}
    opening = first_opening(
        "baltic", [cast[name].ring for name in names], [cast[name].ring for name in observers]
    )
    if neutral:
        opening = neutralised(opening, neutral)
    rings = [member.ring for member in cast.values()]
    hosts = {}
    for name, member in cast.items():
        store = MemoryStore()
        store.apply(join_parts(opening, copy.deepcopy(rings)))
        hosts[name] = Host(member, store, settings=settings)
        hosts[name].open()
    return hosts


def neutralised(opening: Opening, neutral: dict[str, tuple[str, ...]]) -> Opening:
    """Return a first opening in which members are neutral for others: as a line of three may agree."""
    import msgspec

    from detente.line import opening as module

    seats = tuple(
        Seat(seat.card, seat.generation, seat.member, neutral.get(seat.member, seat.neutral_for), seat.role)
        for seat in opening.seats
    )
    changed = msgspec.structs.replace(opening, seats=seats, line=opening.name)
    return msgspec.structs.replace(changed, line=module._line_id(changed))


def next_run(host: Host, store: MemoryStore | None = None, *, head_file: bool = True, **how: Any) -> Host:
    """Return the same member's next run, on the same store or on another, with the same signer's record."""
    signer = MemorySigner(host.member)
    if head_file:
        signer.head_file = host.signer.head_file
    fresh = Host(host.member, store if store is not None else host.store, signer, settings=host.settings)
    fresh.now_ms = host.now_ms + 1000
    fresh.open(head_file=head_file, **how)
    return fresh


def twin(host: Host) -> Host:
    """Return a clone with the same keys, store and head file: from here on each signs for itself."""
    member = dataclasses.replace(host.member)  # a thief keeps the keys of the day
    signer = MemorySigner(member)
    signer.head_file = copy.deepcopy(host.signer.head_file)
    clone = Host(member, copy.deepcopy(host.store), signer, settings=host.settings)
    clone.now_ms = host.now_ms
    clone.open()
    return clone


def carry(sender: Host, receiver: Host, *, without: Iterable[Kind] = (), size_max: int = 10_000_000) -> Took:
    """Carry one bundle; ``without`` kinds of record, as a carrier or a sender may drop them."""
    return receiver.take(thinned(sender.bundle_for(receiver.member.name, size_max), without))


def thinned(octets: bytes, without: Iterable[Kind]) -> bytes:
    """Return the bundle without some kinds of record."""
    dropped = set(without)
    return b"".join(write(record for record in Parser().feed(octets) if record.kind not in dropped))


def exchange(one: Host, other: Host, times: int = 1) -> None:
    for _ in range(times):
        carry(one, other)
        carry(other, one)


def settle(hosts: Iterable[Host], times: int = 3) -> None:
    """Let everybody exchange with everybody."""
    everybody = list(hosts)
    for _ in range(times):
        for one in everybody:
            for other in everybody:
                if one is not other and other.member.name in one.line.state.parties:
                    carry(one, other)


def later(hosts: Iterable[Host], passed_ms: int) -> None:
    for host in hosts:
        host.now_ms += passed_ms


def tick(*hosts: Host) -> None:
    for host in hosts:
        host.give(Ticked())


def origin_of(host: Host, generation: int = 0, epoch: int = 1) -> Origin:
    return Origin(host.line.state.opening.line, epoch, host.member.name, generation)


def run_of(host: Host) -> Run:
    return host.line.state.run


def direction_of(host: Host, name: str) -> Direction:
    return host.line.state.parties[name].direction


def held(host: Host, origin: Origin) -> int:
    log = host.line.state.logs.get(origin)
    return log.size if log else 0


def delivered(author: Host, reader: str, role: Role = Role.COSIGN_HELD, origin: Origin | None = None) -> int:
    log = author.line.state.logs[origin or author.line.state.own_origin]
    return log.delivered.get((reader, role), 0)


def alarms(host: Host) -> list[str]:
    return [one.alarm.name for one in host.alarms]


def say(host: Host, text: str, **more: Any) -> None:
    """Submit one draft; the submission follows from the text."""
    identity = hashlib.sha256(text.encode()).hexdigest()[:32]
    draft = Draft("notice", "text/plain", text.encode(), identity)
    host.give(Submitted((dataclasses.replace(draft, **more),)))


def new_generation(host: Host, reason: Any = "rotation", *, at: int | None = None, keys: bool = True) -> bytes:
    """Return the keepers' act that closes the current log of the host's member and starts its next generation."""
    state = host.line.state
    ring, origin = state.rings[state.me], state.own_origin
    size = held(host, origin) if at is None else at
    number = ring.generation + 1
    operational = {role: private(f"{state.me}/{number}/{role}") for role in Role}
    root = state.root_at(origin, size) if origin in state.logs else b"\0" * 32
    heads = (ClosedLog(origin.epoch, origin.generation, origin.line, root.hex(), size),)
    before, host.member.operational = host.member.operational, operational
    key_set = host.member.key_set()
    host.member.operational = before
    act = Act(
        act="generation", clock_ms=host.now_ms, format=1, heads=heads, index=len(ring.acts),
        keys=key_set if keys else None, member=state.me, previous=ring.hashes[-1], reason=reason, root=None,
        seal=None,
    )  # fmt: skip
    return host.member.root_sign(act)


def begin_generation(host: Host, act: bytes) -> None:
    """Bring the act to its home; from now on the signer uses the new keys."""
    number = host.line.state.rings[host.member.name].generation + 1
    host.member.operational = {role: private(f"{host.member.name}/{number}/{role}") for role in Role}
    host.give(ActGiven(act))


def plain_act(host: Host, kind: str, **fields: object) -> bytes:
    """Return a root act of another kind: anchor, leave, roots, seal."""
    ring = host.line.state.rings[host.member.name]
    values: dict[str, object] = {
        "act": kind, "clock_ms": host.now_ms, "format": 1, "heads": (), "index": len(ring.acts), "keys": None,
        "member": host.member.name, "previous": ring.hashes[-1], "reason": "routine", "root": None, "seal": None,
    }  # fmt: skip
    return host.member.root_sign(Act(**{**values, **fields}))  # type: ignore[arg-type]


def successor(
    host: Host, members: Sequence[str], observers: Sequence[str] = (), newcomers: Sequence[Member] = ()
) -> Opening:
    """Return an opening of the next epoch as this host would draw it up, with the final heads that it holds."""
    state = host.line.state
    rings = dict(state.rings) | {one.name: one.ring for one in newcomers}
    everyone = tuple(sorted(members))
    seats = [Seat(rings[name].card, rings[name].generation, name, (), "member") for name in members]
    seats += [Seat(rings[name].card, rings[name].generation, name, everyone, "observer") for name in observers]
    final = tuple(
        FinalHead(origin.generation, origin.member, state.root_at(origin, log.size).hex(), log.size)
        for origin, log in sorted(state.logs.items(), key=lambda pair: (pair[0].member, pair[0].generation))
        if origin.epoch == state.opening.epoch
    )
    return Opening(
        epoch=state.opening.epoch + 1, final=final, format=1, line=state.opening.line, name=state.opening.name,
        previous=state.opening.hash(), seats=tuple(sorted(seats, key=lambda seat: seat.member)),
        training=state.opening.training,
    )  # fmt: skip


def consent(host: Host, opening: Opening) -> None:
    host.give(Consented(opening.encode()))


def records_of(
    host: Host, to: str, size_max: int = 10_000_000, *, go_on: bool = False
) -> tuple[tuple[Record, ...], bool]:
    """Return what one Transmit to a party holds, and whether there is more."""
    host.sent.clear()
    host.give(CourierReady(to, size_max, go_on))
    return host.sent[0].records, host.sent[0].more


def give_records(host: Host, records: Iterable[Record], *, last: bool = True) -> Took:
    host.give(Arrived(tuple(records), last))
    return host.took[-1]
