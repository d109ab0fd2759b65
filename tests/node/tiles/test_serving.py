"""Logs in tiles over the courier port: real homes, real TLS; who may read what, and that nobody else learns a thing."""

from __future__ import annotations

import asyncio
import gzip
import random
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest
from tlog_scales.reader import TilesReader

from detente.line.checkpoint import Checkpoint, Origin, cosigner_name, verifier_key
from detente.line.load import join_parts
from detente.line.opening import first_opening
from detente.line.rootact import Keyring
from detente.node.couriers.certificates import make, now_utc, read_certificates, write_new
from detente.node.couriers.https_session import Session
from detente.node.couriers.rates import Rate
from detente.node.couriers.tls import client_context
from detente.node.home import open_reading, open_writing
from detente.node.settings.structs import CourierSettings
from detente.node.tiles.shelf import Reader, Shelf
from detente.store.errors import StoreFailure
from tests.node.couriers.test_hostile import Bytes
from tests.node.couriers.world import (
    PASSPHRASE,
    Node,
    certified,
    draft,
    found_member,
    free_port,
    https,
    listen,
    quick,
    running,
    until,
)
from tests.node.tiles.logs import TlsBackend, check_with_scales

MEMBERS = ("west", "east", "north", "south")
IMMUTABLE = "private, max-age=31536000, immutable"


@dataclass
class World:
    """West's home: a line with east and the observer south, another with north, a humanitarian one with east."""

    folder: Path
    port: int
    lines: dict[str, str]
    rings: dict[str, Keyring]

    def backend(self, who: str, line: str = "baltic", member: str = "west", epoch: int = 1) -> TlsBackend:
        """Return what asks west's port with a certificate."""
        prefix = f"/v1/{self.lines.get(line, line)}/tiles/{epoch}/{member}/0"
        return TlsBackend(self.port, self.context(who), prefix)

    def context(self, who: str) -> ssl.SSLContext:
        west = read_certificates(self.folder / "west" / "certificates" / "west.pem")
        return client_context(self.folder / who / "keys" / "courier.pem", west)

    def origin(self, member: str, line: str = "baltic") -> Origin:
        return Origin(self.lines[line], 1, member, 0)

    def key(self, member: str) -> str:
        own = self.rings[member].keys_of(0)
        assert own is not None
        return verifier_key(str(self.origin(member)), bytes.fromhex(own.sign))

    def cosigner(self, member: str, role: str) -> str:
        own = self.rings[member].keys_of(0)
        assert own is not None
        name = cosigner_name(self.lines["baltic"], 1, member, role)
        public = own.cosign_log if role == "log" else own.cosign_held
        return verifier_key(name, bytes.fromhex(public), cosigns=True)

    def leaves(self, member: str, line: str = "baltic") -> list[bytes]:
        with open_reading(self.folder / "west") as home:
            return home.record(self.lines[line]).entries(self.origin(member, line), 0, 10_000)


def joined_with(folder: Path, name: str, members: list[Keyring], observers: list[Keyring]) -> str:
    opening = first_opening(name, members, observers)
    for ring in (*members, *observers):
        with open_writing(folder / ring.member, PASSPHRASE) as home:
            home.join(opening.line, join_parts(opening, [*members, *observers]))
    return opening.line


def outsider(folder: Path, name: str) -> None:
    """Make a certificate that no line knows."""
    private, certificate = make(name, algorithm="p256", days=300, now=now_utc())
    write_new(folder / name / "keys" / "courier.pem", folder / name / f"{name}.pem", private, certificate)


@pytest.fixture
def world(tmp_path: Path) -> World:
    rings = {name: found_member(tmp_path, name) for name in MEMBERS}
    certified(tmp_path, *MEMBERS)
    for name in ("auditor", "stranger"):
        outsider(tmp_path, name)
    west, east, north, south = (rings[name] for name in MEMBERS)
    lines = {
        "baltic": joined_with(tmp_path, "baltic", [west, east], [south]),
        "arctic": joined_with(tmp_path, "arctic", [west, north], []),
        "humanitarian": joined_with(tmp_path, "humanitarian", [west, east], []),
    }
    return World(tmp_path, free_port(), lines, rings)


def west_settings(world: World, more: str = "") -> str:
    peers = https("baltic", "east", None) + https("baltic", "south", None) + https("arctic", "north", None)
    peers += https("humanitarian", "east", None)
    auditors = f"[readers]\nauditors = ['{world.folder}/auditor/auditor.pem']\n"
    return listen(world.port, more) + peers + auditors


@asynccontextmanager
async def serving(world: World, *, statements: int = 3, more: str = "") -> AsyncIterator[Node]:
    """Run west with statements on each of its lines."""
    async with running(world.folder / "west", west_settings(world, more)) as west:
        await until(lambda: west.states.port)
        for line in world.lines.values():
            await west.lines.submit(line, *(draft(f"{line} {n}") for n in range(statements)))
        yield west


