"""How a verb asks about people: beside the running node through its desk's socket, else on the files themselves."""

from __future__ import annotations

import asyncio
import getpass
import os
from pathlib import Path
from typing import Any

import msgspec

from detente import words
from detente.node.desk_door.ask import DeskLink
from detente.node.desk_door.people import TERMINAL, People
from detente.node.desk_door.people_questions import PeopleQuestion
from detente.node.home_folder import NODE_LOCK, described, head_folder, on_disk, take_lock
from detente.node.serving.remote_host import running_node

__all__ = ["ask_people", "terminal_actor", "user_name"]


def ask_people(home: Path, question: PeopleQuestion) -> Any:
    """Return the answer, of the type that the question names. Raises HomeMistake, StoreFailure."""
    described(home)  # a folder that is no home is said first
    asked = msgspec.structs.replace(question, language=words.language())
    link = running_node(home)
    if link is not None:
        link.close()
        return asyncio.run(_through_the_door(home, asked))
    head = head_folder(home)
    with on_disk(head):
        head.mkdir(mode=0o700, exist_ok=True)
    lock = take_lock(home, head, NODE_LOCK)
    try:
        people = People(home)
        try:
            return people.answer(asked)
        finally:
            people.close()
    finally:
        os.close(lock)


def terminal_actor(name: str | None) -> str:
    """Return who sits at this terminal, as questions and the trail name it."""
    return TERMINAL + (name or user_name())


def user_name() -> str:
    """Return the name of this machine's user, "" for one without a name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""


async def _through_the_door(home: Path, question: PeopleQuestion) -> Any:
    link = DeskLink(home)
    try:
        return await link.ask(question)
    finally:
        await link.close()
