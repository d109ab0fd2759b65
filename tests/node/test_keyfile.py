"""Key files: under a passphrase, whole or not at all, one owner; and every way to have the wrong one."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from detente.door.errors import OutputFailure
from detente.line.effects import Role
from detente.node.errors import KeyMistake
from detente.node.keyfile import (
    PASSPHRASE_VARIABLE,
    Cost,
    Keys,
    SealingKey,
    read_keys,
    read_passphrase,
    read_root_key,
    root_public,
    write_keys,
    write_root_key,
)

CHEAP = Cost(passes=1, memory_kib=64, lanes=1)


def test_keys_come_back_as_they_were_put_for_their_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "operational.json"
    held = {0: Keys.make(5), 3: Keys.make(7)}
    write_keys(path, held, b"one", cost=CHEAP)
    back = read_keys(path, b"one")
    assert {number: keys.public() for number, keys in back.items()} == {
        n: keys.public() for n, keys in held.items()
    }
    assert back[3].sealing == held[3].sealing
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    write_keys(path, {3: held[3]}, b"two", cost=CHEAP)
    assert list(read_keys(path, b"two")) == [3]
    assert not list(tmp_path.glob(".*"))


def test_the_default_cost_is_the_one_that_is_promised(tmp_path: Path) -> None:
    path = tmp_path / "operational.json"
    write_keys(path, {0: Keys.make(0)}, b"one")
    header = msgspec.json.decode(path.read_bytes())
    assert (header["passes"], header["memory_kib"], header["lanes"]) == (3, 65536, 4)


def test_one_key_has_one_role() -> None:
    keys = Keys.make(0)
    public = keys.public()
    assert len({public.sign, public.cosign_log, public.cosign_held}) == 3
    for role, text in (
        (Role.SIGN, public.sign),
        (Role.COSIGN_LOG, public.cosign_log),
        (Role.COSIGN_HELD, public.cosign_held),
    ):
        assert keys.of(role).public_key().public_bytes_raw().hex() == text


def test_what_is_sealed_to_the_public_key_is_opened_by_the_private_one() -> None:
    key = SealingKey.make(9)
    assert key.made_ms == 9
    assert len(key.public()) == 2 * 1216
    suite = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)
    sealed = suite.encrypt(b"for you", key.private().public_key(), info=b"to west")
    assert suite.decrypt(sealed, key.private(), info=b"to west") == b"for you"


def test_a_root_key_has_a_file_of_its_own_that_is_never_replaced(tmp_path: Path) -> None:
    path = tmp_path / "root-1.json"
    key = Ed25519PrivateKey.generate()
    write_root_key(path, key, b"one", cost=CHEAP)
    assert read_root_key(path, b"one").private_bytes_raw() == key.private_bytes_raw()
    assert root_public(path) == key.public_key().public_bytes_raw()
    with pytest.raises(KeyMistake, match="exists"):
        write_root_key(path, key, b"one", cost=CHEAP)


def test_a_wrong_passphrase_or_a_changed_file_is_told_and_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "operational.json"
    write_keys(path, {0: Keys.make(0)}, b"one", cost=CHEAP)
    with pytest.raises(KeyMistake, match="another one") as caught:
        read_keys(path, b"two")
    assert caught.value.where == str(path)
    good = msgspec.json.decode(path.read_bytes())
    for changes in ({"public": {"generations": 9}}, {"salt": "00" * 16}, {"nonce": "00" * 12}, {"sealed": "AAAA"},
                    {"sealed": "not base64"}):  # fmt: skip
        path.write_bytes(msgspec.json.encode({**good, **changes}, order="sorted"))
        with pytest.raises(KeyMistake):
            read_keys(path, b"one")


@pytest.mark.parametrize(
    ("changes", "came"),
    [
        ({"kind": "root"}, "another kind"),
        ({"format": 2}, "newer format"),
        ({"memory_kib": 1 << 30}, "no key file"),
        ({"passes": 0}, "no key file"),
        ({"cipher": "rot13"}, "no key file"),
        ({"other": 1}, "no key file"),
    ],
)
def test_a_file_of_another_kind_or_version_is_refused_before_the_passphrase_is_used(
    changes: dict[str, Any], came: str, tmp_path: Path
) -> None:
    path = tmp_path / "operational.json"
    write_keys(path, {0: Keys.make(0)}, b"one", cost=CHEAP)
    path.write_bytes(msgspec.json.encode({**msgspec.json.decode(path.read_bytes()), **changes}, order="sorted"))
    with pytest.raises(KeyMistake, match=came):
        read_keys(path, b"one")


def test_bytes_that_are_no_key_file_and_no_file_at_all_are_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "operational.json"
    with pytest.raises(KeyMistake, match="No such file"):
        read_keys(path, b"one")
    for octets in (b"", b"\xff\xfe", b"[]", b"{}", b"x" * 5_000_000):
        path.write_bytes(octets)
        with pytest.raises(KeyMistake, match="no key file"):
            read_keys(path, b"one")
    with pytest.raises(KeyMistake):
        root_public(path)


def test_a_key_file_that_cannot_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    with pytest.raises(OutputFailure):
        write_keys(tmp_path / "nowhere" / "operational.json", {0: Keys.make(0)}, b"one", cost=CHEAP)


# ---- passphrases
# ------------------------------------------------------------------------------------------------


def test_a_passphrase_is_read_from_a_file_without_its_line_break(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "passphrase"
    for octets, expected in (
        (b"one two \n", b"one two "),
        (b"one\r\n", b"one"),
        (b"one", b"one"),
        (b"a\n\n", b"a\n"),
    ):
        path.write_bytes(octets)
        assert read_passphrase(path) == expected
        monkeypatch.setenv(PASSPHRASE_VARIABLE, str(path))
        assert read_passphrase() == expected
        monkeypatch.delenv(PASSPHRASE_VARIABLE)


def test_an_empty_or_missing_passphrase_file_is_a_mistake(tmp_path: Path) -> None:
    path = tmp_path / "passphrase"
    with pytest.raises(KeyMistake, match="No such file"):
        read_passphrase(path)
    path.write_bytes(b"\n")
    with pytest.raises(KeyMistake, match="empty"):
        read_passphrase(path)


class Terminal:
    def isatty(self) -> bool:
        return True


def test_a_passphrase_is_asked_at_the_terminal_twice_when_it_is_new(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(PASSPHRASE_VARIABLE, raising=False)
    monkeypatch.setattr("sys.stdin", Terminal())
    typed = iter(["одно", "one", "one", "one", "two", ""])
    monkeypatch.setattr("getpass.getpass", lambda _prompt: next(typed))
    assert read_passphrase() == "одно".encode()
    assert read_passphrase(new=True, prompt="New: ") == b"one"
    with pytest.raises(KeyMistake, match="differ"):
        read_passphrase(new=True)
    with pytest.raises(KeyMistake, match="empty"):
        read_passphrase()


def test_without_a_terminal_and_a_file_there_is_no_passphrase(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(PASSPHRASE_VARIABLE, raising=False)
    monkeypatch.setattr("sys.stdin", None)
    with pytest.raises(KeyMistake, match="terminal") as caught:
        read_passphrase()
    assert PASSPHRASE_VARIABLE in caught.value.remedy
