"""Fill the named examples into spec/line: ``python tools/spec_examples.py``. A test compares and judges them."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from vector_release import release_for, touch
from vector_scene import CLOCK_MS, Scene, digest, joined, public

from detente.line import canonical, merkle
from detente.line.bundle import BUNDLE_MAGIC
from detente.line.checkpoint import cosigner_name, verifier_key
from detente.line.envelope import Envelope, PayloadType, pre_authentication
from detente.line.opening import first_previous
from detente.line.release import challenge, requested
from detente.line.session import Answer, OwnHead
from detente.line.statement import commit
from detente.line.tiles import Tile, bundle, tiles_of

PAGES = Path(__file__).resolve().parent.parent / "spec" / "line"
BLOCK = re.compile(r"```(json|text|hex) ([a-z-]+)\n(.*?)```", re.DOTALL)


def examples() -> dict[str, str]:
    """Return the text of every example by its name, each ending in a newline."""
    scene = Scene()
    log, leaf, card = scene.log, scene.log.leaves[0], scene.west.ring.envelopes[0]
    payload = Envelope.decode(leaf, PayloadType.STATEMENT).payload
    salt, content = log.contents[0]
    head = log.head(cosigners=scene.mirrors())
    answer = Answer(
        about="west", author="east", clock_ms=CLOCK_MS, format=1, heads=(OwnHead(1, 0, head.head.root.hex(), 5),),
        key=scene.eastern.key_id(), line=scene.opening.line, nonce=digest("nonce").hex()[:32], revocation=None,
    )  # fmt: skip
    statement = log.statement("Notice 5 of west.")
    octets = release_for([touch(challenge(statement, ["east"]))])
    document = {"A": 1, "a": [None, True, -(2**53 - 1)], "text": '"\\\n\x1f é /'}
    found = {
        "canonical": canonical.encode(document).decode(),
        "key-id": f"public key {public(scene.west.key('sign'))}\nkey id     {log.key_id()}",
        "card-payload": Envelope.decode(card, PayloadType.ROOT_ACT).payload.decode(),
        "card": card.decode(),
        "pre-authentication": pre_authentication(PayloadType.STATEMENT, b"{}").decode(),
        "body-commitment": (
            f"content    {content.decode()}\nsalt       {salt.hex()}\ncommitment {commit(salt, content)}"
        ),
        "statement-payload": payload.decode(),
        "statement": leaf.decode(),
        "log": "\n".join(
            [f"leaf hash {seq} {merkle.leaf_hash(one).hex()}" for seq, one in enumerate(log.leaves)]
            + [f"root of {size}   {log.head(size).head.root.hex()}" for size in range(6)]
            + ["inclusion of 3 in 5    " + " ".join(step.hex() for step in log.path(3, 5))]
            + ["consistency of 3 and 5 " + " ".join(s.hex() for s in merkle.consistency_proof(3, 5, log.node))]
        ),
        "head": head.encode().decode().rstrip("\n"),
        "tiles": tiles(scene),
        "release-request": requested(statement, ["east"]).decode(),
        "release-challenge": challenge(statement, ["east"]).hex(),
        "release": octets.decode(),
        "answer-payload": answer.encode().decode(),
        "empty-bundle": joined([], BUNDLE_MAGIC).hex(),
        "opening": scene.opening.encode().decode(),
        "opening-hash": f"{scene.opening.hash()}\n{scene.opening.fingerprint()}",
    }
    scene.west.act("generation", reason="rotation", keys=scene.west.key_set(1))
    found["first-previous"] = (
        f"generation 0 {scene.opening.hash()}\ngeneration 1 {first_previous(scene.opening, scene.west.ring, 0, 1)}"
    )
    return {name: text + "\n" for name, text in found.items()}


def tiles(scene: Scene) -> str:
    """Return the log of the example in tiles: keys, each name, and its bytes or what they begin and hash to."""
    log, line = scene.log, scene.opening.line
    writer = verifier_key(str(log.origin), bytes.fromhex(public(scene.west.key("sign"))))
    name, key = cosigner_name(line, 1, "east", "log"), bytes.fromhex(public(scene.east.key("cosign_log")))
    found = [f"writer    {writer}", f"east      {verifier_key(name, key, cosigns=True)}"]
    for tile in tiles_of(len(log.leaves)):
        if tile.kind == "hashes":
            found += [f"{tile.path()}"] + [f"          {merkle.leaf_hash(leaf).hex()}" for leaf in log.leaves]
        else:
            octets = bundle(log.leaves)
            found += [
                f"{tile.path()}",
                f"          {len(octets)} bytes, SHA-256 {hashlib.sha256(octets).hexdigest()}",
                f"          begins {octets[:2].hex()} ({len(log.leaves[0])} bytes): {octets[2:42].decode()}",
            ]
    return "\n".join([*found, f"tile 70,000 of entries, were it full: {Tile('entries', 0, 70_000).path()}"])


def filled(page: str, made: dict[str, str]) -> str:
    """Return a page with its examples filled in."""
    return BLOCK.sub(lambda block: f"```{block[1]} {block[2]}\n{made[block[2]]}```", page)


if __name__ == "__main__":
    made = examples()
    for path in sorted(PAGES.glob("*.md")):
        path.write_text(filled(path.read_text(encoding="utf-8"), made), encoding="utf-8")
    print(len(made), "examples", base64.b64encode(digest(json.dumps(made)))[:8].decode())
