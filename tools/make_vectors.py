"""Write vectors/: cases for anybody's implementation of spec/line, valid and invalid, each with its reason.

    python tools/make_vectors.py [FOLDER]

Deterministic: every key is the SHA-256 of a name, every salt and nonce of a sentence. ``judges`` of a case names
who must judge it so: "node" (whatever takes bytes in from elsewhere) and, where it bears on who signed what,
"verifier".
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))
import vector_acts as acts
import vector_pieces as pieces
import vector_release as releases
from vector_scene import (
    BOTH,
    CLOCK_MS,
    NODE,
    Party,
    Scene,
    Writing,
    case,
    digest,
    joined,
    public,
    sealed_by,
    text64,
)

from detente.line import canonical, merkle, proof
from detente.line.bundle import BUNDLE_MAGIC, Kind, Record
from detente.line.envelope import PayloadType
from detente.line.opening import first_opening
from detente.line.rootact import ClosedLog, RootKeys
from detente.line.session import Answer, Have, OwnHead


def bundle_cases() -> Iterator[dict[str, Any]]:
    """Bundles as bytes; ``records``: how many whole ones a reader gets before it stops; ``complete``: that it ended well."""
    scene = Scene()
    have = Have(
        acts=(), author="west", challenge=False, clock_ms=CLOCK_MS, epoch=1, forks=(), format=1, key=scene.log.key_id(),
        line=scene.opening.line, logs=(), missing=(), nonce=digest("nonce").hex()[:32], opening=scene.opening.hash(), to="east",
    )  # fmt: skip
    records = [Record(Kind.HAVE, sealed_by(PayloadType.HAVE, have.encode(), [scene.west.key("sign")]))]
    records += [Record(Kind.ENTRY, leaf) for leaf in scene.log.leaves[:2]] + [
        Record(Kind.CHECKPOINT, scene.log.head().encode())
    ]
    whole = joined(records, BUNDLE_MAGIC)
    first = len(BUNDLE_MAGIC) + 5 + len(records[0].content)

    def one(
        name: str, reason: str, octets: bytes, count: int, *, valid: bool = False, complete: bool = False
    ) -> dict[str, Any]:
        return case(name, reason, NODE, valid=valid, input=text64(octets), records=count, complete=complete)

    def closed(octets: bytes) -> bytes:
        return octets + b"Z" + (32).to_bytes(4, "big") + hashlib.sha256(octets).digest()

    body = whole[: -5 - 32]
    yield one("bundle", "four records and a closing hash", whole, 4, valid=True, complete=True)
    yield one("empty bundle", "nothing but its end", closed(BUNDLE_MAGIC), 0, valid=True, complete=True)
    yield one("cut in a record", "what came before is used", whole[: first + 40], 1, valid=True)
    yield one("cut between records", "what came before is used", whole[:first], 1, valid=True)
    yield one("cut in its end", "all records are used", whole[:-1], 4, valid=True)
    yield one(
        "record twice",
        "harmless: what is known is skipped",
        closed(body + body[len(BUNDLE_MAGIC) :]),
        8,
        valid=True,
        complete=True,
    )
    yield one(
        "unknown record",
        "skipped and counted",
        closed(body + b"?" + (3).to_bytes(4, "big") + b"abc"),
        5,
        valid=True,
        complete=True,
    )
    yield one("other first line", "another format", b"detente-bundle/2\n" + whole[len(BUNDLE_MAGIC) :], 0)
    yield one("no first line", "not a bundle", whole[len(BUNDLE_MAGIC) :], 0)
    yield one("wrong closing hash", "it covers every byte before it", whole[:-1] + bytes([whole[-1] ^ 1]), 4)
    swapped = BUNDLE_MAGIC + body[first:] + body[len(BUNDLE_MAGIC) : first]
    yield one(
        "records reordered under the old hash", "the closing hash does not hold", swapped + whole[-5 - 32 :], 4
    )
    yield one(
        "records reordered under a new hash",
        "each record is judged by itself",
        closed(swapped),
        4,
        valid=True,
        complete=True,
    )
    yield one("bytes after the end", "the end is the end", whole + b"\0", 4)
    yield one(
        "record over its cap",
        "a head is 65,536 bytes at most",
        BUNDLE_MAGIC + b"C" + (65_537).to_bytes(4, "big") + bytes(65_537),
        0,
    )
    yield one("record of four gigabytes", "refused before it is read", BUNDLE_MAGIC + b"E\xff\xff\xff\xff", 0)
    yield one(
        "unknown record over its cap",
        "262,144 bytes at most",
        BUNDLE_MAGIC + b"?" + (262_145).to_bytes(4, "big"),
        0,
    )
    yield one(
        "closing hash of 31 bytes",
        "32 bytes",
        body + b"Z" + (31).to_bytes(4, "big") + hashlib.sha256(body).digest()[:31],
        4,
    )


def evidence_cases() -> Iterator[dict[str, Any]]:
    """Evidence files; ``input`` is base64 of the file, ``cards`` are given beside it, ``told`` must be told."""
    scene = Scene()
    good = scene.evidence()
    document = json.loads(good)

    def one(
        name: str,
        reason: str,
        octets: bytes,
        *,
        valid: bool = False,
        told: str = "",
        cards: list[str] | None = None,
    ) -> dict[str, Any]:
        return case(name, reason, valid=valid, input=text64(octets), cards=cards or scene.cards(), told=told)

    def changed(**given: Any) -> bytes:
        return canonical.encode(document | given)

    touched = Scene()
    given, octets = releases.released(touched, "Notice 5 of west.")
    touched.log.add("Notice 5 of west.", **given)
    shown = json.loads(touched.evidence(5, release=octets))
    yield one(
        "released by an officer",
        "the entry names the release",
        canonical.encode(shown),
        valid=True,
        told="release beside it, of which nothing is judged here",
    )
    yield one(
        "its release not shown",
        "the entry stands without it",
        canonical.encode(shown | {"release": None}),
        valid=True,
    )
    yield one("another release", "not the one named", canonical.encode(shown | {"release": text64(octets[:-1])}))
    yield one("a release that nothing names", "the entry names none", changed(release=text64(octets)))
    yield one(
        "a content of the first entry",
        "it is none of this entry",
        changed(bodies=json.loads(scene.evidence(0))["bodies"]),
    )
    other = json.loads(scene.evidence(2))
    yield one("evidence", "an entry, two heads, cosignatures", good, valid=True, told="Notice 3 of west.")
    yield one("without its body", "the entry stands without it", scene.evidence(with_body=False), valid=True)
    yield one("of the first entry", "no other first statement", scene.evidence(0), valid=True)
    bare = [
        proof | {"checkpoint": scene.log.head(4 + index).encode().decode()}
        for index, proof in enumerate(document["proofs"])
    ]
    yield one(
        "without cosignatures",
        "the author's word alone: uncorroborated",
        changed(proofs=bare),
        valid=True,
        told="uncorroborated",
    )
    yield one("another entry", "the path leads elsewhere", changed(entry=other["entry"]))
    yield one(
        "path of another entry",
        "the path leads elsewhere",
        changed(proofs=[document["proofs"][0] | {"path": other["proofs"][0]["path"]}]),
    )
    yield one(
        "path too long",
        "its length follows from index and size",
        changed(proofs=[document["proofs"][0] | {"path": [*document["proofs"][0]["path"], text64(digest("x"))]}]),
    )
    yield one("no head", "one at least", changed(proofs=[]))
    yield one("heads out of order", "ascending sizes", changed(proofs=document["proofs"][::-1]))
    eastern = scene.eastern.head().encode().decode()
    yield one(
        "head of another log",
        "a head of the entry's own log",
        changed(proofs=[document["proofs"][0] | {"checkpoint": eastern}]),
    )
    yield one("no first statement", "it says under which opening the log stands", changed(first=None))
    yield one(
        "first statement of another log",
        "the entry's own log",
        changed(first={"entry": text64(scene.eastern.leaves[0]), "path": document["first"]["path"]}),
    )
    rival = first_opening("baltic", [scene.west.ring, scene.east.ring])
    yield one(
        "opening of another line",
        "the line id follows from the opening",
        changed(openings=[text64(rival.encode())]),
    )
    yield one("no opening", "one founds the log", changed(openings=[]))
    yield one(
        "other salt",
        "the body does not match",
        changed(bodies=[document["bodies"][0] | {"salt": text64(digest("x"))}]),
    )
    salt, content = scene.log.contents[3]
    yield one(
        "salt a byte longer",
        "32 bytes: where the content begins is fixed",
        changed(bodies=[{"salt": text64(salt + content[:1]), "content": text64(content[1:])}]),
    )
    yield one("format 2", "format 1", changed(format=2))
    stranger = Party("west")
    stranger = Party("south")
    yield one(
        "another card given",
        "trust begins at the card",
        good,
        cards=[
            *scene.cards()[:2],
            text64(
                sealed_by(
                    PayloadType.ROOT_ACT,
                    scene.west.payload(
                        "card",
                        index=0,
                        previous=None,
                        reason="first",
                        root=RootKeys((public(stranger.roots()[0]),), 1),
                        keys=stranger.key_set(0),
                    ).encode(),
                    stranger.roots()[:1],
                )
            ),
        ],
    )
    yield one("spaces", "another spelling", json.dumps(document, sort_keys=True).encode())
    yield from disputes()


def disputes() -> Iterator[dict[str, Any]]:
    """Evidence after the author's root keys closed the log."""
    for reason, size, told in (
        ("theft", 3, "disputed by their author"),
        ("rotation", 3, "after close"),
        ("theft", 5, "disputed by their author"),
    ):
        scene = Scene()
        head = scene.log.head(size).head
        closed = ClosedLog(1, 0, scene.opening.line, head.root.hex(), size)
        scene.west.act("generation", reason=reason, heads=(closed,), keys=scene.west.key_set(1))
        yield case(f"log closed at {size} for {reason}, entry 3", "never invalid: its author's root keys say from where on",
                   valid=True, input=text64(scene.evidence()), cards=scene.cards(), told=told)  # fmt: skip


