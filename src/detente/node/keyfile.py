"""Key files: a node's operational keys of every generation, and root keys, each file under a passphrase.

    {"cipher": "chacha20-poly1305", "format": 1, "kind": ..., "lanes": 4, "memory_kib": 65536, "nonce": hex,
    "passes": 3,
     "public": {...}, "salt": hex, "sealed": base64}

The passphrase becomes a key by Argon2id (RFC 9106, second recommended setting); everything but ``sealed`` is
authenticated with it. A file is written whole or not at all, readable by its owner only. Passphrases come from a
terminal or a file, never from an argument or an environment variable's own text.
"""

from __future__ import annotations

import base64
import getpass
import os
import secrets
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hpke import MLKEM768X25519PrivateKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from msgspec import Meta

from detente import words
from detente.door.files import writing
from detente.line import canonical
from detente.line.effects import Role
from detente.line.errors import Refused
from detente.line.rootact import KeySet
from detente.node.errors import KeyMistake
from detente.node.officers import Officers

__all__ = [
    "PASSPHRASE_VARIABLE",
    "SEALING_KEPT_MS",
    "Cost",
    "Keys",
    "SealingKey",
    "check_key_file",
    "open_keys",
    "read_keys",
    "read_passphrase",
    "read_root_key",
    "root_public",
    "without_old_sealing",
    "write_keys",
    "write_root_key",
]

say = words.speaker("node")

PASSPHRASE_VARIABLE = "DETENTE_PASSPHRASE_FILE"  # noqa: S105 - the name of a variable that names a file
_FILE_MAX = 4 * 1024 * 1024
_PASSPHRASE_MAX = 4096
_MEMORY_MAX_KIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Cost:
    """How much work a guess at the passphrase is. The default is RFC 9106's second recommended setting."""

    passes: int = 3
    memory_kib: int = 65536
    lanes: int = 4


@dataclass(frozen=True, slots=True)
class SealingKey:
    """A private key for sealed bundles: 64-byte ML-KEM-768 seed, 32-byte X25519 key, when it was made."""

    mlkem_seed: bytes
    x25519: bytes
    made_ms: int

    @classmethod
    def make(cls, clock_ms: int) -> SealingKey:
        """Return a new random key."""
        mlkem, x25519 = MLKEM768PrivateKey.generate(), X25519PrivateKey.generate()
        return cls(mlkem.private_bytes_raw(), x25519.private_bytes_raw(), clock_ms)

    def private(self) -> MLKEM768X25519PrivateKey:
        """Return the key that ``cryptography`` opens with."""
        return MLKEM768X25519PrivateKey(
            MLKEM768PrivateKey.from_seed_bytes(self.mlkem_seed), X25519PrivateKey.from_private_bytes(self.x25519)
        )

    def public(self) -> str:
        """Return the public key as root acts name it: hexadecimal, 1,216 bytes, ML-KEM first (X-Wing order)."""
        mlkem = MLKEM768PrivateKey.from_seed_bytes(self.mlkem_seed).public_key().public_bytes_raw()
        return (mlkem + X25519PrivateKey.from_private_bytes(self.x25519).public_key().public_bytes_raw()).hex()


@dataclass(frozen=True, slots=True)
class Keys:
    """One generation's private keys, each with one role; ``sealing`` oldest first, destroyed ones left out."""

    sign: Ed25519PrivateKey
    cosign_log: Ed25519PrivateKey
    cosign_held: Ed25519PrivateKey
    sealing: tuple[SealingKey, ...]

    @classmethod
    def make(cls, clock_ms: int) -> Keys:
        """Return a new generation's keys, all random; clock_ms: now, for the sealing key."""
        one, two, three = (Ed25519PrivateKey.generate() for _ in range(3))
        return cls(one, two, three, (SealingKey.make(clock_ms),))

    def of(self, role: Role) -> Ed25519PrivateKey:
        """Return the key of a role."""
        if role is Role.SIGN:
            return self.sign
        return self.cosign_log if role is Role.COSIGN_LOG else self.cosign_held

    def public(self) -> KeySet:
        """Return the public keys as a card or a generation's act names them; the newest sealing key."""
        return KeySet(
            cosign_held=_public(self.cosign_held),
            cosign_log=_public(self.cosign_log),
            seal=self.sealing[-1].public(),
            sign=_public(self.sign),
        )


SEALING_KEPT_MS = 90 * 86_400_000
"""How long a sealing key still opens bundles after its successor was made."""


def without_old_sealing(generations: Mapping[int, Keys], now_ms: int) -> dict[int, Keys]:
    """Return the keys without the sealing keys whose successor is older than 90 days.

    What was sealed for those must not be opened any more, by nobody.
    """
    made = sorted(
        (one.made_ms, generation, position)
        for generation, own in generations.items()
        for position, one in enumerate(own.sealing)
    )
    old = {
        (generation, position)
        for (_, generation, position), (successor_ms, _, _) in pairwise(made)
        if now_ms - successor_ms > SEALING_KEPT_MS
    }
    return {
        generation: replace(
            own,
            sealing=tuple(one for position, one in enumerate(own.sealing) if (generation, position) not in old),
        )
        for generation, own in generations.items()
    }


