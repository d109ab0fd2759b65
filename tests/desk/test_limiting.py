"""Every limit, reached: requests a second by class, connections, streams, bodies at once."""

from __future__ import annotations

import http.client
import socket
import time
from pathlib import Path

import pytest

from detente.desk import connections, limiting
from detente.desk.app import LARGE_BODIES_MAX
from detente.desk.errors import RefusedRequest
from detente.desk.events import STREAMS_MAX, STREAMS_OF_ONE_MAX, Hub
from detente.desk.limiting import ADDRESS, BUCKETS_MAX, LIMITS, Limit, Limits
from detente.desk.picture.live import LivePicture
from detente.desk.routes import OPERATIONS
from tests.desk.asker import Asker
from tests.desk.desks import TOKEN, RunningDesk, signed_in_as

PAGE = (Path(__file__).parents[2] / "docs" / "desk.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", sorted(LIMITS))
def test_each_class_lets_its_burst_pass_and_then_its_rate(kind: limiting.LimitClass) -> None:
    limit, limits = LIMITS[kind], Limits()
    for _ in range(limit.burst):
        limits.spend("somebody", kind, 100.0)
    with pytest.raises(RefusedRequest) as refused:
        limits.spend("somebody", kind, 100.0)
    assert refused.value.status == 429
    assert refused.value.retry_after_s is not None
    limits.spend("somebody else", kind, 100.0)
    for other in LIMITS:
        if other != kind:
            limits.spend("somebody", other, 100.0)
    limits.spend("somebody", kind, 100.0 + refused.value.retry_after_s)


def test_an_address_has_a_limit_whoever_asks_from_it() -> None:
    limits = Limits(address=Limit(3, 1))
    for _ in range(3):
        limits.spend_address("192.0.2.1", 5.0)
    with pytest.raises(RefusedRequest):
        limits.spend_address("192.0.2.1", 5.0)
    limits.spend_address("192.0.2.2", 5.0)
    limits.spend_address("192.0.2.1", 6.0)


def test_buckets_are_bounded_and_the_one_that_is_used_is_kept() -> None:
    limits = Limits({**LIMITS, "read": Limit(2, 0.001)})
    limits.spend("kept", "read", 0.0)
    limits.spend("kept", "read", 0.0)
    for number in range(BUCKETS_MAX - 1):
        limits.spend(str(number), "read", 0.0)
    with pytest.raises(RefusedRequest):
        limits.spend("kept", "read", 0.0)
    assert len(limits._buckets) == BUCKETS_MAX


def test_a_clock_that_steps_back_gives_nothing() -> None:
    limits = Limits({**LIMITS, "read": Limit(1, 1)})
    limits.spend("a", "read", 100.0)
    with pytest.raises(RefusedRequest):
        limits.spend("a", "read", 50.0)


def test_the_page_has_every_limit_as_it_is() -> None:
    for kind, limit in LIMITS.items():
        assert f"| `{kind}` | {limit.burst:,} | {limit.per_s:g} |" in PAGE, kind
    assert f"{ADDRESS.burst:,}" in PAGE
    assert {one.limit for one in OPERATIONS} <= set(LIMITS)


def test_a_desk_says_when_to_come_again(desk: RunningDesk, ask: Asker) -> None:
    desk.room.limits = Limits(
        {
            **LIMITS,
            "read": Limit(2, 0.1),
            "sign-in": Limit(1, 0.1),
            "watch": Limit(2, 0.1),
            "search": Limit(1, 0.1),
        }
    )
    assert [ask.get("lines").status for _ in range(3)] == [200, 200, 429]
    answer = ask.get("lines")
    assert 1 <= int(answer.headers["retry-after"]) <= 10
    assert answer.kind == "too-many"
    assert ask.get("lines", role="viewer").status == 200  # another account has its own
    assert ask.get("entries?text=a", role="drafter").status == 200
    assert ask.get("entries?text=b", role="drafter").status == 429  # a search counts as one
    assert [ask.post("sign-in/begin", role="").status for _ in range(2)] == [200, 429]
    token: dict[str, str | None] = {"Authorization": f"Bearer {TOKEN}", "Sec-Fetch-Site": None}
    posts = [ask.post("watch/feeds", {"feeds": []}, role="", headers=token).status for _ in range(3)]
    assert posts == [200, 200, 429]


def test_guessing_tokens_is_limited_by_address(desk: RunningDesk, ask: Asker) -> None:
    desk.room.limits = Limits({**LIMITS, "watch": Limit(5, 0.1)})
    statuses = [
        ask.post("watch/feeds", {"feeds": []}, role="", headers={"Authorization": f"Bearer {number}"}).status
        for number in range(6)
    ]
    assert statuses == [401] * 5 + [429]


def test_streams_are_bounded_for_one_person_and_for_all() -> None:
    hub = Hub(LivePicture(), lambda: 0)
    for _ in range(STREAMS_OF_ONE_MAX):
        hub.open("somebody")
    with pytest.raises(RefusedRequest) as refused:
        hub.open("somebody")
    assert refused.value.status == 429
    for number in range(STREAMS_MAX - STREAMS_OF_ONE_MAX):
        hub.open(str(number))
    with pytest.raises(RefusedRequest):
        hub.open("one more")


def test_only_so_many_large_bodies_are_read_at_once(desk: RunningDesk, ask: Asker) -> None:
    held = [_begun(desk) for _ in range(LARGE_BODIES_MAX)]
    statuses = [ask.post("drafts", {"line": "x", "notice": {}}).status for _ in range(1)]
    assert statuses == [429]
    for one in held:
        one.close()


def _begun(desk: RunningDesk):
    found = socket.create_connection(("localhost", desk.port))
    ((name, value),) = signed_in_as("everything").items()
    head = (
        f"POST /api/v1/drafts HTTP/1.1\r\nHost: localhost\r\n{name}: {value}\r\nSec-Fetch-Site: same-origin\r\n"
        "Content-Type: application/json\r\nContent-Length: 2000000\r\nExpect: 100-continue\r\n\r\n"
    )
    found.sendall(head.encode())
    assert found.recv(100).startswith(b"HTTP/1.1 100")  # its body is awaited
    return found


def test_connections_of_one_address_are_bounded_and_silent_ones_end(
    desk: RunningDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "CONNECTIONS_OF_ADDRESS_MAX", 3)
    monkeypatch.setattr(connections, "HEAD_S_MAX", 0.2)
    open_ones = [socket.create_connection(("localhost", desk.port), timeout=30) for _ in range(4)]
    assert ended(open_ones[3])  # one too many
    for one in open_ones[:3]:
        assert ended(one)  # it never asked anything
        one.close()
    open_ones[3].close()
    monkeypatch.setattr(connections, "CONNECTIONS_OF_ADDRESS_MAX", 1_000)
    asking = http.client.HTTPConnection("localhost", desk.port, timeout=30)
    for _ in range(3):  # one that asks now and then stays
        asking.request("GET", "/health")
        assert asking.getresponse().read()
        time.sleep(0.2)
    asking.close()
    monkeypatch.setattr(connections, "CONNECTIONS_MAX", 0)
    late = socket.create_connection(("localhost", desk.port), timeout=30)
    assert ended(late)
    late.close()


def ended(sock: socket.socket) -> bool:
    """Wait for the end of a connection."""
    try:
        return sock.recv(10) == b""
    except ConnectionResetError:
        return True
