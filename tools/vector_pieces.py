"""Cases of single pieces: spellings, keys, envelopes, statements, heads, cosignatures."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from vector_scene import (
    BOTH,
    CLOCK_MS,
    NODE,
    Scene,
    case,
    cosigned,
    digest,
    public,
    sealed_by,
    text64,
)

from detente.line import canonical, checkpoint, keys, merkle
from detente.line.checkpoint import Checkpoint, Cosignature, Head
from detente.line.envelope import Envelope, PayloadType


def canonical_cases() -> Iterator[dict[str, Any]]:
    """Spellings of a document; ``input`` is base64 of the bytes."""
    good = {
        "empty object": b"{}",
        "sorted keys": b'{"A":1,"a":2,"b":3}',
        "text beyond ASCII as it is": '{"a":"é文😀"}'.encode(),
        "escapes": rb'{"a":"\"\\\b\f\n\r\t\u0000\u001f"}',
        "delete is not escaped": b'{"a":"\x7f"}',
        "largest integers": b'{"a":9007199254740991,"b":-9007199254740991}',
        "sixteen deep": b'{"a":' + b"[" * 15 + b"]" * 15 + b"}",
        "null and booleans": b'{"a":[null,true,false]}',
    }
    for name, octets in good.items():
        yield case(name, "the one spelling", valid=True, input=text64(octets))
    bad = {
        "space": (b'{"a": 1}', BOTH),
        "newline at the end": (b'{"a":1}\n', BOTH),
        "keys out of order": (b'{"b":1,"a":2}', BOTH),
        "key twice": (b'{"a":1,"a":1}', BOTH),
        "escaped letter": (rb'{"a":"\u0061"}', BOTH),
        "escaped slash": (rb'{"a":"\/"}', BOTH),
        "upper case escape": (rb'{"a":"\u001F"}', BOTH),
        "decimal": (b'{"a":1.0}', BOTH),
        "exponent": (b'{"a":1e2}', BOTH),
        "minus zero": (b'{"a":-0}', BOTH),
        "leading zero": (b'{"a":01}', BOTH),
        "not a number": (b'{"a":NaN}', BOTH),
        "infinity": (b'{"a":-Infinity}', BOTH),
        "byte order mark": (b'\xef\xbb\xbf{"a":1}', BOTH),
        "UTF-16": ('{"a":1}'.encode("utf-16-le"), BOTH),
        "not UTF-8": (b'{"a":"\xff"}', BOTH),
        "surrogate in UTF-8": (b'{"a":"\xed\xa0\x80"}', BOTH),
        "half of a surrogate pair": (rb'{"a":"\ud800"}', BOTH),
        "two documents": (b"{}{}", BOTH),
        "empty": (b"", BOTH),
        "trailing comma": (b'{"a":1,}', BOTH),
        "comment": (b'{"a":1/**/}', BOTH),
        "single quotes": (b"{'a':1}", BOTH),
        "not an object": (b"[1]", BOTH),
        "integer of 2^53": (b'{"a":9007199254740992}', NODE),
        "key beyond ASCII": ('{"é":1}'.encode(), NODE),
        "seventeen deep": (b'{"a":' + b"[" * 16 + b"]" * 16 + b"}", NODE),
        "a hundred thousand deep": (b"[" * 100_000, BOTH),
    }
    for name, (octets, judges) in bad.items():
        yield case(name, "not the one spelling of canonical.md", judges, input=text64(octets))


def key_cases() -> Iterator[dict[str, Any]]:
    """Public keys to be enrolled, and signatures; ``key``, ``message``, ``signature`` are hexadecimal."""
    prime = 2**255 - 19
    west = Ed25519PrivateKey.from_private_bytes(digest("a key"))
    good, message = bytes.fromhex(public(west)), b"a message"
    signature = west.sign(message)

    def one(name: str, reason: str, key: bytes, signed: bytes, *, valid: bool = False) -> dict[str, Any]:
        return case(name, reason, valid=valid, key=key.hex(), message=message.hex(), signature=signed.hex())

    yield one("signature", "it holds", good, signature, valid=True)
    yield one("other message's signature", "it does not hold", good, west.sign(b"another"))
    yield one("signature cut", "63 bytes", good, signature[:-1])
    yield one("signature with a byte more", "65 bytes", good, signature + b"\0")
    order = 2**252 + 27742317777372353535851937790883648493
    s = int.from_bytes(signature[32:], "little") + order
    yield one("S + L", "S is not reduced: a second spelling", good, signature[:32] + s.to_bytes(32, "little"))
    for y in sorted(keys.SMALL_ORDER_Y):
        for sign in (0, 1):
            point = (y | sign << 255).to_bytes(32, "little")
            yield case(f"key y={y} sign={sign}", "a key of small order, and a signature that fits it without the table",
                       **_fitting(point))  # fmt: skip
            yield one(f"R y={y} sign={sign}", "R is a point of small order", good, point + signature[32:])
    identity = (1).to_bytes(32, "little")
    s = int.from_bytes(hashlib.sha512(identity + good + message).digest(), "little") * _scalar("a key") % order
    yield one(
        "R that fits",
        "R is a point of small order, and holds without the table",
        good,
        identity + s.to_bytes(32, "little"),
    )
    for y in (*range(prime, prime + 19),):
        for sign in (0, 1):
            yield one(
                f"key y=p+{y - prime} sign={sign}",
                "y is not below p",
                (y | sign << 255).to_bytes(32, "little"),
                signature,
            )
    yield one("key of 31 bytes", "too short", good[:-1], signature)


def _scalar(name: str) -> int:
    """Return the secret scalar of the key that follows from a name (RFC 8032, 5.1.5)."""
    octets = bytearray(hashlib.sha512(digest(name)).digest()[:32])
    octets[0] &= 248
    octets[31] = octets[31] & 127 | 64
    return int.from_bytes(octets, "little")


def _fitting(point: bytes) -> dict[str, str]:
    """Return a message and a signature that plain Ed25519 accepts under a key of small order, where there is one.

    R is a multiple s of the base point and S is s: it holds for every message whose hash is a multiple of the order.
    """
    order = 2**252 + 27742317777372353535851937790883648493
    r = bytes.fromhex(public(Ed25519PrivateKey.from_private_bytes(digest("a key"))))
    signature = r + (_scalar("a key") % order).to_bytes(32, "little")
    message = b""
    for number in range(64):
        message = b"message %d" % number
        try:
            Ed25519PublicKey.from_public_bytes(point).verify(signature, message)
        except (InvalidSignature, ValueError):
            continue
        break
    return {"key": point.hex(), "message": message.hex(), "signature": signature.hex()}


def envelope_cases() -> Iterator[dict[str, Any]]:
    """Envelopes of a statement that west's key should have signed; ``key`` is its public key."""
    scene = Scene()
    leaf = scene.log.leaves[0]
    payload = Envelope.decode(leaf, PayloadType.STATEMENT).payload
    own, other = scene.west.key("sign"), scene.east.key("sign")
    signature = Envelope.decode(leaf, PayloadType.STATEMENT).signatures[0]
    document = json.loads(leaf)

    def one(
        name: str, reason: str, octets: bytes, judges: list[str] = BOTH, *, valid: bool = False
    ) -> dict[str, Any]:
        return case(name, reason, judges, valid=valid, input=text64(octets), key=public(own))

    def spelled(**given: Any) -> bytes:
        return canonical.encode(document | given)

    yield one("envelope", "signed by the right key", leaf, valid=True)
    yield one("other key", "signed by another key", sealed_by(PayloadType.STATEMENT, payload, [other]))
    yield one(
        "two signatures", "a statement has exactly one", sealed_by(PayloadType.STATEMENT, payload, [own, other])
    )
    yield one("no signature", "a statement has exactly one", spelled(signatures=[]))
    yield one("signature twice", "doubled", spelled(signatures=document["signatures"] * 2))
    yield one("other type", "a root act's envelope", sealed_by(PayloadType.ROOT_ACT, payload, [own]))
    yield one("type changed", "the type is signed too", spelled(payloadType=PayloadType.ROOT_ACT.value))
    yield one("unknown type", "not in the closed list", spelled(payloadType="application/json"))
    yield one(
        "payload changed",
        "the signature covers it",
        spelled(payload=text64(payload.replace(b"notice", b"Notice"))),
    )
    yield one("base64 without padding", "another spelling", spelled(payload=text64(payload + b" ").rstrip("=")))
    yield one("base64 with a line break", "another spelling", spelled(payload=document["payload"] + "\n"))
    yield one("base64 of the URL alphabet", "another spelling",
              spelled(signatures=[{"keyid": signature.key_id, "sig": "-_" + text64(signature.signature)[2:]}]))  # fmt: skip
    loose = text64(signature.signature)
    loose = loose[:-3] + chr(ord(loose[-3]) + 1) + "=="
    yield one("base64 with bits beyond the end", "another spelling",
              spelled(signatures=[{"keyid": signature.key_id, "sig": loose}]))  # fmt: skip
    yield one("key id in capitals", "another spelling",
              spelled(signatures=[{"keyid": signature.key_id.upper(), "sig": text64(signature.signature)}]))  # fmt: skip
    yield one("key id of another key", "the id must be the signing key's",
              spelled(signatures=[{"keyid": digest("no key").hex(), "sig": text64(signature.signature)}]))  # fmt: skip
    yield one("field more", "an envelope has three fields", spelled(more=1), NODE)
    yield one("over its cap", "at most 262,144 bytes", spelled(payload=text64(bytes(200_000))))
    yield one("spaces", "another spelling", json.dumps(document, sort_keys=True).encode())