def fork_cases() -> Iterator[dict[str, Any]]:
    """Fork proofs, base64 of the file; cards beside it."""
    scene = Scene()
    ring, log = scene.west.ring, scene.log
    rival = scene.found(scene.west)
    for leaf in log.leaves[:2]:
        rival.append(leaf)
    for number in range(2, 6):
        rival.add(f"Rival notice {number} of west.")

    def one(
        name: str, reason: str, octets: bytes, judges: list[str] = BOTH, *, valid: bool = False
    ) -> dict[str, Any]:
        return case(name, reason, judges, valid=valid, input=text64(octets), cards=scene.cards())

    def changed(octets: bytes, **given: Any) -> bytes:
        return canonical.encode(json.loads(octets) | given)

    heads = proof.heads_fork(ring, log.head(4), rival.head(4))
    yield one("two heads of one size", "heads", heads, valid=True)
    yield one("one head twice", "they agree", proof.heads_fork(ring, log.head(4), log.head(4)))
    yield one("heads of two sizes", "they may agree", proof.heads_fork(ring, log.head(4), rival.head(5)))
    for old, name in ((3, "prefix"), (4, "prefix from a power of two")):
        path = merkle.consistency_proof(old, 6, rival.node)
        made = proof.prefix_fork(
            ring, log.head(old), rival.head(6), path, merkle.Frontier.load(old, rival.node).root()
        )
        yield one(name, "a later head begins otherwise", made, valid=True)
    path = merkle.consistency_proof(2, 6, rival.node)
    yield one(
        "prefix that agrees",
        "both can be true",
        proof.prefix_fork(ring, log.head(2), rival.head(6), path, log.head(2).head.root),
    )
    yield one(
        "prefix with another path",
        "the path must lead to the later head",
        changed(made, path=[text64(digest("x"))] * 3),
    )
    statements = proof.statements_fork(ring, log.leaves[2], rival.leaves[2])
    yield one("two statements at one index", "statements", statements, valid=True)
    yield one("one statement twice", "they are one", proof.statements_fork(ring, log.leaves[2], log.leaves[2]))
    yield one(
        "statements at two indices",
        "both can be true",
        proof.statements_fork(ring, log.leaves[2], rival.leaves[3]),
    )
    yield one(
        "statement that denies the one before",
        "previous",
        proof.previous_fork(ring, log.leaves[2], rival.leaves[3]),
        valid=True,
    )
    yield one(
        "statement after the one before",
        "both can be true",
        proof.previous_fork(ring, log.leaves[2], log.leaves[3]),
    )
    yield one(
        "statements of two members",
        "one member's keys",
        proof.statements_fork(ring, log.leaves[0], scene.eastern.leaves[0]),
    )
    yield one("unknown kind", "not in the list", changed(heads, kind="oath"))
    yield one("three pieces", "two", changed(heads, evidence=json.loads(heads)["evidence"] * 2))
    yield one("heads called statements", "another kind of evidence", changed(heads, kind="statements"))
    for size, minutes, valid in ((2, 6, True), (5, 6, False), (2, 4, False)):
        cosigned_head = log.head(4, [(scene.east, "log", 5)])
        answer = Answer(about="west", author="east", clock_ms=CLOCK_MS + minutes * 60_000, format=1,
                        heads=(OwnHead(1, 0, log.head(size).head.root.hex(), size),), key=scene.eastern.key_id(),
                        line=scene.opening.line, nonce=digest("nonce").hex()[:32], revocation=None)  # fmt: skip
        octets = sealed_by(PayloadType.ANSWER, answer.encode(), [scene.east.key("sign")])
        yield one(f"answer of {size} {minutes} minutes on, cosigned 4 at 5", "it says less than it had cosigned before" if valid else "both can be true",
                  proof.answer_fork(scene.east.ring, octets, cosigned_head, cosigned_head.cosignatures[0]), valid=valid)  # fmt: skip


