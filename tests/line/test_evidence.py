"""Evidence: what it shows, and that no touched, exchanged or missing part passes."""

from __future__ import annotations

import base64
import copy
from typing import Any

import pytest

from detente.line import canonical, evidence, merkle
from detente.line.checkpoint import Origin, cosigner_name
from detente.line.errors import Refused
from tests.line.memory import Host
from tests.line.test_between_runs import exchange, pair


@pytest.fixture(scope="module")
def told() -> tuple[Host, Host]:
    """Return west and east after three statements of west, the second confirmed before the third was made."""
    west, east = pair()
    west.send("one")
    west.send("two")
    exchange(west, east)
    west.send("three")
    exchange(west, east)
    return west, east


def made(host: Host, origin: Origin, seq: int, *, cosigned: bool = True) -> bytes:
    """Return the evidence of an entry from a host's memory."""
    view, state = host.store, host.line.state

    def path(index: int, size: int) -> tuple[bytes, ...]:
        return tuple(merkle.inclusion_proof(index, size, lambda level, at: view.node(origin, level, at)))

    sizes: dict[int, Any] = {}
    for word in ("log", "held"):
        first = view.first_cosignature(origin, seq, cosigner_name(origin.line, origin.epoch, "east", word))
        if first is not None and cosigned:
            sizes.setdefault(first[0], []).append(first[1])
    sizes = sizes or {3: []}
    proofs = []
    for size, given in sorted(sizes.items()):
        checkpoint = view.checkpoint_at(origin, size)
        assert checkpoint is not None
        from dataclasses import replace

        proofs.append(evidence.Proof(replace(checkpoint, cosignatures=tuple(given)), path(seq, size)))
    leaf = view.entry(origin, seq)
    first_leaf = view.entry(origin, 0)
    assert leaf is not None
    assert first_leaf is not None
    from detente.line.envelope import Envelope, PayloadType
    from detente.line.statement import Statement

    statement, _ = Statement.decode(Envelope.decode(leaf, PayloadType.STATEMENT).payload)
    body = view.body(statement.body.hash)
    return evidence.make(
        leaf=leaf,
        proofs=proofs,
        openings=[one.encode() for one in state.openings.values()],
        rings=state.rings.values(),
        bodies=[body] if body else [],
        first=(first_leaf, path(0, min(sizes))) if seq else None,
    )


def test_it_shows_who_said_what_and_who_held_it_when(told: tuple[Host, Host]) -> None:
    west, _ = told
    shown = evidence.judge(made(west, west.line.state.own_origin, 1))
    assert (shown.statement.author, shown.statement.seq) == ("west", 1)
    assert list(shown.bodies.values()) == [b"two"]
    assert {(one.member, one.role, one.size) for one in shown.witnesses} == {
        ("east", "log", 2),
        ("east", "held", 2),
    }
    assert shown.cards == {name: ring.card for name, ring in west.line.state.rings.items()}
    assert shown.fingerprint == west.line.state.opening.fingerprint()
    assert shown.dispute == ""


def test_without_a_confirmation_it_is_uncorroborated_but_holds(told: tuple[Host, Host]) -> None:
    west, _ = told
    assert evidence.judge(made(west, west.line.state.own_origin, 2, cosigned=False)).witnesses == ()


def test_the_reader_makes_the_same_evidence_as_the_author(told: tuple[Host, Host]) -> None:
    west, east = told
    origin = west.line.state.own_origin
    assert made(west, origin, 0) == made(east, origin, 0)


def touched(value: Any, path: tuple[Any, ...] = ()) -> Any:
    """Yield every place of a document that holds text."""
    if isinstance(value, str):
        yield path
    elif isinstance(value, dict):
        for key in sorted(value):
            yield from touched(value[key], (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from touched(inner, (*path, index))


def test_no_touched_part_passes(told: tuple[Host, Host]) -> None:
    west, _ = told
    document = canonical.decode(made(west, west.line.state.own_origin, 1), size_max=1 << 24, what="evidence")
    for path in touched(document):
        changed = copy.deepcopy(document)
        place = changed
        for key in path[:-1]:
            place = place[key]
        text = place[path[-1]]
        if path[-1] == "checkpoint":
            lines = text.splitlines(keepends=True)
            variants = ["".join(lines[:at] + lines[at + 1 :]) for at in range(3)] + [
                text.replace("/0\n", "/1\n", 1)
            ]
        else:
            octets = bytearray(base64.b64decode(text)) if path[-1] != "kind" else bytearray(text.encode())
            octets[len(octets) // 2] ^= 1
            plain = base64.b64encode(octets).decode() if path[-1] != "kind" else octets.decode()
            variants = [plain, ""]
        for variant in variants:
            place[path[-1]] = variant
            with pytest.raises(Refused):
                evidence.judge(canonical.encode(changed))


@pytest.mark.parametrize("name", ["acts", "bodies", "entry", "first", "format", "kind", "openings", "proofs"])
def test_no_missing_part_passes(told: tuple[Host, Host], name: str) -> None:
    west, _ = told
    document = canonical.decode(made(west, west.line.state.own_origin, 1), size_max=1 << 24, what="evidence")
    without = {key: value for key, value in document.items() if key != name}
    with pytest.raises(Refused):
        evidence.judge(canonical.encode(without))
    odd: Any
    for odd in (None, 7, [], {}, [7], "x"):
        if odd == [] and name == "bodies":
            continue  # evidence without its content holds
        with pytest.raises(Refused):
            evidence.judge(canonical.encode({**document, name: odd}))


def test_an_entry_cannot_be_moved_under_another_index(told: tuple[Host, Host]) -> None:
    west, _ = told
    origin = west.line.state.own_origin
    one, two = (canonical.decode(made(west, origin, seq), size_max=1 << 24, what="evidence") for seq in (1, 2))
    for name in ("entry", "proofs", "bodies"):
        with pytest.raises(Refused):
            evidence.judge(canonical.encode({**one, name: two[name]}))
