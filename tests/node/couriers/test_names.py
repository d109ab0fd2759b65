"""Names into addresses: a resolver that answers late or never holds nothing up, and a name is asked for once."""

from __future__ import annotations

import asyncio
import socket
import threading
from typing import Any

import pytest

from detente.node.couriers import names

_RESOLVE = socket.getaddrinfo


class Resolver:
    """Answers names with an address of this machine once ``answering`` is set; counts what it was asked."""

    def __init__(self) -> None:
        self.answering = threading.Event()
        self.asked: list[str] = []

    def __call__(self, host: str, port: int, **how: Any) -> Any:
        if how.get("flags"):
            return _RESOLVE(host, port, **how)
        self.asked.append(host)
        assert self.answering.wait(60)
        if host.startswith("unknown"):
            raise socket.gaierror(socket.EAI_NONAME, "no such name")
        return _RESOLVE("127.0.0.1", port, **how) * 40


@pytest.fixture
def resolver(monkeypatch: pytest.MonkeyPatch) -> Resolver:
    made = Resolver()
    monkeypatch.setattr(socket, "getaddrinfo", made)
    return made


async def impatient(host: str) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.02):
            await names.addresses_of(host, 7)


def test_an_address_needs_no_resolver(resolver: Resolver) -> None:
    found = asyncio.run(names.addresses_of("127.0.0.1", 7)) + asyncio.run(names.addresses_of("::1", 7))
    assert [place[4][0] for place in found] == ["127.0.0.1", "::1"]
    assert resolver.asked == []


def test_a_name_that_waits_is_asked_for_once_and_others_do_not_wait_for_it(resolver: Resolver) -> None:
    async def story() -> None:
        for _ in range(3):
            await impatient("silent.example")
        await asyncio.gather(*(asyncio.to_thread(int) for _ in range(64)))  # every worker of the loop is free
        assert resolver.asked == ["silent.example"]
        resolver.answering.set()
        found = await names.addresses_of("silent.example", 7)
        assert 0 < len(found) < 40  # a flood of addresses is cut
        with pytest.raises(OSError, match="no such name"):
            await names.addresses_of("unknown.example", 7)

    asyncio.run(story())


def test_too_many_names_that_wait_are_refused(resolver: Resolver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(names, "AT_ONCE_MAX", 2)

    async def story() -> None:
        await impatient("one.example")
        await impatient("two.example")
        with pytest.raises(OSError, match="too many names"):
            await names.addresses_of("three.example", 7)
        resolver.answering.set()
        assert await names.addresses_of("one.example", 7)
        assert await names.addresses_of("three.example", 7)

    asyncio.run(story())
