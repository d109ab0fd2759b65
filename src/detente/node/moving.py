"""Moving a home's records from one store to another: nothing is lost, whenever it is interrupted.

    1. HOME/moving.json names the new place          a move that dies leaves it: the next one clears that place
    2. every record is copied, read back, compared by count and hash of every table, and looked through
    3. home.json names the new place                 one rename: before it the old place is used, after it the new
    4. HOME/moving.json goes

The old place stays as it was until ``forget_old``. Nobody writes meanwhile: the home's lock is held, and the turn
to write each record as well.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import msgspec

from detente import words
from detente.line import canonical
from detente.line.errors import Refused
from detente.node.home import open_reading
from detente.node.home_folder import (
    LOCK,
    NODE_LOCK,
    HomeCard,
    described,
    head_folder,
    on_disk,
    take_lock,
    write_small,
)
from detente.node.store_opening import opened
from detente.node.store_place import DEFAULT, StorePlace
from detente.store.copying import Tally, copy_tables, differences, tally
from detente.store.errors import HomeMistake, StoreFailure
from detente.store.interface import Store
from detente.store.whole import sync_folder

__all__ = ["Stands", "forget_old", "move", "stands"]

say = words.speaker("node")

_SMALL_MAX = 65536


class _Moving(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``moving.json``. places: where something may lie that no home uses."""

    format: int
    places: tuple[StorePlace, ...]


@dataclass(frozen=True, slots=True)
class Stands:
    """Where a home's records are. lines: statements held of each; unfinished: places of interrupted moves."""

    store: StorePlace
    before: StorePlace | None
    unfinished: tuple[StorePlace, ...]
    lines: dict[str, int]
    warnings: tuple[str, ...]


def stands(path: Path) -> Stands:
    """Return where the records of a home are, beside a running writer. Raises HomeMistake, StoreFailure."""
    lines: dict[str, int] = {}
    warnings: set[str] = set()
    with open_reading(path) as home:
        for line in home.lines():
            record = home.record(line)
            lines[line] = sum(record.size(origin) for origin in record.origins())
            warnings.update(record.warnings)
    card = described(path)
    used = {card.store, card.before}
    unfinished = tuple(one for one in _unfinished(path) if one not in used)
    return Stands(card.store, card.before, unfinished, lines, tuple(sorted(warnings)))


def move(
    path: Path,
    kind: str,
    address: str = "",
    password_file: str = "",
    *,
    done: Callable[[str], None] = lambda _: None,
) -> dict[str, dict[str, Tally]]:
    """Move every record to another store; returns what was compared, by line and table.

    kind: "sqlite" or "postgresql"; address, password_file: see ``StorePlace``. ``done`` is told of every line that is
    whole in the new place. Raises HomeMistake (in use, nothing to move, two places already), StoreFailure: then the
    home uses the old place as before.
    """
    with _alone(path) as card:
        if card.before is not None:
            raise _mistake(
                say("a home with one place of its records"),
                say("one that still keeps the place before: {place}", place=card.before.shown()),
                path,
                say("forget the old one first: detente store move HOME --forget-old"),
            )
        _clear(path, card)
        target = _target(path, kind, address, password_file)
        if (card.store.kind, card.store.address) == (target.kind, target.address):
            raise _mistake(
                say("another place than the one in use"),
                target.shown(),
                path,
                say("name another; nothing was changed"),
            )
        new = opened(path, target)
        _note(path, (*_unfinished(path), target))
        with on_disk(path):
            new.prepare()
            compared = _copy(opened(path, card.store), new, done)
        # if we die above, the home uses the old place, and the new one is cleared by the next move
        write_small(path / "home.json", msgspec.structs.replace(card, store=target, before=card.store).encoded())
        _clear(path, described(path))
    return compared


def forget_old(path: Path) -> StorePlace:
    """Remove for ever the place that the last move left; returns it. Raises HomeMistake when there is none."""
    with _alone(path) as card:
        if card.before is None:
            raise _mistake(
                say("a home that was moved"),
                say("no place before this one"),
                path,
                say("there is nothing to forget"),
            )
        with on_disk(path):
            for line in opened(path, card.store).lines():  # what stays must be readable before what goes is gone
                opened(path, card.store).open(line, read_only=True).close()
        _note(path, (*_unfinished(path), card.before))
        write_small(path / "home.json", msgspec.structs.replace(card, before=None).encoded())
        _clear(path, described(path))
    return card.before


def _copy(old: Store, new: Store, done: Callable[[str], None]) -> dict[str, dict[str, Tally]]:
    compared = {}
    for line in old.lines():
        with closing(old.open(line, read_only=False)) as source:  # nobody else writes it meanwhile
            with new.founding(line) as target:
                copy_tables(source, target)
            with closing(new.open(line, read_only=True)) as target:
                compared[line] = tally(target)
                faults = differences(tally(source), compared[line]) or target.audit()
        if faults:
            raise StoreFailure(
                expected=say("the same record in both places, undamaged"),
                came="; ".join(faults[:3]),
                where=line,
                remedy=say("audit the home: detente line audit; it uses the old place as before"),
            )
        done(line)
    return compared


@contextlib.contextmanager
def _alone(path: Path) -> Iterator[HomeCard]:
    """Hold every lock of the home; give what the home says of itself."""
    described(path)
    head = head_folder(path)
    with on_disk(head):
        head.mkdir(mode=0o700, exist_ok=True)
    with contextlib.ExitStack() as locked:
        for name in (LOCK, NODE_LOCK):  # neither a verb nor a running node, nor its signer
            locked.callback(os.close, take_lock(path, head, name))
        yield described(path)  # as it stands now that nobody else changes it


def _target(path: Path, kind: str, address: str, password_file: str) -> StorePlace:
    token = secrets.token_hex(8)
    if kind == "postgresql":
        return StorePlace(kind="postgresql", place=token, address=address, password_file=password_file)
    return DEFAULT if not (path / DEFAULT.place).exists() else StorePlace(place=f"{DEFAULT.place}.{token}")


# ---- what interrupted moves left
# ------------------------------------------------------------------------------------


def _unfinished(path: Path) -> tuple[StorePlace, ...]:
    """Return the places where something may lie that this home does not use, or not yet."""
    try:
        octets = (path / "moving.json").read_bytes()
    except FileNotFoundError:
        return ()
    try:
        document = canonical.decode(octets, size_max=_SMALL_MAX, what="moving.json")
        return msgspec.convert(document, _Moving).places
    except (Refused, msgspec.ValidationError) as fault:
        raise StoreFailure(
            expected=say("an undamaged home"),
            came=str(fault),
            where=str(path / "moving.json"),
            remedy=say("restore a backup"),
        ) from fault


def _note(path: Path, places: tuple[StorePlace, ...]) -> None:
    with on_disk(path):
        write_small(path / "moving.json", canonical.encode(msgspec.to_builtins(_Moving(1, places))))


def _clear(path: Path, card: HomeCard) -> None:
    """Remove what interrupted moves left; a place that cannot be reached stays noted."""
    left = []
    for place in _unfinished(path):
        if place in {card.store, card.before}:
            continue
        try:
            with on_disk(path):
                opened(path, place).forget()
        except (StoreFailure, HomeMistake):
            left.append(place)
    if left:
        _note(path, tuple(left))
        return
    with on_disk(path):
        (path / "moving.json").unlink(missing_ok=True)
        sync_folder(path)


def _mistake(expected: str, came: str, path: Path, remedy: str) -> HomeMistake:
    return HomeMistake(expected=expected, came=came, where=str(path), remedy=remedy)
