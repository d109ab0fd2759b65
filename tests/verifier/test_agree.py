"""The two programs on the records of simulated worlds, and on every single changed bit of small files."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from random import Random
from typing import Any

import pytest

from detente.line import evidence
from detente.line.bundle import EXPORT_MAGIC, Kind, Record
from detente.line.checkpoint import Origin
from detente.line.errors import Refused
from detente.line.opening import first_opening
from tests.simulation.world import World
from tests.verifier.agree import Replay, compare, export_and_compare, joined, tampered
from tests.verifier.judges import ROOT, scene, verdict, verifier

CAUGHT = (3, 5, 16, 27, 29)
"""Worlds in which a node once stored cosignatures that do not hold: made by the key before, named by the next."""


def judge_worlds(seeds: Any, *, tamperings: int = 3) -> int:
    judged = 0
    for seed in seeds:
        world = World(seed)
        world.run()
        try:
            judged += export_and_compare(world, tamperings=tamperings)
        except AssertionError as fault:
            raise AssertionError(f"seed {seed}: {fault}") from fault
    return judged


@pytest.mark.timeout(300)
def test_both_judge_the_records_of_simulated_worlds_alike() -> None:
    assert judge_worlds(sorted({*range(8), *CAUGHT, 50})) > 100


@pytest.mark.prove_full
@pytest.mark.timeout(900)
@pytest.mark.parametrize("first", range(3000, 3200, 50))
def test_both_judge_the_records_of_two_hundred_more_worlds_alike(first: int) -> None:
    assert judge_worlds(range(first, first + 50), tamperings=10)


def test_a_head_under_the_hint_of_another_key_is_refused_by_both() -> None:
    made = scene().Scene()
    records = made.export()
    at = next(place for place, one in enumerate(records) if one.kind is Kind.CHECKPOINT)
    lines = records[at].content.decode().split("\n")
    start, name, signed = lines[4].split(" ")
    octets = bytearray(base64.b64decode(signed))
    octets[0] ^= 1
    lines[4] = f"{start} {name} {base64.b64encode(octets).decode()}"
    changed = [*records[:at], Record(Kind.CHECKPOINT, "\n".join(lines).encode()), *records[at + 1 :]]
    assert compare(joined(records), _cards(made))
    assert not compare(joined(changed), _cards(made))


def _cards(made: Any) -> list[bytes]:
    return [ring.envelopes[0] for ring in made.rings()]


def test_both_judge_many_tampered_exports_alike() -> None:
    made = scene().Scene()
    rng = Random(1)
    refused = 0
    for _ in range(250):
        refused += not compare(joined(tampered(made.export(), rng)), _cards(made))
    assert refused > 100


class _Quick:
    """Signatures that were found good need no second look: what remains to judge are the changed ones."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.good: set[tuple[bytes, bytes, bytes]] = set()
        self.verify = verifier.verify
        monkeypatch.setattr(verifier, "verify", self)

    def __call__(self, public: bytes, signature: bytes, message: bytes, what: str) -> None:
        if (public, signature, message) not in self.good:
            self.verify(public, signature, message, what)
            self.good.add((public, signature, message))


def _judged(octets: bytes, cards: list[bytes]) -> tuple[int, list[str]]:
    """Return exit code and what is told, without the files on the disk."""
    judge = verifier.Judge(cards)
    try:
        judge.evidence(octets)
    except verifier.VerdictError as found:
        return found.args[0], []
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError, OverflowError):
        return 1, []
    return 0, judge.told


def small_evidence() -> tuple[bytes, list[bytes]]:
    """Return evidence of the second of two entries on a line of two, and the cards beside it."""
    scenes = scene()
    west, east = scenes.Party("west"), scenes.Party("east")
    opening = first_opening("baltic", [west.ring, east.ring])
    log = scenes.Writing(west, Origin(opening.line, 1, "west", 0), opening.hash())
    log.add("one")
    log.add("two")
    proofs = [evidence.Proof(log.head(cosigners=[(east, "held", 5)]), tuple(log.path(1, 2)))]
    made = evidence.make(
        leaf=log.leaves[1], proofs=proofs, openings=[opening.encode()], rings=[east.ring, west.ring],
        bodies=[log.contents[1]], first=(log.leaves[0], log.path(0, 2)),
    )  # fmt: skip
    return made, [west.ring.envelopes[0], east.ring.envelopes[0]]


