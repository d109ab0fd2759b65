"""One post to the desk, and what became of it: taken, later, refused, unknown. Nothing of the desk is followed or kept.

No proxy, no redirect, no cookie, no file of passwords: only the named desk, with the machine's token.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Literal, TypeVar

import httpx2
import msgspec

from detente import words
from detente.door.terminal import visible
from detente.watch.desk_address import DeskAddress, read_token
from detente.watch.errors import WatchMistake

__all__ = ["ANSWER_BYTES_MAX", "RETRY_AFTER_S_MAX", "Became", "DeskLink"]

say = words.speaker("watch")

ANSWER_BYTES_MAX = 4_000_000
"""Bytes of an answer of the desk that are read; a draft comes back with its texts."""
RETRY_AFTER_S_MAX = 120.0
"""The longest wait that the desk may ask for."""
_ROOT = "/api/v1/watch/"
_CONNECT_S, _ANSWER_S, _DRAFT_S = 5.0, 20.0, 120.0
_WHY_CHARACTERS_MAX = 300
Said = TypeVar("Said", bound=msgspec.Struct)


@dataclass(frozen=True, slots=True)
class Became:
    """What became of a post.

    taken: the desk has it, ``refused`` of it counted by the desk's reasons. later: it may be tried again, after
    ``after_s`` where the desk said so. refused: this body never (its form, its size). unfit: not as things stand there
    (no such line, a line that stands still), others may go before it. unknown: the token is not good.
    """

    what: Literal["taken", "later", "refused", "unfit", "unknown"]
    refused: dict[str, int] = field(default_factory=dict)
    after_s: float | None = None
    why: str = ""


class _Taken(msgspec.Struct):
    taken: int = 0
    refused: dict[str, int] = {}


class _Error(msgspec.Struct, frozen=True):
    kind: str = ""
    expected: str = ""
    came: str = ""
    where: str = ""


class _Refusal(msgspec.Struct):
    error: _Error = _Error()


class DeskLink:
    """The way to a desk. clock_off_s: how far the desk's clock is ahead of ours, None while it is not known."""

    def __init__(self, address: DeskAddress, token_file: Path) -> None:
        """Read the token. Raises WatchMistake."""
        self.address = address
        self._token_file = token_file
        self._token = read_token(token_file)
        self.clock_off_s: float | None = None
        self._client = httpx2.AsyncClient(
            base_url=address.base,
            verify=address.tls if address.tls is not None else True,
            trust_env=False,
            follow_redirects=False,
            timeout=httpx2.Timeout(_ANSWER_S, connect=_CONNECT_S),
            limits=httpx2.Limits(max_connections=4, max_keepalive_connections=4),
        )

    async def close(self) -> None:
        """Close every connection."""
        await self._client.aclose()

    async def post(self, route: Literal["positions", "encounters", "feeds", "drafts"], body: bytes) -> Became:
        """Post a body; never raises for what a desk or the way to it does."""
        headers = {
            "Host": self.address.host,
            "Authorization": f"Bearer {self._token}",
            "Content-Type": "application/json",
            "Accept-Language": words.language(),
        }
        asked = self._client.build_request(
            "POST",
            _ROOT + route,
            content=body,
            headers=headers,
            timeout=httpx2.Timeout(_DRAFT_S if route == "drafts" else _ANSWER_S, connect=_CONNECT_S),
            extensions={"sni_hostname": self.address.server_name},
        )
        try:
            answer = await self._client.send(asked, stream=True)
            try:
                octets = await _read(answer)
            finally:
                await answer.aclose()
        except (httpx2.HTTPError, OSError, ValueError) as failure:
            return Became("later", why=_why(failure))
        self._hear_clock(answer.headers.get("date", ""))
        return self._judged(route, answer.status_code, answer.headers.get("retry-after", ""), octets)

    def _judged(self, route: str, status: int, retry_after: str, octets: bytes) -> Became:
        if status == 200:
            return Became("taken", refused={} if route == "drafts" else _decoded(octets, _Taken()).refused)
        told = _decoded(octets, _Refusal()).error
        place = f"{told.where}: " if told.where else ""
        why = visible(f"{status} {place}{told.came} ({told.expected})"[:_WHY_CHARACTERS_MAX])
        if status in {401, 403}:
            self._read_token_again()
            return Became("unknown", why=why)
        if status in {404, 409}:
            return Became("unfit", why=why)
        if status in {400, 405, 413, 415, 422}:
            return Became("refused", why=why)
        after_s = float(retry_after) if retry_after.isdecimal() and len(retry_after) < 6 else None
        return Became("later", after_s=None if after_s is None else min(after_s, RETRY_AFTER_S_MAX), why=why)

    def _read_token_again(self) -> None:
        """Take a token that somebody put into the file meanwhile."""
        try:
            self._token = read_token(self._token_file)
        except WatchMistake:
            return  # the old one goes on being refused, which is said

    def _hear_clock(self, date: str) -> None:
        """Compare the desk's clock, which says whole seconds, with ours."""
        try:
            said_s = parsedate_to_datetime(date).timestamp()
        except (ValueError, TypeError, OverflowError):
            return
        off_s = said_s + 0.5 - time.time()
        self.clock_off_s = 0.0 if abs(off_s) < 1.0 else off_s


async def _read(answer: httpx2.Response) -> bytes:
    octets = bytearray()
    async for piece in answer.aiter_bytes():
        octets += piece
        if len(octets) > ANSWER_BYTES_MAX:
            raise ValueError(say("an answer that is too long"))
    return bytes(octets)


def _decoded(octets: bytes, otherwise: Said) -> Said:
    try:
        return msgspec.json.decode(octets, type=type(otherwise))
    except (msgspec.DecodeError, RecursionError):
        return otherwise


def _why(failure: Exception) -> str:
    """Return in words why nothing came back; never a header, so never the token."""
    if isinstance(failure, httpx2.TimeoutException):
        return say("no answer in time")
    text = visible(str(failure)[:_WHY_CHARACTERS_MAX])
    return f"{type(failure).__name__}: {text}" if text else type(failure).__name__
