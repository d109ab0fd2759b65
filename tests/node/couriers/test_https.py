"""HTTPS between two real homes over real TLS: both reachable, only one reachable, cut, slow, resumed, failed over."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.node.couriers.proxy import proxied
from tests.node.couriers.world import (
    Node,
    Pair,
    certified,
    draft,
    found_member,
    free_port,
    https,
    joined,
    listen,
    make_pair,
    quick,
    running,
    until,
)


def both(pair: Pair, member: str) -> str:
    other = "east" if member == "west" else "west"
    return listen(pair.ports[member]) + https("baltic", other, pair.ports[other])


def test_both_sides_send_and_get_receipts(pair: Pair) -> None:
    async def story() -> None:
        sides = {name: both(pair, name) for name in ("west", "east")}
        async with running(pair.path("west"), sides["west"]) as west:
            await until(lambda: west.states.port)
            async with running(pair.path("east"), sides["east"]) as east:
                await west.lines.submit(pair.line, *(draft(f"w{n}") for n in range(3)))
                await east.lines.submit(pair.line, draft("e"))
                await until(lambda: _delivered(west, pair.line, "east", 3))
                await until(lambda: _delivered(east, pair.line, "west", 1))
                await until(lambda: west.courier("east").state == "up")
                assert west.courier("east").bytes_out > 0
                assert east.courier("west").bytes_in > 0
                before = west.lines.arrivals
                await asyncio.sleep(0.5)
                assert west.lines.arrivals - before < 10  # they do not answer each other's answers for ever

    asyncio.run(story())


async def _delivered(node: Node, line: str, party: str, count: int) -> bool:
    return bool(await node.lines.delivered(line, party) >= count)


def test_one_reachable_side_suffices_for_both_directions(pair: Pair) -> None:
    async def story() -> None:
        hidden = quick() + https("baltic", "east", pair.ports["east"])
        waiting = listen(pair.ports["east"]) + https("baltic", "west", None)
        async with running(pair.path("west"), hidden) as west, running(pair.path("east"), waiting) as east:
            await until(lambda: west.courier("east").state == "up")
            await east.lines.submit(pair.line, draft("news that only a long question brings"))
            await until(lambda: _delivered(east, pair.line, "west", 1))
            await west.lines.submit(pair.line, draft("and back"))
            await until(lambda: _delivered(west, pair.line, "east", 1))
            assert east.courier("west").state == "waiting"
            assert east.courier("west").last_ok_at_ms is not None

    asyncio.run(story())


def test_a_node_that_starts_later_gets_everything(pair: Pair) -> None:
    async def story() -> None:
        async with running(pair.path("west"), both(pair, "west")) as west:
            await west.lines.submit(pair.line, *(draft(str(n)) for n in range(50)))
            await until(lambda: west.courier("east").state == "failing")
            assert "nothing listens there" in west.courier("east").last_error
            assert west.courier("east").next_try_at_ms is not None
            async with running(pair.path("east"), both(pair, "east")):
                await until(lambda: _delivered(west, pair.line, "east", 50))

    asyncio.run(story())


def test_cut_connections_are_made_good(pair: Pair) -> None:
    async def story() -> None:
        async with proxied(pair.ports["east"]) as proxy:
            hidden = quick() + https("baltic", "east", proxy.listens)
            waiting = listen(pair.ports["east"]) + https("baltic", "west", None)
            async with running(pair.path("west"), hidden) as west, running(pair.path("east"), waiting) as east:
                for round_ in range(6):
                    await west.lines.submit(pair.line, draft(f"w{round_}"))
                    await east.lines.submit(pair.line, draft(f"e{round_}"))
                    await asyncio.sleep(0.03 * round_)
                    await proxy.cut()
                proxy.refuse = True
                await proxy.cut()
                await west.lines.submit(pair.line, draft("while there is no link"))
                await until(lambda: west.courier("east").state == "failing")
                proxy.refuse = False
                await until(lambda: _delivered(west, pair.line, "east", 7))
                await until(lambda: _delivered(east, pair.line, "west", 6))
                assert proxy.connections > 1

    asyncio.run(story())


def test_a_bundle_that_is_cut_is_used_as_far_as_it_went(pair: Pair) -> None:
    """Every connection dies after 40,000 bytes, and the backlog is larger by far: still it gets through."""

    async def story() -> None:
        async with proxied(pair.ports["east"]) as proxy:
            hidden = quick() + https("baltic", "east", proxy.listens)
            waiting = listen(pair.ports["east"]) + https("baltic", "west", None)
            async with running(pair.path("west"), hidden) as west:
                await west.lines.submit(pair.line, *(draft("x" * 400 + str(n)) for n in range(200)))
                proxy.cut_after = 40_000
                async with running(pair.path("east"), waiting):
                    await until(lambda: _delivered(west, pair.line, "east", 200), 60)
                    assert proxy.forth < 4 * 200 * 1_600  # not the whole of it again and again

    asyncio.run(story())


def test_a_link_that_only_goes_one_way_loses_nothing(pair: Pair) -> None:
    async def story() -> None:
        async with proxied(pair.ports["east"]) as proxy:
            hidden = quick("answer_s_max = 1\nhandshake_s_max = 1") + https("baltic", "east", proxy.listens)
            waiting = listen(pair.ports["east"]) + https("baltic", "west", None)
            async with running(pair.path("west"), hidden) as west, running(pair.path("east"), waiting) as east:
                await until(lambda: west.courier("east").state == "up")
                await until(lambda: west.courier("east").bytes_out > 0)
                proxy.drop_back = True
                await west.lines.submit(pair.line, draft())
                await until(lambda: west.courier("east").state == "failing")
                assert await east.lines.held(pair.line, "west") == 1  # it came, and its receipt did not
                assert await west.lines.delivered(pair.line, "east") == 0
                proxy.drop_back = False
                await until(lambda: _delivered(west, pair.line, "east", 1))

    asyncio.run(story())


def test_a_slow_link_carries_on(pair: Pair) -> None:
    async def story() -> None:
        async with proxied(pair.ports["east"]) as proxy:
            hidden = quick("answer_s_max = 3\nhandshake_s_max = 30") + https("baltic", "east", proxy.listens)
            waiting = listen(pair.ports["east"]) + https("baltic", "west", None)
            proxy.bytes_per_s = 4_000
            async with running(pair.path("west"), hidden) as west, running(pair.path("east"), waiting):
                await west.lines.submit(pair.line, *(draft("y" * 300) for _ in range(5)))
                await until(lambda: _delivered(west, pair.line, "east", 5), 60)

    asyncio.run(story())


def test_changed_bits_are_refused_by_tls_and_sent_again(pair: Pair) -> None:
    async def story() -> None:
        async with proxied(pair.ports["east"]) as proxy:
            hidden = quick("answer_s_max = 2") + https("baltic", "east", proxy.listens)
            waiting = listen(pair.ports["east"]) + https("baltic", "west", None)
            async with running(pair.path("west"), hidden) as west, running(pair.path("east"), waiting) as east:
                await until(lambda: west.courier("east").state == "up")
                proxy.change = lambda octets, forth: _flipped(octets) if forth else octets
                await west.lines.submit(pair.line, draft())
                await until(lambda: west.courier("east").state == "failing")
                assert await east.lines.held(pair.line, "west") == 0
                proxy.change = lambda octets, _: octets
                await until(lambda: _delivered(west, pair.line, "east", 1))

    asyncio.run(story())


def _flipped(octets: bytes) -> bytes:
    place = len(octets) // 2
    return octets[:place] + bytes([octets[place] ^ 1]) + octets[place + 1 :]


def test_another_courier_carries_while_the_first_fails(pair: Pair) -> None:
    async def story() -> None:
        port = pair.ports["east"]
        first = free_port()
        two = quick() + https("baltic", "east", first) + https("baltic", "east", port)
        waiting = listen(port) + https("baltic", "west", None)
        async with running(pair.path("west"), two) as west, running(pair.path("east"), waiting):
            await west.lines.submit(pair.line, draft())
            await until(lambda: _delivered(west, pair.line, "east", 1))
            await until(lambda: [west.courier("east", n).state for n in (1, 2)] == ["failing", "up"])

    asyncio.run(story())


def test_lines_of_three_members_stay_apart(tmp_path: Path) -> None:
    """West is on a line with each of the others; each sees its own line alone."""
    rings = {name: found_member(tmp_path, name) for name in ("west", "east", "north")}
    lines = [joined(tmp_path, [rings["west"], rings[name]], f"with-{name}") for name in ("east", "north")]
    certified(tmp_path, "west", "east", "north")
    ports = {name: free_port() for name in rings}

    async def story() -> None:
        text = listen(ports["west"]) + https("with-east", "east", ports["east"])
        text += https("with-north", "north", ports["north"])
        east_text = listen(ports["east"]) + https("with-east", "west", ports["west"])
        # north's settings claim a line that it never joined, and call west about it
        north_text = listen(ports["north"]) + https("with-north", "west", ports["west"])
        async with (
            running(tmp_path / "west", text) as west,
            running(tmp_path / "east", east_text) as east,
            running(tmp_path / "north", north_text) as north,
        ):
            for line in lines:
                await west.lines.submit(line, draft(line))
            await until(lambda: _delivered(west, lines[0], "east", 1))
            await until(lambda: _delivered(west, lines[1], "north", 1))
            assert east.lines.line_ids() == [lines[0]]
            assert north.lines.line_ids() == [lines[1]]

    asyncio.run(story())


def test_a_humanitarian_line_is_sealed_inside_tls_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from detente.node.couriers import carrying

    pair = make_pair(tmp_path, "humanitarian")
    seen: list[bytes] = []
    kept = carrying.Taking._begin

    def noted(self: carrying.Taking, octets: bytes) -> None:
        seen.append(octets[:17])
        kept(self, octets)

    monkeypatch.setattr(carrying.Taking, "_begin", noted)

    async def story() -> None:
        texts = {
            name: listen(pair.ports[name]) + https("humanitarian", other, pair.ports[other])
            for name, other in (("west", "east"), ("east", "west"))
        }
        async with running(pair.path("west"), texts["west"]) as west, running(pair.path("east"), texts["east"]):
            await west.lines.submit(pair.line, draft())
            await until(lambda: _delivered(west, pair.line, "east", 1))

    asyncio.run(story())
    assert seen
    assert set(seen) == {b"detente-sealed/1\n"}