def judge_changed_bits(bits: Iterable[int], octets: bytes, cards: list[bytes]) -> int:
    """Assert that each changed bit is refused, or tells the same as before; returns how often it told the same."""
    code, told = _judged(octets, cards)
    assert code == 0
    same = 0
    for bit in bits:
        changed = bytearray(octets)
        changed[bit // 8] ^= 1 << bit % 8
        code, now = _judged(bytes(changed), cards)
        assert code in {1, 2} or now == told, bit
        same += code == 0
    return same


def test_no_changed_bit_of_evidence_is_true_with_another_meaning(monkeypatch: pytest.MonkeyPatch) -> None:
    octets, cards = small_evidence()
    _Quick(monkeypatch)
    bits = Random(7).sample(range(len(octets) * 8), 2000)
    # the signatures of root acts that the judge holds already may be anything
    assert judge_changed_bits(bits, octets, cards) < 200


@pytest.mark.prove_full
@pytest.mark.timeout(900)
@pytest.mark.parametrize("bit", range(8))
def test_no_changed_bit_at_all_of_evidence_is_true_with_another_meaning(
    monkeypatch: pytest.MonkeyPatch, bit: int
) -> None:
    octets, cards = small_evidence()
    _Quick(monkeypatch)
    judge_changed_bits(range(bit, len(octets) * 8, 8), octets, cards)


def _node_judges(octets: bytes, cards: list[bytes]) -> None:
    shown = evidence.judge(octets)
    replay = Replay(cards)
    if shown.cards != replay.given:
        replay._ring("another card than the one given")


def test_a_node_refuses_every_changed_bit_of_evidence() -> None:
    made = scene().Scene()
    octets, cards = made.evidence(1), _cards(made)
    _node_judges(octets, cards)
    rng = Random(3)
    for _ in range(500):
        changed = bytearray(octets)
        changed[rng.randrange(len(octets))] ^= 1 << rng.randrange(8)
        with pytest.raises(Refused):
            _node_judges(bytes(changed), cards)


@pytest.mark.timeout(300)
def test_every_changed_bit_of_an_export_is_bad_input_or_refused() -> None:
    made = scene().Scene()
    octets, cards = joined(made.export()), _cards(made)
    rng = Random(5)
    for _ in range(150):
        changed = bytearray(octets)
        changed[rng.randrange(len(octets))] ^= 1 << rng.randrange(8)
        assert verdict(bytes(changed), cards)[0] in {1, 2}


def test_every_cut_of_an_export_is_refused_or_bad_input() -> None:
    made = scene().Scene()
    octets, cards = joined(made.export()), _cards(made)
    for end in range(0, len(octets), 1997):
        assert verdict(octets[:end], cards)[0] in {1, 2}
    assert verdict(EXPORT_MAGIC, cards)[0] == 2


def test_a_missing_card_is_bad_input_and_says_which() -> None:
    made = scene().Scene()
    for octets in (made.evidence(), joined(made.export())):
        code, said = verdict(octets, [made.east.ring.envelopes[0]])
        assert (code, "west" in said) == (2, True)


def test_cards_come_in_any_order_with_key_events_beside_them() -> None:
    made = scene().Scene()
    octets = made.evidence(4)
    before = _cards(made)
    closed = {
        "epoch": 1,
        "generation": 0,
        "line": made.opening.line,
        "root": made.log.head(3).head.root,
        "size": 3,
    }
    event = made.west.act(
        "generation", reason="theft", keys=made.west.key_set(1),
        heads=(scene().ClosedLog(1, 0, made.opening.line, closed["root"].hex(), 3),),
    )  # fmt: skip
    assert "disputed" not in verdict(octets, before)[1]
    for cards in ([event, *before], [*before, event], [b"\n".join([before[2], event]), *before[:2]]):
        code, said = verdict(octets, cards)
        assert code == 0
        assert "disputed by their author (theft, key event 1)" in said
        assert "as of key event 1 of west" in said
    assert verdict(octets, [event])[0] == 2


def test_what_is_no_file_of_ours_is_bad_input() -> None:
    made = scene().Scene()
    for octets in (
        b"",
        b"{}",
        b"[]",
        b"\xff" * 100,
        b"detente-bundle/1\n",
        b"[" * 100_000,
        made.west.ring.envelopes[0],
    ):
        assert verdict(octets, _cards(made))[0] == 2
    assert verdict(made.evidence(), [b"not a card"])[0] == 2
    assert verdict(made.evidence(), [])[0] == 2
    assert verifier.main(["no such file", "no such card"]) == 2


def test_the_program_is_one_page_and_imports_nothing_of_the_package() -> None:
    source = (ROOT / "verifier" / "verify.py").read_text(encoding="utf-8")
    assert len(source.splitlines()) <= 300
    assert "import detente" not in source
    assert "from detente" not in source
