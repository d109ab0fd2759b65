"""Cases of root acts and openings: who a member is, and who is on a line with whom."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from vector_scene import BOTH, NODE, Party, Scene, case, digest, public, sealed_by, text64

from detente.line import canonical
from detente.line.envelope import Envelope, PayloadType
from detente.line.opening import FinalHead, Opening, first_opening
from detente.line.rootact import Act, ClosedLog, RootKeys
from detente.node.neutral import with_neutrals


def root_act_cases() -> Iterator[dict[str, Any]]:
    """Chains of west's root acts; the last envelope is the case, those before it are good."""

    def one(
        name: str, reason: str, acts: Sequence[bytes], judges: list[str] = BOTH, *, valid: bool = False
    ) -> dict[str, Any]:
        return case(name, reason, judges, valid=valid, input=[text64(octets) for octets in acts])

    west = Party("west")
    card = west.ring.envelopes[0]
    act = west.ring.acts[0]
    roots = west.roots()

    def signed(made: Act, signers: Sequence[Ed25519PrivateKey] = ()) -> bytes:
        return sealed_by(PayloadType.ROOT_ACT, made.encode(), signers or roots[:2])

    def changed(made: Act, **given: Any) -> bytes:
        document = json.loads(made.encode()) | given
        return sealed_by(PayloadType.ROOT_ACT, canonical.encode(document), roots[:2])

    yield one("card", "signed by 2 of 3 root keys", [card], valid=True)
    yield one("card of other two", "any 2 of 3", [signed(act, roots[1:])], valid=True)
    yield one("card of one root key", "2 are needed", [signed(act, roots[:1])])
    yield one("card of three root keys", "exactly 2 sign", [signed(act, roots)])
    yield one("card of foreign keys", "root keys sign", [signed(act, Party("east").roots()[:2])])
    yield one("card of its operational key", "root keys sign", [signed(act, [west.key("sign"), roots[0]])])
    yield one(
        "root keys out of order",
        "ascending",
        [changed(act, root={"keys": [public(key) for key in roots[::-1]], "needed": 2})],
        NODE,
    )
    yield one(
        "more needed than there are", "k of n", [changed(act, root={"keys": [public(roots[0])], "needed": 2})]
    )
    yield one(
        "one key in two roles",
        "one key, one role",
        [changed(act, keys=json.loads(act.encode())["keys"] | {"cosign_log": act.keys.sign if act.keys else ""})],
        NODE,
    )
    for y in (0, 1, 2**255 - 20):
        point = y.to_bytes(32, "little").hex()
        keyset = json.loads(act.encode())["keys"] | {"cosign_held": point}
        yield one(
            f"cosigning key of small order, y={y}", "refused at enrolment", [changed(act, keys=keyset)], NODE
        )
    yield one(
        "card with a head",
        "a card closes nothing",
        [changed(act, heads=[{"epoch": 1, "generation": 0, "line": "x", "root": digest("").hex(), "size": 0}])],
        NODE,
    )
    yield one("unknown field", "an act has eleven fields", [changed(act, more=1)], NODE)
    yield one("unknown act", "not in the list", [changed(act, act="oath")], NODE)
    yield one("format 2", "format 1", [changed(act, format=2)])
    head = ClosedLog(1, 0, "baltic-00000000000000000000", digest("root").hex(), 5)
    anchor = signed(west.payload("anchor", heads=(head,)))
    yield one("anchor", "it names an own head", [card, anchor], valid=True)
    yield one("the same act again", "nothing changes", [card, card], valid=True)
    yield one(
        "another card",
        "a fork of the root: the first stays",
        [
            card,
            signed(
                west.payload("card", index=0, previous=None, reason="first", root=act.root, keys=west.key_set(7))
            ),
        ],
    )
    yield one("gap", "index 2 after 1 act", [card, changed(west.payload("anchor", heads=(head,)), index=2)])
    yield one(
        "other predecessor",
        "it names the hash before it",
        [card, changed(west.payload("anchor", heads=(head,)), previous=digest("x").hex())],
    )
    yield one(
        "act of another member",
        "a chain has one member",
        [card, changed(west.payload("anchor", heads=(head,)), member="east")],
    )
    low = signed(
        west.payload(
            "anchor",
            heads=(head,),
            index=2,
            previous=hashlib.sha256(Envelope.decode(anchor, PayloadType.ROOT_ACT).payload).hexdigest(),
        )
    )
    yield one("anchor again", "no smaller than the one before", [card, anchor, low], valid=True)
    smaller = ClosedLog(1, 0, head.line, head.root, 4)
    below = west.payload("generation", heads=(smaller,), keys=west.key_set(1), reason="theft", index=2,
                         previous=hashlib.sha256(Envelope.decode(anchor, PayloadType.ROOT_ACT).payload).hexdigest())  # fmt: skip
    yield one("revocation below an anchor", "never below the last anchor", [card, anchor, signed(below)], NODE)
    generation = west.payload("generation", heads=(head,), keys=west.key_set(1), reason="theft")
    yield one("next generation", "new keys, the old log closed", [card, signed(generation)], valid=True)
    yield one(
        "bare revocation",
        "no keys yet",
        [card, signed(west.payload("generation", heads=(head,), reason="theft"))],
        valid=True,
    )
    yield one(
        "generation with an old key",
        "a key never comes back",
        [card, changed(generation, keys=json.loads(act.encode())["keys"])],
        NODE,
    )
    yield one(
        "heads twice",
        "sorted, none twice",
        [card, changed(generation, heads=[json.loads(generation.encode())["heads"][0]] * 2)],
    )
    fresh = west.roots("later")
    rotated = signed(west.payload("roots", root=RootKeys(tuple(public(key) for key in fresh), 2)))
    after = {
        "index": 2,
        "previous": hashlib.sha256(Envelope.decode(rotated, PayloadType.ROOT_ACT).payload).hexdigest(),
    }
    yield one("new root keys", "signed by the old ones", [card, rotated], valid=True)
    yield one(
        "act of the new root keys",
        "they decide from the next act on",
        [card, rotated, signed(west.payload("anchor", heads=(head,), **after), fresh[:2])],
        valid=True,
    )
    yield one(
        "act of the old root keys",
        "they decide no more",
        [card, rotated, signed(west.payload("anchor", heads=(head,), **after))],
    )
    yield one(
        "new root keys signed by themselves",
        "the old ones sign",
        [card, signed(west.payload("roots", root=RootKeys(tuple(public(key) for key in fresh), 2)), fresh[:2])],
    )