def export_cases() -> Iterator[dict[str, Any]]:
    """Whole records, base64 of the file; cards beside it."""
    scene = Scene()
    records = scene.export()

    def one(
        name: str, reason: str, made: Sequence[Record] | bytes, *, valid: bool = False, told: str = ""
    ) -> dict[str, Any]:
        octets = made if isinstance(made, bytes) else joined(made)
        return case(name, reason, ["verifier"], valid=valid, input=text64(octets), cards=scene.cards(), told=told)

    whole = joined(records)
    entries = [index for index, record in enumerate(records) if record.kind is Kind.ENTRY]
    yield one("export", "all entries, bodies and heads", records, valid=True)
    yield one("without bodies", "entries and heads stand without them", scene.export(bodies=False), valid=True)
    without = [record for index, record in enumerate(records) if index not in {entries[3], entries[3] + 1}]
    yield one("an entry dropped", "a gap", without)
    swapped = list(records)
    swapped[entries[3]], swapped[entries[4]] = swapped[entries[4]], swapped[entries[3]]
    yield one("two entries swapped", "out of their places", swapped)
    yield one("an entry twice", "out of its place", [*records[: entries[3] + 1], *records[entries[3] :]])
    yield one(
        "last entry dropped",
        "the head holds more",
        [record for index, record in enumerate(records) if index not in {entries[-1], entries[-1] + 1}],
    )
    yield one("body of no entry", "nobody promised it", [*records, Record(Kind.BODY, digest("x") + b"content")])
    yield one("no opening", "nothing founds the logs", records[1:])
    rival = scene.found(scene.west)
    rival.add("Rival notice 0 of west.")
    yield one(
        "head of a rival log",
        "it does not fit the entries",
        [*records, Record(Kind.CHECKPOINT, rival.head().encode())],
    )
    fork = proof.statements_fork(scene.west.ring, scene.log.leaves[0], rival.leaves[0])
    yield one(
        "with a fork proof", "it is told", [*records, Record(Kind.FORK, fork)], valid=True, told="signed both"
    )
    yield one("cut short", "no closing record", whole[:-20])
    yield one("wrong closing hash", "it covers every byte before it", whole[:-1] + bytes([whole[-1] ^ 1]))
    yield one("bytes after the end", "the end is the end", whole + b"\0")
    scene = Scene()
    closed = ClosedLog(1, 0, scene.opening.line, scene.log.head(3).head.root.hex(), 3)
    scene.west.act("generation", reason="theft", heads=(closed,), keys=scene.west.key_set(1))
    yield one(
        "log closed at 3 for theft",
        "entries from 3 on are disputed, never invalid",
        scene.export(),
        valid=True,
        told="from index 3 on are disputed by their author",
    )
    touched = Scene()
    given, octets = releases.released(touched, "Notice 5 of west.")
    touched.log.add("Notice 5 of west.", **given)
    lying = Record(Kind.RELEASE, octets)
    yield one("with a release", "a statement before it names it", touched.export([lying]), valid=True)
    yield one("a release that nothing names", "no statement before it names it", scene.export([lying]))
    later = scene.found(scene.west, 1)
    later.add("Notice 0 of west's next generation.")
    head = Record(Kind.CHECKPOINT, later.head().encode())
    yield one(
        "next generation",
        "its first statement names opening and root act",
        scene.export([Record(Kind.ENTRY, later.leaves[0]), head]),
        valid=True,
    )
    wrong = Writing(scene.west, later.origin, scene.opening.hash())
    wrong.add("Notice 0 of west's next generation.")
    yield one(
        "next generation that names the opening alone",
        "another first hash",
        scene.export([Record(Kind.ENTRY, wrong.leaves[0])]),
    )