def story(work: Callable[[], None], world: World, *, statements: int = 3, more: str = "") -> None:
    """Run blocking work in a thread beside west."""

    async def whole() -> None:
        async with serving(world, statements=statements, more=more):
            await asyncio.to_thread(work)

    asyncio.run(whole())


def test_members_observers_and_auditors_prove_whole_logs_with_another_reader(world: World) -> None:
    async def whole() -> None:
        call = quick() + https("baltic", "west", world.port)
        async with (
            serving(world, statements=300),
            running(world.folder / "east", call) as east,
            running(world.folder / "south", call),
        ):
            line = world.lines["baltic"]
            await east.lines.submit(line, draft("and east's own"))
            cosigned = {f"detente/{line}/1/{who}" for who in ("east/log", "east/held", "south/log")}

            def cosigners() -> bool:
                note = world.backend("auditor").get("checkpoint")
                assert note is not None
                return {one.name for one in Checkpoint.decode(note).cosignatures} == cosigned

            await until(lambda: asyncio.to_thread(cosigners))
            await until(lambda: asyncio.to_thread(world.backend("auditor", member="east").get, "checkpoint"))
            await asyncio.to_thread(check)

    def check() -> None:
        keys = [world.key("west"), world.cosigner("east", "log"), world.cosigner("east", "held")]
        for who in ("east", "south", "auditor"):
            backend = world.backend(who)
            reader = TilesReader(backend)
            leaves = world.leaves("west")
            entries = [0, 1, 254, 255, 256, 299]
            head = check_with_scales(
                reader, leaves.__getitem__, [*keys, world.cosigner("south", "log")], {}, entries
            )
            assert head.size == len(leaves) == 300
            own = TilesReader(world.backend(who, member="east"))
            check_with_scales(own, world.leaves("east").__getitem__, [world.key("east")], {})

    asyncio.run(whole())


async def _held(node: Node, line: str, member: str, count: int) -> bool:
    return await node.lines.held(line, member) >= count


def test_a_reader_that_comes_back_proves_that_the_log_only_grew(world: World) -> None:
    async def whole() -> None:
        async with serving(world) as west:
            older: dict[int, bytes] = {}
            for count in (5, 250, 300):
                await west.lines.submit(world.lines["baltic"], *(draft(str(n)) for n in range(count)))
                await until(lambda: asyncio.to_thread(newest_is_served))
                reader = TilesReader(world.backend("auditor"))
                head = await asyncio.to_thread(
                    check_with_scales, reader, west_leaves().__getitem__, [world.key("west")], dict(older), [0]
                )
                older[head.size] = head.root_hash

    def west_leaves() -> list[bytes]:
        return world.leaves("west")

    def newest_is_served() -> bool:
        return TilesReader(world.backend("auditor")).get_checkpoint().size == len(west_leaves())

    asyncio.run(whole())


def test_what_an_answer_says_of_itself(world: World) -> None:
    def check() -> None:
        backend = world.backend("auditor")

        def asked(name: str, **headers: str) -> tuple[bytes, dict[str, str]]:
            backend.headers = headers
            body = backend.get(*name.split("/"))
            assert body is not None
            assert backend.last is not None
            return body, {key.lower(): value for key, value in backend.last.getheaders()}

        note, said = asked("checkpoint")
        assert Checkpoint.decode(note).head.size == 300
        assert (said["content-type"], said["cache-control"]) == ("text/plain; charset=utf-8", "private, no-cache")
        tile, said = asked("tile/0/000")
        assert len(tile) == 8192
        assert (said["content-type"], said["cache-control"]) == ("application/octet-stream", IMMUTABLE)
        assert asked("tile/entries/000")[1]["cache-control"] == IMMUTABLE
        part, said = asked("tile/0/001.p/44")
        assert len(part) == 44 * 32
        assert said["cache-control"] == "private, max-age=86400, immutable"
        entries, said = asked("tile/entries/001.p/44")
        assert "content-encoding" not in said
        for takes in ("gzip", "br, gzip;q=0.5, *", "GZIP; q=1", "identity,gzip;q=1.0"):
            packed, said = asked("tile/entries/001.p/44", **{"Accept-Encoding": takes})
            assert (said["content-encoding"], gzip.decompress(packed)) == ("gzip", entries), takes
            assert said["vary"] == "accept-encoding"
        for takes in ("identity", "gzip;q=0", "gzip;q=0.000", "gzipx", "x-gzip", ""):
            plain, said = asked("tile/entries/001.p/44", **{"Accept-Encoding": takes})
            assert plain == entries, takes
            assert "content-encoding" not in said
        assert "content-encoding" not in asked("tile/0/000", **{"Accept-Encoding": "gzip"})[1]

    story(check, world, statements=300)


