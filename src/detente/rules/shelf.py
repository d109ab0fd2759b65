"""Where agreements lie: the files that come with détente, and any file that is named by its path.

One of the two modules of this room that read files.
"""

from __future__ import annotations

from pathlib import Path

from detente import words
from detente.rules.agreement import Agreement
from detente.rules.errors import RequestMistake
from detente.rules.loading import BYTES_MAX, parse_agreement

__all__ = ["agreement", "names", "read_bounded", "shelved"]

say = words.speaker("rules")

_SHELF = Path(__file__).parent / "agreements"


def names() -> tuple[str, ...]:
    """Return the ids of the agreements that come with détente, in alphabetical order."""
    return tuple(sorted(one.name.removesuffix(".toml") for one in _SHELF.iterdir() if one.name.endswith(".toml")))


def agreement(name: str, *, with_cases: bool = False) -> Agreement:
    """Return the agreement with this id, or of the file at this path when it ends in .toml.

    Raises RequestMistake for an id that is not on the shelf, AgreementMistake for a faulty file, OSError.
    """
    if name.endswith(".toml"):
        return parse_agreement(read_bounded(Path(name), BYTES_MAX), where=name, with_cases=with_cases)
    if name not in names():
        raise RequestMistake(
            expected=say("one of the agreements: {names}", names=", ".join(names())),
            came=repr(name[:64]),
            where="--agreement",
            remedy=say("or give the path of an agreement's .toml file"),
        )
    return parse_agreement((_SHELF / f"{name}.toml").read_bytes(), where=f"{name}.toml", with_cases=with_cases)


def shelved(*, with_cases: bool = False) -> tuple[Agreement, ...]:
    """Return every agreement that comes with détente, in the order of their ids."""
    return tuple(agreement(name, with_cases=with_cases) for name in names())


def read_bounded(path: Path, bytes_max: int) -> bytes:
    """Return a file's bytes, at most one more than ``bytes_max``: the reader after it refuses what is longer."""
    with path.open("rb") as file:
        return file.read(bytes_max + 1)
