"""A home on a line, with its signer behind a socket."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from detente.node.home import Home, open_serving
from detente.node.signing.remote import RemoteSigner, unlock
from tests.node.signing.running import Running
from tests.store.pair import PASSPHRASE, found_homes


@pytest.fixture
def line(tmp_path: Path) -> str:
    return found_homes(tmp_path)


@pytest.fixture
def west(tmp_path: Path, line: str) -> Path:
    return tmp_path / "west"


@pytest.fixture
def signer(west: Path) -> Iterator[Running]:
    made = Running(west)
    unlock(west, PASSPHRASE)
    yield made
    made.end()
    assert "fault" not in made.events()


@pytest.fixture
def home(west: Path, signer: Running) -> Iterator[Home]:
    with open_serving(west, RemoteSigner(west)) as opened:
        yield opened