def test_who_is_not_to_read_a_log_does_not_learn_that_there_is_one(world: World) -> None:
    """The answer to whoever may not read is, byte for byte, the one about a log that nobody has."""

    def check() -> None:
        def answer(who: str, line: str, member: str = "west", epoch: int = 1) -> tuple[int, bytes, object]:
            backend = world.backend(who, line, member, epoch)
            status, body = backend.ask("GET", backend.prefix + "/checkpoint")
            assert backend.last is not None
            return status, body, backend.last.getheaders()

        def may(who: str, line: str) -> bool:
            status, _, _ = answer(who, line)
            assert status in {200, 404}
            return status == 200

        nothing = answer("east", "never-0123456789abcdef0123")
        assert nothing[0] == 404
        readers = ("east", "north", "south", "auditor")
        assert {(who, line) for who in readers for line in world.lines if may(who, line)} == {
            ("east", "baltic"), ("south", "baltic"), ("north", "arctic"), ("auditor", "baltic"), ("auditor", "arctic"),
        }  # fmt: skip
        for who, line, member, epoch in (
            ("east", "arctic", "west", 1),
            ("north", "baltic", "west", 1),
            ("south", "arctic", "west", 1),
            ("east", "humanitarian", "west", 1),
            ("auditor", "humanitarian", "west", 1),
            ("auditor", "never-0123456789abcdef0123", "west", 1),
            ("auditor", "baltic", "nobody", 1),
            ("auditor", "baltic", "south", 1),
            ("auditor", "baltic", "east", 1),
            ("auditor", "baltic", "west", 2),
        ):
            assert answer(who, line, member, epoch) == nothing, (who, line, member)
        with pytest.raises((ssl.SSLError, OSError)):
            answer("stranger", "baltic")

    story(check, world)


def test_an_auditor_can_do_nothing_else(world: World) -> None:
    def check() -> None:
        backend = world.backend("auditor")
        for line in (world.lines["baltic"], "never-0123456789abcdef0123"):
            for method, target in (
                ("GET", f"/v1/{line}"),
                ("GET", f"/v1/{line}?wait_s=1"),
                ("POST", f"/v1/{line}"),
            ):
                assert backend.ask(method, target) == (403, b"")
        for method in ("HEAD", "POST", "PUT", "DELETE", "OPTIONS"):
            assert backend.ask(method, backend.prefix + "/checkpoint") == (404, b"")
        assert backend.get("checkpoint") is not None

    story(check, world)


def test_no_body_is_ever_served(world: World) -> None:
    """Statements only: what was said stays out of every resource that there is."""

    async def whole() -> None:
        async with running(world.folder / "west", west_settings(world)) as west:
            await until(lambda: west.states.port)
            await west.lines.submit(world.lines["baltic"], *(draft(f"the secret text {n}") for n in range(260)))
            await asyncio.to_thread(check)

    def check() -> None:
        backend = world.backend("auditor")
        seen = b""
        for name in ("checkpoint", "tile/entries/000", "tile/entries/001.p/4", "tile/0/000", "tile/1/000.p/1"):
            body = backend.get(*name.split("/"))
            assert body
            seen += body
        assert len(seen) > 200_000
        assert b"secret" not in seen

    asyncio.run(whole())


def test_hostile_names_are_404_and_nothing_more(world: World) -> None:
    def check() -> None:
        backend = world.backend("auditor")
        line = world.lines["baltic"]
        good = [f"{backend.prefix}/{name}" for name in ("checkpoint", "tile/0/000.p/3", "tile/entries/000.p/3")]
        bodies = {target: backend.ask("GET", target) for target in good}
        assert all(status == 200 for status, _ in bodies.values())
        chance = random.Random(11)
        bent = [
            f"/v1/{line}/tiles/", f"/v1/{line}/tiles/1/west/0/", f"/v1/{line}/tiles/1/west/00/checkpoint",
            f"/v1/{line}/tiles/01/west/0/checkpoint", f"/v1/{line}/tiles/1/west/0//checkpoint",
            f"/v1/{line}/tiles/1/west/0/../0/checkpoint", f"/v1/{line}/tiles/1/west/0/checkpoint?x",
            f"/v1/{line}/tiles/1/west/0/%63heckpoint", f"/v1/{line}/tiles/1/west/0/../../../../keys/courier.pem",
            f"/v1/{line}/tiles/9999999999/west/0/checkpoint", f"/v1/{line}/tiles/1/west/0/checkpoint/",
            f"/v1/{line}/tiles/1/west/0/tile/0/000", f"/v1/{line}/tiles/1/west/0/tile/0/000.p/4",
            f"/v1/{line}/tiles/1/west/0/tile/1/000.p/1", f"/v1/{line}/tiles/1/west/0/tile/long-entries/000.p/3",
            f"/v1/{line}/tiles/1/west/0/tile/0/x999/x999/x999/x999/999",
            f"/v1/{line.upper()}/tiles/1/west/0/checkpoint",
            f"/v1/{line}/tiles/1/west/0/{'a' * 4000}", f"/v1/../v1/{line}/tiles/1/west/0/checkpoint",
        ]  # fmt: skip
        for _ in range(300):
            letters = list(chance.choice(good))
            for _ in range(chance.randint(1, 3)):
                at = chance.randrange(1, len(letters))
                letters[at : at + chance.randint(0, 2)] = chance.choice(
                    ["/", "..", "%2e", "x", "0", "", "?", "#", ".p/", "\\", "~", "//", "tile"]
                )
            bent.append("".join(letters))
        for target in bent:
            status, body = backend.ask("GET", target)
            assert status in {200, 403, 404}, target
            if status == 200:  # another name of the same log that there is: its own spelling
                assert target in good or "/tile/" in target, target
            else:
                assert body == b""
        assert {target: backend.ask("GET", target) for target in good} == bodies

    story(check, world, more="requests_per_s_max = 100000")


