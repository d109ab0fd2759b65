"""What a person's name, roles, key and foreign identity may be; names are read by people and stand in the trail."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from detente import words
from detente.node.desk_door.people_questions import ROLES
from detente.node.officers_file import is_officer_key
from detente.store.errors import HomeMistake

__all__ = ["check_key", "check_name", "check_outsider", "mistake", "ordered_roles"]

say = words.speaker("node")

_NAME_CHARACTERS_MAX = 100
_CREDENTIAL_BYTES_MAX = 1_023
"""As WebAuthn has it."""
_PUBLIC_KEY_BYTES_MAX = 1_000
_OUTSIDER = re.compile(r"https?://\S{1,500} \S.{0,254}")
_KEYS = {"ed25519": re.compile(r"[0-9a-f]{64}"), "es256": re.compile(r"04[0-9a-f]{128}")}


def mistake(expected: str, came: str, remedy: str) -> HomeMistake:
    """Return the error for a change that cannot be made."""
    return HomeMistake(expected=expected, came=came, where="people", remedy=remedy)


def check_name(name: str) -> str:
    """Return a name in its usual spelling; raises HomeMistake for one that cannot be told from another or read."""
    spelled = " ".join(unicodedata.normalize("NFC", name).split(" ")).strip()
    strange = [one for one in spelled if unicodedata.category(one)[0] == "C" or one in "\u2028\u2029"]
    if not spelled or len(spelled) > _NAME_CHARACTERS_MAX or strange:
        raise mistake(
            say("a name of 1 to {count} letters, without control characters", count=_NAME_CHARACTERS_MAX),
            ascii(name)[:120],
            say("write it as people read it"),
        )
    return spelled


def ordered_roles(roles: Sequence[str]) -> tuple[str, ...]:
    """Return roles in their order, each once; raises HomeMistake for none or an unknown one."""
    unknown = [one for one in roles if one not in ROLES]
    if unknown or not roles:
        raise mistake(
            say("roles out of {roles}", roles=", ".join(ROLES)),
            ", ".join(unknown)[:100] or say("none"),
            say("name at least one"),
        )
    return tuple(one for one in ROLES if one in roles)


def check_outsider(outsider: str) -> None:
    """Raise HomeMistake for what is no issuer, a space and that issuer's own id of a person."""
    if outsider and not (_OUTSIDER.fullmatch(outsider) and outsider.isprintable()):
        raise mistake(
            say('an issuer, a space and its "sub", as "https://login.example 248289761001"'),
            ascii(outsider)[:120],
            say("leave it empty for a person who signs in by passkey only"),
        )


def check_key(key: str, algorithm: str, credential: bytes, public_key: bytes) -> None:
    """Raise HomeMistake for a passkey that the signer could not use or that is out of bounds."""
    pattern = _KEYS.get(algorithm)
    whole = pattern is not None and pattern.fullmatch(key) and is_officer_key(bytes.fromhex(key))
    sizes = 0 < len(credential) <= _CREDENTIAL_BYTES_MAX and 0 < len(public_key) <= _PUBLIC_KEY_BYTES_MAX
    if not (whole and sizes):
        raise mistake(
            say("a passkey of P-256 (ES256) or Ed25519"),
            say("another kind of key"),
            say("use another authenticator"),
        )