# ---- passphrases --------------------------------------------------------------------------------------------


def read_passphrase(file: Path | None = None, *, new: bool = False, prompt: str = "") -> bytes:
    """Return the passphrase: from ``file``, else the file that DETENTE_PASSPHRASE_FILE names, else the terminal.

    One closing line break is not part of it. new: asked twice at a terminal. Raises KeyMistake when there is
    none, it is empty, cannot be read, or the two do not agree.
    """
    named = file or (Path(os.environ[PASSPHRASE_VARIABLE]) if os.environ.get(PASSPHRASE_VARIABLE) else None)
    if named is not None:
        try:
            with named.open("rb") as source:
                octets = source.read(_PASSPHRASE_MAX + 1)
        except OSError as failure:
            raise _no_passphrase(failure.strerror or str(failure), str(named)) from failure
        if len(octets) > _PASSPHRASE_MAX:
            raise _no_passphrase(say("more than {size} bytes", size=_PASSPHRASE_MAX), str(named))
        passphrase = octets.removesuffix(b"\n").removesuffix(b"\r")
    elif sys.stdin is not None and sys.stdin.isatty():
        passphrase = getpass.getpass(prompt or say("Passphrase: ")).encode()
        if new and getpass.getpass(say("The same again: ")).encode() != passphrase:
            raise _no_passphrase(say("two that differ"))
    else:
        raise _no_passphrase(say("no terminal to ask at"))
    if not passphrase:
        raise _no_passphrase(say("an empty one"), str(named or ""))
    return passphrase


# ---- files --------------------------------------------------------------------------------------------------


def write_keys(
    path: Path,
    generations: Mapping[int, Keys],
    passphrase: bytes,
    *,
    cost: Cost | None = None,
    officers: Officers | None = None,
) -> None:
    """Write the operational keys of these generations as one encrypted file, whole or not at all, mode 0600.

    officers: who must release what people say, kept with the keys that say it.

    Raises OutputFailure when the disk refuses.
    """
    content = {
        "generations": [
            {
                "cosign_held": generations[number].cosign_held.private_bytes_raw().hex(),
                "cosign_log": generations[number].cosign_log.private_bytes_raw().hex(),
                "generation": number,
                "sealing": [
                    {"made_ms": one.made_ms, "mlkem_seed": one.mlkem_seed.hex(), "x25519": one.x25519.hex()}
                    for one in generations[number].sealing
                ],
                "sign": generations[number].sign.private_bytes_raw().hex(),
            }
            for number in sorted(generations)
        ],
        "officers": None if officers is None else officers.document(),
    }
    public: dict[str, str | int] = {"generations": len(generations)}
    _write(path, _seal("operational", canonical.encode(content), public, passphrase, cost or Cost()))


def read_keys(path: Path, passphrase: bytes) -> dict[int, Keys]:
    """Return the operational keys by generation; raises KeyMistake."""
    return open_keys(path, passphrase)[0]


def open_keys(path: Path, passphrase: bytes) -> tuple[dict[int, Keys], Officers | None]:
    """Return the operational keys by generation, and the officers kept with them; raises KeyMistake."""
    content = _open(path, "operational", passphrase)
    listed = content.get("officers")
    found = {
        one["generation"]: Keys(
            _private(one["sign"]),
            _private(one["cosign_log"]),
            _private(one["cosign_held"]),
            tuple(
                SealingKey(bytes.fromhex(seal["mlkem_seed"]), bytes.fromhex(seal["x25519"]), seal["made_ms"])
                for seal in one["sealing"]
            ),
        )
        for one in content["generations"]
    }
    try:
        return found, None if listed is None else Officers.read(listed)
    except msgspec.ValidationError:  # no other hand can have written it: it lies under the passphrase
        raise _no_key_file(path, say("a list of officers that this version does not know")) from None


def check_key_file(path: Path) -> None:
    """Raise KeyMistake for a file of operational keys whose outside is damaged.

    What is sealed in it shows a changed byte only to whoever has the passphrase: nothing opens then.
    """
    _header(path, "operational")


def write_root_key(path: Path, key: Ed25519PrivateKey, passphrase: bytes, *, cost: Cost | None = None) -> None:
    """Write one root key as one encrypted file; its public key is readable in it. Refuses to replace a file.

    Raises KeyMistake when the file exists, OutputFailure when the disk refuses.
    """
    if path.exists():
        raise KeyMistake(
            expected=say("a new file"),
            came=say("a file that exists"),
            where=str(path),
            remedy=say("choose another name"),
        )
    content = canonical.encode({"private": key.private_bytes_raw().hex()})
    _write(path, _seal("root", content, {"key": _public(key)}, passphrase, cost or Cost()))