FILES = {
    "canonical": pieces.canonical_cases, "keys": pieces.key_cases, "envelopes": pieces.envelope_cases, "statements": pieces.statement_cases,
    "heads": pieces.head_cases, "cosignatures": pieces.cosignature_cases, "root_acts": acts.root_act_cases, "openings": acts.opening_cases,
    "releases": releases.release_cases, "officers": releases.officer_cases, "bundles": bundle_cases, "evidence": evidence_cases, "forks": fork_cases, "exports": export_cases,
}  # fmt: skip


def made() -> dict[str, str]:
    """Return the text of every file by its name."""
    return {f"{name}.json": _text((make.__doc__ or "").strip(), list(make())) for name, make in FILES.items()}


def _text(about: str, cases: list[dict[str, Any]]) -> str:
    """Return a file; what most of its cases share stands once, beside them, and holds where a case is silent."""
    shared: dict[str, Any] = {}
    for field in ("cards", "key", "officers", "opening", "previous", "seq"):
        values = [json.dumps(one[field]) for one in cases if field in one]
        if len(values) == len(cases):
            most = max(values, key=values.count)
            shared[field] = json.loads(most)
            cases = [{name: value for name, value in one.items() if name != field or json.dumps(value) != most}
                     for one in cases]  # fmt: skip
    return json.dumps({"about": about, "shared": shared, "cases": cases}, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent / "vectors"
    for name, text in made().items():
        (folder / name).write_text(text, encoding="utf-8")
        print(name, len(json.loads(text)["cases"]))
