"""The node's own local socket: what verbs of the command line ask of a running node.

It lies beside the head file, where only its owner may look, and only processes of the same user are answered. Each
connection asks one question after the other; the questions of many connections become one batch in the lines.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from detente import words
from detente.errors import DetenteError
from detente.line.effects import Draft, Ticked
from detente.line.errors import LineMistake, Malformed, Refused
from detente.line.release import Release
from detente.node.epochs import ProposedOpening, decode_opening
from detente.node.home_folder import described, head_folder
from detente.node.serving import keepers
from detente.node.serving.framed_socket import FramedSocket
from detente.node.serving.lines import Lines
from detente.node.serving.log import Log
from detente.node.serving.wire import (
    ActCommitted,
    Answer,
    Arrives,
    Asked,
    Confirms,
    Consents,
    Hello,
    Joins,
    LineStands,
    Looks,
    Packs,
    Submits,
    Ticks,
    decode_question,
    encode,
    fault_of,
    from_wire,
    transmitted,
)

__all__ = ["Control", "socket_path"]

say = words.speaker("node")

_STANDS_WITHIN_S = 6.0
"""Who asks how the node stands is answered by then, whatever holds the lines."""


def socket_path(home: Path) -> Path:
    """Return where the running node of a home listens."""
    return head_folder(home) / "node.sock"


class Control:
    """Serves the local socket of a home over its running lines.

    two_people: the types on a line that two people release:
    without their release no program on this machine gets them signed here. couriers: how the couriers stand.
    """

    def __init__(
        self,
        lines: Lines,
        home: Path,
        log: Log,
        *,
        two_people: Callable[[str], tuple[str, ...]] = lambda _: (),
        couriers: Callable[[], dict[str, Any] | None] = lambda: None,
    ) -> None:
        self._lines = lines
        self._home = home
        self._log = log
        self._two_people = two_people
        self._couriers = couriers
        self._socket = FramedSocket(socket_path(home), self._answer, log, "control")

    async def start(self) -> None:
        """Listen. Raises OSError."""
        await self._socket.start()

    async def close(self) -> None:
        """Take no further question, answer those that are being worked on, and close; safe to call twice."""
        await self._socket.close()

    async def _answer(self, octets: bytes) -> bytes:
        try:
            return encode(await self._asked(decode_question(octets)))
        except DetenteError as error:
            return encode(Answer(fault=fault_of(error)))
        except Exception as error:  # noqa: BLE001 - told to the asker, and the log knows where
            self._log.failure("control.failed", error)
            return encode(Answer(fault=fault_of(error)))

    async def _asked(self, question: Asked) -> Answer:
        lines = self._lines
        match question:
            case Hello():
                return await self._stands()
            case Looks():
                return msgspec.structs.replace(await self._stands(), couriers=self._couriers())
            case Submits():
                await self._check_drafts(question)
                return Answer(references=tuple(await lines.submit(question.line, question.drafts)))
            case Arrives():
                took = await lines.arrived(question.line, from_wire(question.records), question.last)
                return Answer(took=(took,))
            case Packs():
                sent = await lines.ready(question.line, question.to, question.size_max, question.go_on)
                return Answer(sent=None if sent is None else transmitted(sent))
            case Ticks():
                return Answer(alarms=(await lines.give(question.line, Ticked())).alarms)
            case _:
                done = await self._kept(question)
                self._log.info("control.done", what=type(question).__name__, lines=",".join(done.lines))
                return Answer(done=done.lines, alarms=done.alarms)

    async def _kept(self, question: ActCommitted | Confirms | Consents | Joins) -> keepers.Done:
        """Carry out what keepers ask."""
        lines = self._lines
        match question:
            case ActCommitted():
                return await lines.with_home(
                    lambda home, runners: keepers.put_into_force(home, runners, question.envelope)
                )
            case Confirms():
                return await lines.with_home(keepers.confirm_halted)
            case Consents():
                proposed = _opening(question.opening)
                return await lines.with_home(lambda _, runners: keepers.consent_to(runners, proposed))
            case Joins():
                proposed = _opening(question.opening)
                return await lines.with_home(lambda home, _: keepers.join_line(home, proposed))

    async def _check_drafts(self, question: Submits) -> None:
        """Refuse what two people must release and did not; everything else is checked where it is signed."""
        if not question.drafts:
            raise Malformed(expected=say("a draft"), came=say("none"))
        asked = self._two_people(question.line)
        new = [draft for draft in question.drafts if draft.type in asked and not _is_by_two(draft)]
        if new and not await self._lines.attempt(
            question.line, lambda host: all(host.record.submission(draft.submission) for draft in new)
        ):
            raise LineMistake(
                expected=say("the release of two people for the type {type}", type=new[0].type),
                came=say("none"),
                where=question.line,
                remedy=say("let it wait as a draft until they release it: detente line send"),
            )

    async def _stands(self) -> Answer:
        if self._lines.waits is not None:
            return Answer(member=described(self._home).member, process=os.getpid(), waits=str(self._lines.waits))
        standings = None
        if not self._lines.held_s:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_STANDS_WITHIN_S):
                    standings = await self._lines.standings()
        if standings is None:
            held_s = max(1, int(self._lines.held_s))
            return Answer(member=self._lines.member, process=os.getpid(), held_s=held_s)
        return Answer(
            member=self._lines.member,
            process=os.getpid(),
            lines={
                line: LineStands(one.run, one.reason, one.fault, one.batches, one.drafts)
                for line, one in standings.items()
            },
        )


def _is_by_two(draft: Draft) -> bool:
    """Tell whether a draft carries the release of two people; whether it holds is checked where it is signed."""
    if draft.release is None:
        return False
    try:
        return len(Release.decode(draft.release).assertions) > 1
    except Refused:
        return False


def _opening(octets: bytes) -> ProposedOpening:
    return decode_opening(octets, say("the opening that was handed to the node"))
