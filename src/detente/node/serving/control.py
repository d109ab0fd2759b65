"""The node's own local socket: what verbs of the command line ask of a running node.

It lies beside the head file, where only its owner may look, and only processes of the same user are answered. Each
connection asks one question after the other; the questions of many connections become one batch in the lines.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from detente import words
from detente.errors import DetenteError
from detente.line.effects import Ticked
from detente.line.errors import LineMistake, Malformed
from detente.node.epochs import ProposedOpening, decode_opening
from detente.node.home_folder import described, head_folder
from detente.node.serving import keepers
from detente.node.serving.lines import Lines
from detente.node.serving.local_socket import FRAME_MAX, listen, peer_uid
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

_CONNECTIONS_MAX = 512
_STANDS_WITHIN_S = 6.0
"""Who asks how the node stands is answered by then, whatever holds the lines."""
_FRAME_WITHIN_S = 60.0
"""A frame that began must be whole by then."""


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
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Listen. Raises OSError."""
        # newer Pythons would look for the socket's file by a name that is ours alone; we take it away ourselves
        keep: dict[str, bool] = {"cleanup_socket": False} if sys.version_info >= (3, 13) else {}
        sock = listen(socket_path(self._home))
        self._server = await asyncio.start_unix_server(self._serve, sock=sock, **keep)  # type: ignore[arg-type]

    async def close(self) -> None:
        """Take no further question, answer those that are being worked on, and close."""
        if self._server is None:
            return
        self._server.close()
        socket_path(self._home).unlink(missing_ok=True)
        for task in list(self._open):
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # the server runs each connection as one
        self._open.add(task)
        try:
            uid = peer_uid(writer.get_extra_info("socket"))
            if uid != os.getuid() or len(self._open) > _CONNECTIONS_MAX:
                self._log.warning("control.refused", uid=uid, connections=len(self._open))
                return
            while (octets := await _frame(reader)) is not None:
                answer = asyncio.ensure_future(self._answer(octets))
                try:
                    found = await asyncio.shield(answer)
                except asyncio.CancelledError:
                    # what was taken on is finished and told: its asker must not wonder
                    _write(writer, await answer)
                    await writer.drain()
                    raise
                _write(writer, found)
                await writer.drain()
        except Malformed as fault:
            self._log.warning("control.malformed", fault=str(fault))
        except (ConnectionError, TimeoutError, asyncio.CancelledError):
            # the asker went away, or began a frame and never ended it, or the node stops; a task of a server that ends
            # as cancelled is told by asyncio with a traceback
            return
        finally:
            self._open.discard(task)
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

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
        new = [draft for draft in question.drafts if draft.release is None and draft.type in asked]
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


async def _frame(reader: asyncio.StreamReader) -> bytes | None:
    """Return the next frame, None at the end; a frame that began must end in time. Raises Malformed."""
    first = await reader.read(1)
    if not first:
        return None
    try:
        async with asyncio.timeout(_FRAME_WITHIN_S):
            size = int.from_bytes(first + await reader.readexactly(3), "big")
            if size > FRAME_MAX:
                raise Malformed(
                    expected=say("a frame between processes of this node"),
                    came=say("one of {size} bytes", size=size),
                )
            return await reader.readexactly(size)
    except asyncio.IncompleteReadError:
        return None


def _write(writer: asyncio.StreamWriter, octets: bytes) -> None:
    writer.write(len(octets).to_bytes(4, "big") + octets)


def _opening(octets: bytes) -> ProposedOpening:
    return decode_opening(octets, say("the opening that was handed to the node"))