def statement_cases() -> Iterator[dict[str, Any]]:
    """Leaves for index ``seq`` of west's log after hash ``previous``; ``understood``: whether a reader shows it so."""
    scene = Scene()
    log = scene.log
    document = json.loads(log.statement("The next notice.").encode())
    promise = document["body"]

    def one(name: str, reason: str, judges: list[str] = BOTH, *, valid: bool = False, drop: str = "", known: bool = True,
            **given: Any) -> dict[str, Any]:  # fmt: skip
        changed = {field: value for field, value in (document | given).items() if field != drop}
        leaf = log.leaf(json.dumps(changed, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode())
        return case(name, reason, judges, valid=valid, input=text64(leaf), seq=5, previous=log.previous, understood=known,
                    opening=text64(scene.opening.encode()), cards=scene.cards())  # fmt: skip

    yield one("statement", "the next one", valid=True)
    yield one("unknown type", "stored and shown as not understood", valid=True, known=False, type="x-new")
    yield one("unknown field", "kept and shown", valid=True, more={"a": [1]})
    yield one(
        "unknown critical field",
        "stored and shown as not understood",
        valid=True,
        known=False,
        more=1,
        critical=["more"],
    )
    yield one(
        "critical field that is not there",
        "stored and shown as not understood",
        valid=True,
        known=False,
        critical=["more"],
    )
    yield one(
        "clock a year off", "recorded, flagged, never refused", valid=True, clock_ms=CLOCK_MS + 31_536_000_000
    )
    yield one("clock at zero", "recorded, flagged, never refused", valid=True, clock_ms=0)
    yield one("sixteen attachments", "the most", valid=True, attachments=[promise] * 16)
    yield one("largest body", "1,000,000 bytes", valid=True, body=promise | {"size": 1_000_000})
    yield one("reply", "to any statement", valid=True, in_reply_to={
        "epoch": 1, "generation": 0, "leaf": digest("x").hex(), "member": "east", "seq": 1})  # fmt: skip
    yield one("gap", "index 6 after 5 statements", seq=6)
    yield one("index taken", "index 4 after 5 statements", seq=4)
    yield one("previous of another leaf", "it denies the statement before it", previous=digest("x").hex())
    yield one("other line", "this line only", line="baltic-00000000000000000000")
    yield one("other epoch", "this epoch only", epoch=2)
    yield one("other generation", "a generation without keys", generation=1)
    yield one("other author", "west's key cannot speak for east", author="east")
    yield one("nobody", "not on this line", author="south", judges=NODE)
    yield one("other key id inside", "the id inside must be the signing key's", key=digest("x").hex())
    yield one("epoch 0", "epochs begin at 1", epoch=0)
    yield one("negative index", "indices begin at 0", seq=-1)
    yield one("index as a boolean", "a whole number", NODE, seq=True)
    yield one("index as text", "a whole number", seq="5")
    yield one("body over its cap", "at most 1,000,000 bytes", NODE, body=promise | {"size": 1_000_001})
    yield one("seventeen attachments", "at most 16", NODE, attachments=[promise] * 17)
    yield one(
        "attachments over their cap",
        "at most 64,000,000 bytes",
        NODE,
        attachments=[promise | {"size": 32_000_001}] * 2,
    )
    yield one("reveal at some time", "now or later", NODE, body=promise | {"reveal": "soon"})
    yield one("hash in capitals", "lower case", NODE, body=promise | {"hash": promise["hash"].upper()})
    yield one("hash too short", "64 digits", NODE, body=promise | {"hash": promise["hash"][1:]})
    yield one("submission too long", "32 digits", NODE, submission="0" * 33)
    yield one("type with a capital", "lower case", NODE, type="Notice")
    yield one("media type without a slash", "type/subtype", NODE, body=promise | {"media_type": "text"})
    yield one(
        "65 heads",
        "at most 64",
        NODE,
        heads=[{"generation": 0, "member": "east", "root": digest("").hex(), "size": 1}] * 65,
    )
    yield one("field missing", "all fields stand, null where empty", NODE, drop="release")
    yield one("null for a list", "an empty list", NODE, attachments=None)


def head_cases() -> Iterator[dict[str, Any]]:
    """Heads of west's log; ``input`` is the note's text."""
    scene = Scene()
    good = scene.log.head(cosigners=scene.mirrors())
    text = good.encode().decode()
    origin = str(good.head.origin)
    lines = text.split("\n")

    def one(
        name: str, reason: str, note: str, judges: list[str] = BOTH, *, valid: bool = False
    ) -> dict[str, Any]:
        return case(name, reason, judges, valid=valid, input=note, cards=scene.cards())

    def signed(head: Head) -> str:
        return scene.log.signed(head).encode().decode()

    yield one("head", "signed by its writer", good.bare().encode().decode(), valid=True)
    yield one("cosigned head", "with three cosignatures", text, valid=True)
    yield one(
        "size 0", "nothing is written yet", signed(Head(good.head.origin, 0, merkle.EMPTY_ROOT)), valid=True
    )
    yield one("size changed", "signed", text.replace("\n5\n", "\n4\n"))
    yield one("root changed", "signed", text.replace(lines[2], text64(digest("x"))))
    yield one(
        "generation without keys",
        "no such key",
        text.replace(f"{origin}\n", f"{origin[:-1]}1\n").replace(f"{origin} ", f"{origin[:-1]}1 "),
    )
    yield one("other member", "west's key cannot speak for east", text.replace("/west/", "/east/"))
    yield one("size with a leading zero", "another spelling", text.replace("\n5\n", "\n05\n"))
    yield one("size with a sign", "another spelling", text.replace("\n5\n", "\n+5\n"))
    yield one("extension line", "three lines only", text.replace("\n\n", "\nmore\n\n"))
    yield one("no empty line", "text and signatures are apart", text.replace("\n\n", "\n"))
    yield one("carriage returns", "another spelling", text.replace("\n", "\r\n"))
    yield one("hyphen for dash", "another spelling", text.replace("—", "-"))
    yield one("no newline at the end", "another spelling", text[:-1])
    yield one("text below", "nothing follows", text + "more\n")
    yield one("not signed by its writer", "cosignatures alone are nothing", "\n".join([*lines[:4], *lines[5:]]))
    yield one("signed twice by its writer", "exactly once", "\n".join([*lines[:5], *lines[4:]]), NODE)
    yield one(
        "cosignatures out of order",
        "by name, then clock",
        "\n".join([*lines[:5], lines[6], lines[5], *lines[7:]]),
        NODE,
    )
    own = lines[4].split(" ")
    yield one("signature of 63 bytes", "4 + 64", text.replace(own[2], text64(base64.b64decode(own[2])[:-1])))
    yield one(
        "other hint of the writer",
        "the hint must be the key's",
        text.replace(own[2], text64(b"\0\0\0\0" + base64.b64decode(own[2])[4:])),
        NODE,
    )
    yield one("root of 31 bytes", "32 bytes", text.replace(lines[2], text64(digest("x")[:31])))
    yield one("empty", "nothing", "")


def cosignature_cases() -> Iterator[dict[str, Any]]:
    """Cosigned heads of west's log of which one cosignature is wrong."""
    scene = Scene()
    head = scene.log.head().head

    def one(
        name: str, reason: str, word: Cosignature, judges: list[str] = BOTH, *, valid: bool = False
    ) -> dict[str, Any]:
        note = scene.log.signed(head)
        note = Checkpoint(note.head, note.signature, note.hint, (word,)).encode().decode()
        return case(name, reason, judges, valid=valid, input=note, cards=scene.cards())

    held = cosigned(head, scene.east, "held", 5)
    yield one("held", "by the key for it", held, valid=True)
    yield one("log", "by the key for it", cosigned(head, scene.north, "log", 5), valid=True)
    yield one("clock changed", "signed", Cosignature(held.name, held.hint, held.clock_s + 1, held.signature))
    log = cosigned(head, scene.east, "log", 5)
    key = bytes.fromhex(public(scene.east.key("cosign_log")))
    yield one(
        "log's signature under held",
        "one key, one role",
        checkpoint.make_cosignature(held.name, log.clock_s, log.signature, key),
        NODE,
    )
    other = cosigned(Head(head.origin, 4, head.root), scene.east, "held", 5)
    yield one(
        "of another size", "size is signed", Cosignature(held.name, held.hint, other.clock_s, other.signature)
    )
    name = held.name.replace("/1/", "/2/")
    yield one(
        "of another epoch", "the epoch is in the name", Cosignature(name, held.hint, held.clock_s, held.signature)
    )
    plain = scene.east.key("cosign_held").sign(head.text())
    yield one(
        "signed as a writer signs",
        "a cosignature covers its clock",
        Cosignature(held.name, held.hint, held.clock_s, plain),
    )
