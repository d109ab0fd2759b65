"""The courier of kind https: calls one address of a party, and asks it for news."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass, field

from detente import words
from detente.errors import DetenteError
from detente.node.couriers.carrying import Taken
from detente.node.couriers.errors import LinkFailure, WrongCertificate
from detente.node.couriers.https_client import Answer, Link, who_answers
from detente.node.couriers.peers import Peers
from detente.node.couriers.rates import Rate
from detente.node.couriers.traffic import Traffic
from detente.node.settings.structs import CourierSettings, HttpsTo

__all__ = ["HttpsCourier"]

say = words.speaker("node")

_SIZE_MIN = 4_096
_NAMING_S = 5.0
_REST_S = 1.0


@dataclass(slots=True)
class HttpsCourier:
    """One address of a party. name: as the states show it. up: set while the last call came through.

    behind: a call was lost, and we first ask where the other side stands, so that nothing goes twice over a bad link.
    """

    name: str
    traffic: Traffic
    to: HttpsTo
    limits: CourierSettings
    context: ssl.SSLContext
    peers: Peers
    up: asyncio.Event = field(default_factory=asyncio.Event)
    behind: bool = False
    _size: int = 0
    _calls: Link = field(init=False)
    _news: Link = field(init=False)

    def __post_init__(self) -> None:
        known = self.peers.of.get((self.traffic.line, self.traffic.party), ())
        pins = frozenset(one.sha256 for one in known)
        rate = Rate(self.to.bytes_per_s_max or self.limits.bytes_per_s_max)
        self._calls, self._news = (Link(self.to.address, self.context, pins, self.limits, rate) for _ in range(2))
        self._size = self.limits.bundle_bytes_max

    @property
    def every_s(self) -> int:
        """The longest time between two calls."""
        return self.to.every_s

    def busy(self) -> bool:
        """Tell whether the last bundle is still on its way: never, a call ends with its answer."""
        return False

    async def carry(self, *, beat: bool) -> None:
        """Call with what is new, or in any case (``beat``), and take the answer in. Raises LinkFailure, PeerMistake."""
        try:
            if self.behind:
                await self._call(self._calls, "GET", "?wait_s=0", b"", 0.0)
                self.behind = False
            made = await self.traffic.give(self._size, sealed=self.to.sealed, unless_told=not beat)
            if made is None:
                return
            await self._call(self._calls, "POST", "", made.body, 0.0)
        except WrongCertificate as fault:
            self._fell()
            raise await self._named(fault) from None
        except BaseException:
            self._fell()
            raise
        self._size = min(self.limits.bundle_bytes_max, self._size * 2)
        self.traffic.direct = True
        self.up.set()

    async def background(self) -> None:
        """Ask for news, one long question after the other, while calls come through."""
        while True:
            await self.up.wait()
            try:
                await self._call(self._news, "GET", f"?wait_s={self.limits.wait_s}", b"", self.limits.wait_s)
            except DetenteError:
                self.traffic.lost()  # the next call finds out how it stands, and tries other couriers
                await asyncio.sleep(_REST_S)

    async def close(self) -> None:
        """Close both connections."""
        self._calls.close()
        self._news.close()

    def _fell(self) -> None:
        self.up.clear()
        self.traffic.direct = False
        self.behind = True
        self._size = max(_SIZE_MIN, self._size // 2)
        self.traffic.lost()

    async def _call(self, link: Link, method: str, query: str, body: bytes, wait_s: float) -> None:
        """Make one request and take in the bundle that answers it, as far as it comes."""
        traffic = self.traffic
        taking, size, fault, some = traffic.take(), 0, say("the link was cut"), False
        exchange = link.exchange(method, f"/v1/{traffic.line}{query}", body, wait_s=wait_s)
        try:
            async for part in exchange:
                if isinstance(part, Answer):
                    some = part.status != 204
                else:
                    size += len(part)
                    self._check_size(size)
                    await taking.feed(part)
            fault = ""
        finally:
            await exchange.aclose()
            taken = await taking.finish(fault) if some else Taken()
        traffic.states.ok(traffic.line, traffic.party, self.name, bytes_in=size, bytes_out=len(body))
        if some and (sentence := taken.sentence()):
            traffic.states.noted(traffic.line, traffic.party, self.name, sentence)

    def _check_size(self, size: int) -> None:
        if size > self.limits.body_bytes_max:
            raise LinkFailure(
                expected=say("at most {size} bytes in one bundle", size=self.limits.body_bytes_max),
                came=say("more"),
                where=self.to.address,
                remedy=say("raise courier.body_bytes_max, or ask the other side for smaller bundles"),
            )

    async def _named(self, fault: WrongCertificate) -> WrongCertificate:
        """Say whose certificate answers instead, where it is one that we know."""
        shown = await who_answers(self.to.address, _NAMING_S)
        other = self.peers.name_of(shown)
        mine = {one.sha256 for one in self.peers.of.get((self.traffic.line, self.traffic.party), ())}
        if not other or shown in mine:
            return fault
        return WrongCertificate(
            expected=fault.expected,
            came=say(
                "the certificate of {other} answers there, not that of {party}",
                other=other,
                party=self.traffic.party,
            ),
            where=fault.where,
            remedy=fault.remedy,
        )
