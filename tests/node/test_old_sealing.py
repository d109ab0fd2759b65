"""Old keys for sealed bundles are destroyed while a node runs, by the signer with the passphrase, or an alarm tells."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest

from detente.node.errors import KeyMistake
from detente.node.home_folder import keys_file
from detente.node.keyfile import SEALING_KEPT_MS, SealingKey, open_keys, write_keys
from detente.node.signing import frames, keeping
from detente.node.signing.answering import Answering
from detente.node.signing.remote import look
from tests.node.serving.served import free_port, serving, until
from tests.store.pair import CHEAP, PASSPHRASE, found_homes
from tests.stories.shell import Shell


def add_key(home: Path, passphrase: bytes, made_ms: int) -> None:
    """Add a sealing key made then beside the first."""
    keys, officers = open_keys(keys_file(home), passphrase)
    newer = replace(keys[0], sealing=(*keys[0].sealing, SealingKey.make(made_ms)))
    write_keys(keys_file(home), {0: newer}, passphrase, cost=CHEAP, officers=officers)


def count(home: Path, passphrase: bytes) -> int:
    return len(open_keys(keys_file(home), passphrase)[0][0].sealing)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with two sealing keys of which none is old yet; what is written again is cheap to open."""
    found_homes(tmp_path)
    now_ms = time.time_ns() // 1_000_000
    add_key(tmp_path / "west", PASSPHRASE, now_ms)
    monkeypatch.setattr(
        keeping, "write_keys", lambda *given, **more: write_keys(*given, **{**more, "cost": CHEAP})
    )
    return tmp_path / "west"


def later(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let 91 days pass."""
    now_ns = time.time_ns() + (SEALING_KEPT_MS + 86_400_000) * 1_000_000
    monkeypatch.setattr(time, "time_ns", lambda: now_ns)


def test_a_signer_without_a_passphrase_file_says_that_keys_are_old_until_it_gets_it(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    notes: list[str] = []
    signer = Answering(home, note=lambda event, _: notes.append(event))
    signer.unlock(PASSPHRASE)
    assert signer.standing(serving=False).old_sealing == 0
    later(monkeypatch)
    assert signer.standing(serving=False).old_sealing == 1
    assert count(home, PASSPHRASE) == 2
    assert isinstance(signer.answer(frames.Reload(b"wrong")), frames.Failed)
    assert count(home, PASSPHRASE) == 2
    signer.answer(frames.Reload(PASSPHRASE))
    assert signer.standing(serving=False).old_sealing == 0
    assert count(home, PASSPHRASE) == 1
    assert notes[-1] == "destroyed"
    signer.close()


def test_a_signer_with_a_passphrase_file_destroys_them_by_itself(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    notes: list[str] = []
    signer = Answering(home, note=lambda event, _: notes.append(event))
    signer.unlock(PASSPHRASE)
    given = [KeyMistake(expected="a file", came="none")]

    def read() -> bytes:
        if given:
            raise given.pop()
        return PASSPHRASE

    signer.passphrase = read
    later(monkeypatch)
    assert signer.standing(serving=False).old_sealing == 1  # the file is gone just now
    assert notes[-1] == "not-destroyed"
    assert signer.standing(serving=False).old_sealing == 1  # it is not asked for again at once
    signer._try_again_s = 0.0
    assert signer.standing(serving=False).old_sealing == 0
    assert count(home, PASSPHRASE) == 1
    signer.close()


def test_a_disk_that_fails_leaves_the_keys_and_the_signer_open(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    notes: list[str] = []
    signer = Answering(home, note=lambda event, _: notes.append(event))
    later(monkeypatch)

    def full(*_: object, **__: object) -> None:
        raise KeyMistake(expected="a disk", came="a full one")

    monkeypatch.setattr(keeping, "write_keys", full)
    signer.unlock(PASSPHRASE)
    assert notes[-2:] == ["unlocked", "not-destroyed"]
    assert not signer.locked
    signer.close()


def test_a_served_node_destroys_what_is_old_when_it_is_unlocked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    shell = Shell(tmp_path, capsys, monkeypatch)
    shell.found("west")
    secret = (tmp_path / "secret").read_text().strip().encode()
    home, port = tmp_path / "west", free_port()
    (home / "settings.toml").write_text(f'[metrics]\nlisten = "127.0.0.1:{port}"\n')
    keys, officers = open_keys(keys_file(home), secret)
    old = replace(keys[0], sealing=(SealingKey.make(1), SealingKey.make(2), *keys[0].sealing))
    write_keys(keys_file(home), {0: old}, secret, cost=CHEAP, officers=officers)
    with serving(home, None):
        assert count(home, secret) == 3
        shell.run(f"unlock west --passphrase-file {tmp_path / 'secret'}")
        until(lambda: look(home).state == "serving", "the node has its signer")
        # the second was followed by today's: it opens for 90 days more
        assert count(home, secret) == 2
        assert "old keys" not in shell.run("unlock west --status")
        assert shell.json("unlock west --status")["old_sealing"] == 0