def read_root_key(path: Path, passphrase: bytes) -> Ed25519PrivateKey:
    """Return the root key of a file; raises KeyMistake."""
    return _private(_open(path, "root", passphrase)["private"])


def root_public(path: Path) -> bytes:
    """Return the public key that a root key file names; no passphrase is needed. Raises KeyMistake."""
    found = _header(path, "root").public.get("key", "")
    return bytes.fromhex(str(found))


# ---- inside -------------------------------------------------------------------------------------------------

Hexadecimal = Annotated[str, Meta(pattern=r"\A([0-9a-f]{2})*\Z")]


class _Sealed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A key file as it lies on the disk."""

    cipher: Literal["chacha20-poly1305"]
    format: int
    kind: Literal["operational", "root"]
    lanes: Annotated[int, Meta(ge=1, le=64)]
    memory_kib: Annotated[int, Meta(ge=8, le=_MEMORY_MAX_KIB)]
    nonce: Annotated[Hexadecimal, Meta(min_length=24, max_length=24)]
    passes: Annotated[int, Meta(ge=1, le=1000)]
    public: dict[str, str | int]
    salt: Annotated[Hexadecimal, Meta(min_length=32, max_length=32)]
    sealed: str

    def bound(self) -> bytes:
        """Everything but the sealed content, which the seal authenticates."""
        return canonical.encode(msgspec.to_builtins(msgspec.structs.replace(self, sealed="")))

    def cipher_of(self, passphrase: bytes) -> ChaCha20Poly1305:
        derived = Argon2id(
            salt=bytes.fromhex(self.salt),
            length=32,
            iterations=self.passes,
            lanes=self.lanes,
            memory_cost=self.memory_kib,
        ).derive(passphrase)
        return ChaCha20Poly1305(derived)


def _seal(kind: Any, content: bytes, public: dict[str, str | int], passphrase: bytes, cost: Cost) -> bytes:
    header = _Sealed(
        cipher="chacha20-poly1305", format=1, kind=kind, lanes=cost.lanes, memory_kib=cost.memory_kib,
        nonce=secrets.token_hex(12), passes=cost.passes, public=public, salt=secrets.token_hex(16), sealed="",
    )  # fmt: skip
    octets = header.cipher_of(passphrase).encrypt(bytes.fromhex(header.nonce), content, header.bound())
    sealed = msgspec.structs.replace(header, sealed=base64.b64encode(octets).decode())
    return canonical.encode(msgspec.to_builtins(sealed))


def _header(path: Path, kind: str) -> _Sealed:
    try:
        with path.open("rb") as file:
            octets = file.read(_FILE_MAX + 1)
    except OSError as failure:
        raise _no_key_file(path, failure.strerror or str(failure)) from failure
    try:
        document = canonical.decode(octets, size_max=_FILE_MAX, what=str(path))
        if document.get("format", 1) != 1:
            raise _no_key_file(path, say("a newer format"))
        header = msgspec.convert(document, _Sealed)
    except (Refused, msgspec.ValidationError) as fault:
        raise _no_key_file(path, say("bytes that are no key file")) from fault
    if header.kind != kind:
        raise _no_key_file(path, say("keys of another kind: {kind}", kind=header.kind))
    return header


def _open(path: Path, kind: str, passphrase: bytes) -> dict[str, Any]:
    header = _header(path, kind)
    try:
        octets = header.cipher_of(passphrase).decrypt(
            bytes.fromhex(header.nonce), base64.b64decode(header.sealed), header.bound()
        )
    except (InvalidTag, ValueError):
        raise KeyMistake(
            expected=say("the passphrase of this key file"),
            came=say("another one, or a file that was changed"),
            where=str(path),
            remedy=say("try again; without the passphrase the keys are lost, and root keys start new ones"),
        ) from None
    return canonical.decode(octets, size_max=_FILE_MAX, what=str(path))


def _write(path: Path, octets: bytes) -> None:
    with (
        writing(path) as part,
        os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file,
    ):
        file.write(octets)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)  # the new name as well must survive a power cut
    finally:
        os.close(folder)


def _public(key: Ed25519PrivateKey) -> str:
    return key.public_key().public_bytes_raw().hex()


def _private(text: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(text))


def _no_key_file(path: Path, came: str) -> KeyMistake:
    return KeyMistake(
        expected=say("a key file of this program"), came=came, where=str(path), remedy=say("name the right file")
    )


def _no_passphrase(came: str, where: str = "") -> KeyMistake:
    return KeyMistake(
        expected=say("a passphrase"),
        came=came,
        where=where,
        remedy=say(
            "type it at a terminal, or name a file with it: --passphrase-file or {variable}",
            variable=PASSPHRASE_VARIABLE,
        ),
    )
