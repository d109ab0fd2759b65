"""The desk's end of the socket: asks the node one question after another, from an asyncio loop."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from typing import Any, cast

import msgspec

from detente import words
from detente.errors import TheirMistake
from detente.node.desk_door.people_questions import PeopleQuestion
from detente.node.desk_door.questions import Frame, Question
from detente.node.desk_door.record_questions import RecordQuestion
from detente.node.home_folder import head_folder
from detente.node.serving.local_socket import FRAME_MAX
from detente.node.serving.wire import raised
from detente.store.errors import StoreFailure

__all__ = ["Asked", "DeskLink", "FormFaultsError", "decode_asked", "desk_socket"]

say = words.speaker("node")

Asked = RecordQuestion | PeopleQuestion
"""Every question that a desk may ask."""
_IDLE_MAX = 8
_ANSWER_S = 60.0
_encoder = msgspec.msgpack.Encoder()
_questions = msgspec.msgpack.Decoder(Asked)
_frames = msgspec.msgpack.Decoder(Frame)


class FormFaultsError(TheirMistake):
    """A form with faults. faults: each path with its words."""

    faults: tuple[tuple[str, str], ...] = ()


def desk_socket(home: Path) -> Path:
    """Return where the running node of a home listens for its desk."""
    return head_folder(home) / "desk.sock"


def decode_asked(octets: bytes) -> Asked:
    """Return the question in a frame; raises msgspec.DecodeError."""
    return cast("Asked", _questions.decode(octets))


class DeskLink:
    """Connections to the node of a home, opened as they are needed and used again; for one asyncio loop."""

    def __init__(self, home: Path) -> None:
        self._path = desk_socket(home)
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def ask(self, question: Question) -> Any:
        """Return the answer, of the type that the question names.

        Raises what the node raised (FormFaultsError for a form), StoreFailure when the node does not answer.
        """
        try:
            async with asyncio.timeout(_ANSWER_S):
                octets = await self._exchange(_encoder.encode(question))
        except (OSError, asyncio.IncompleteReadError, TimeoutError) as failure:
            raise _unanswered(self._path, failure) from failure
        frame = _frames.decode(octets)
        if frame.fault is None:
            return msgspec.msgpack.decode(frame.value, type=type(question).answered_by)
        if frame.faults:
            fault = frame.fault
            mistake = FormFaultsError(
                expected=fault.expected, came=fault.came, where=fault.where, remedy=fault.remedy
            )
            mistake.faults = frame.faults
            raise mistake
        raise raised(frame.fault)

    async def close(self) -> None:
        """Close every connection; safe to call twice."""
        while self._idle:
            _, writer = self._idle.pop()
            await _closed(writer)

    async def _exchange(self, octets: bytes) -> bytes:
        fresh = not self._idle
        reader, writer = self._idle.pop() if self._idle else await asyncio.open_unix_connection(self._path)
        try:
            answer = await _exchanged(reader, writer, octets)
        except (OSError, asyncio.IncompleteReadError):
            await _closed(writer)
            if fresh:
                raise
            await self.close()  # the node started anew meanwhile: the idle connections are all dead
            return await self._exchange(octets)
        except BaseException:
            await _closed(writer)  # half an exchange: nobody may use this connection again
            raise
        if len(self._idle) < _IDLE_MAX:
            self._idle.append((reader, writer))
        else:
            await _closed(writer)
        return answer


async def _exchanged(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, octets: bytes) -> bytes:
    writer.write(len(octets).to_bytes(4, "big") + octets)
    await writer.drain()
    size = int.from_bytes(await reader.readexactly(4), "big")
    if size > FRAME_MAX:
        raise OSError(size)
    return await reader.readexactly(size)


async def _closed(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()


def _unanswered(path: Path, failure: BaseException) -> StoreFailure:
    return StoreFailure(
        expected=say("the node of this home, answering"),
        came=str(failure) or type(failure).__name__,
        where=str(path),
        remedy=say("look at its log; it is started anew by itself"),
    )