def opening_cases() -> Iterator[dict[str, Any]]:
    """Return openings; ``before`` holds the one that is already known, if any."""
    scene = Scene()
    first = scene.opening
    document = json.loads(first.encode())
    head = scene.log.head().head
    final = (
        FinalHead(0, "east", scene.eastern.head().head.root.hex(), 2),
        FinalHead(0, "west", head.root.hex(), 5),
    )
    second = Opening(epoch=2, final=final, format=1, line=first.line, name=first.name, previous=first.hash(),
                     seats=tuple(seat for seat in first.seats), training=False)  # fmt: skip

    def one(
        name: str,
        reason: str,
        octets: bytes,
        judges: list[str] = BOTH,
        *,
        valid: bool = False,
        later: bool = False,
    ) -> dict[str, Any]:
        return case(
            name,
            reason,
            judges,
            valid=valid,
            input=text64(octets),
            before=[text64(first.encode())] if later else [],
        )

    def changed(**given: Any) -> bytes:
        return canonical.encode(document | given)

    def next_changed(**given: Any) -> bytes:
        return canonical.encode(json.loads(second.encode()) | given)

    training = first_opening("baltic", [scene.west.ring, scene.east.ring], training=True)
    seats = document["seats"]
    yield one("first", "derived from the cards", first.encode(), valid=True)
    yield one("training", "its id says so", training.encode(), valid=True)
    yield one("a member named neutral", "by all parties alike", _neutral(scene).encode(), valid=True)
    yield one(
        "neutral, and the id of before",
        "the id follows from all else",
        canonical.encode(json.loads(_neutral(scene).encode()) | {"line": _neutral(scene, ()).line}),
    )
    yield one("other line id", "the id follows from all else", changed(line="baltic-00000000000000000000"))
    yield one("seat removed", "the id follows from all else", changed(seats=seats[:2]))
    yield one(
        "role changed",
        "the id follows from all else",
        changed(seats=[seats[0], seats[1] | {"role": "member", "neutral_for": []}, seats[2]]),
    )
    yield one(
        "training hidden",
        "the id must say so",
        canonical.encode(json.loads(training.encode()) | {"training": False}),
    )
    yield one("format 2", "format 1", changed(format=2))
    yield one("format true", "the number 1", next_changed(format=True), later=True)
    yield one("unknown field", "an opening has eight fields", next_changed(more=1), NODE, later=True)
    yield one("second", "it names the first and its final heads", second.encode(), valid=True, later=True)
    yield one(
        "second without the first",
        "its predecessor is not known",
        next_changed(previous=digest("x").hex()),
        ["verifier"],
    )
    yield one(
        "second of another line",
        "its predecessor is of this line",
        next_changed(line="baltic-00000000000000000000"),
        ["verifier"],
        later=True,
    )
    yield one(
        "third after the first", "epochs follow one another", next_changed(epoch=3), ["verifier"], later=True
    )
    yield one(
        "second without predecessor", "only the first has none", next_changed(previous=None), NODE, later=True
    )
    yield one(
        "one member",
        "two at least",
        next_changed(seats=[seats[1] | {"neutral_for": ["west"]}, seats[2]]),
        NODE,
        later=True,
    )
    yield one("seats out of order", "sorted by name", next_changed(seats=seats[::-1]), NODE, later=True)
    yield one(
        "one card twice",
        "a card has one seat",
        next_changed(seats=[seats[0], seats[1], seats[2] | {"card": seats[0]["card"]}]),
        NODE,
        later=True,
    )
    yield one(
        "neutral for itself",
        "nobody is",
        next_changed(seats=[seats[0] | {"neutral_for": ["east"]}, *seats[1:]]),
        NODE,
        later=True,
    )
    yield one(
        "final heads twice",
        "sorted, none twice",
        next_changed(final=json.loads(second.encode())["final"] * 2),
        NODE,
        later=True,
    )


def _neutral(scene: Scene, neutral_for: Sequence[str] = ("west",)) -> Opening:
    """Return the first opening of three members, of whom north is neutral for others."""
    plain = first_opening("baltic", [scene.west.ring, scene.east.ring, scene.north.ring])
    return with_neutrals(plain, dict.fromkeys(neutral_for, ("north",)))