class Counted(Rate):
    """A rate without a limit that remembers what was taken."""

    def __init__(self) -> None:
        super().__init__(0)
        self.taken: list[int] = []

    async def take(self, amount: int) -> None:
        self.taken.append(amount)


def test_tiles_count_against_a_peer_s_rates_as_bundles_do(world: World) -> None:
    async def whole() -> None:
        rates = (Counted(), Counted(), Counted())
        shelf = Shelf(world.folder / "west")
        async with running(world.folder / "west", quick()) as west:
            await west.lines.submit(world.lines["baltic"], *(draft(str(n)) for n in range(256)))
            target = (
                f"GET /v1/{world.lines['baltic']}/tiles/1/west/0/tile/entries/000 HTTP/1.1\r\nhost: x\r\n\r\n"
            )
            stream = Bytes(target.encode() * 2, 4096)
            session = Session(
                cast("Any", stream), CourierSettings(), {}, lambda *_: None, lambda *_: False, rates,
                Reader(shelf, {}, True, asyncio.Lock()),
            )  # fmt: skip
            await session.run()
            await shelf.close()
        size = sum(len(leaf) + 2 for leaf in world.leaves("west"))
        assert bytes(stream.said).count(b"HTTP/1.1 200") == 2
        assert rates[0].taken == []
        assert sum(rates[1].taken) == 2 * size
        assert max(rates[1].taken) <= 65_536
        assert rates[2].taken == [1, 1]

    asyncio.run(whole())


def test_of_the_own_log_nothing_leaves_that_the_head_file_does_not_hold(world: World) -> None:
    """The record may be a batch ahead of it for a moment; without a head file, nothing of it may leave."""

    async def whole() -> None:
        async with running(world.folder / "west", quick()) as west:
            await west.lines.submit(world.lines["baltic"], draft("one"), draft("two"))
            head_file = next((world.folder / "west.head").glob("head.sqlite3"))
            shelf = Shelf(world.folder / "west")
            try:
                found = await shelf.get(world.origin("west"), "checkpoint", party="east", packed=False)
                assert found is not None
                assert Checkpoint.decode(found.body).head.size == 2
            finally:
                await shelf.close()
        head_file.rename(head_file.with_suffix(".away"))
        shelf = Shelf(world.folder / "west")
        try:
            assert await shelf.get(world.origin("west"), "checkpoint", party="east", packed=False) is None
            assert await shelf.get(world.origin("west"), "tile/0/000.p/1", party=None, packed=False) is None
        finally:
            await shelf.close()

    asyncio.run(whole())


def test_a_record_that_fails_is_opened_anew_and_said_as_a_failure(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def whole() -> None:
        async with serving(world):
            opened = []

            def failing(path: Path) -> object:
                opened.append(path)
                if len(opened) == 1 or len(opened) > 2:
                    raise StoreFailure(expected="", came="cut", where="", remedy="")
                return open_reading(path)

            shelf = Shelf(world.folder / "west")
            monkeypatch.setattr("detente.node.tiles.shelf.open_reading", failing)
            found = await shelf.get(world.origin("west"), "checkpoint", party=None, packed=False)
            assert found is not None
            await shelf.close()
            again = Shelf(world.folder / "west")
            with pytest.raises(StoreFailure):
                await again.get(world.origin("west"), "checkpoint", party=None, packed=False)
            await again.close()
            assert (await asyncio.to_thread(ask_checkpoint)) == (503, b"")

    def ask_checkpoint() -> tuple[int, bytes]:
        backend = world.backend("auditor")
        return backend.ask("GET", backend.prefix + "/checkpoint")

    asyncio.run(whole())
