"""The folder courier: a gateway that carries both ways, a stick, a one-way diode, and what hostile files do there."""

from __future__ import annotations

import asyncio
import os
import shutil
from functools import partial
from pathlib import Path

import pytest

from detente.line.bundle import BUNDLE_MAGIC, EXPORT_MAGIC
from detente.node.sealing import SEALED_MAGIC
from tests.node.couriers.world import Node, Pair, certified, draft, https, make_pair, quick, running, until


@pytest.fixture
def pair(tmp_path: Path) -> Pair:
    made = make_pair(tmp_path)
    for name in ("post", "west-out", "west-in", "east-out", "east-in", "nowhere-in"):
        (tmp_path / name).mkdir()
    return made


def folder(pair: Pair, member: str, *, more: str = "sealed = false", out: str = "out", in_: str = "in") -> str:
    other = "east" if member == "west" else "west"
    places = "".join(
        f'{key} = "{pair.folder}/{member}-{name}"\n' for key, name in (("out", out), ("in", in_)) if name
    )
    line = pair.line.rpartition("-")[0]
    head = f'[[line.{line}.courier.{other}]]\nkind = "folder"\nsettle_s = 0\nevery_s = 1\n'
    return f"{quick()}{head}{places}{more}\n"


async def post(pair: Pair, *ways: str) -> None:
    """Carry every bundle from one's out to the other's in, again and again, as a gateway does."""
    while True:
        for way in ways:
            source, target = way.split(">")
            for path in sorted((pair.folder / f"{source}-out").glob("*.bundle")):
                if not path.name.startswith("."):
                    shutil.move(path, pair.folder / f"{target}-in" / path.name)
        await asyncio.sleep(0.1)


async def delivered(node: Node, line: str, party: str, count: int) -> bool:
    return bool(await node.lines.delivered(line, party) >= count)


async def held(node: Node, line: str, member: str, count: int) -> bool:
    return bool(await node.lines.held(line, member) >= count)


def test_a_gateway_carries_both_ways(pair: Pair) -> None:
    async def story() -> None:
        west_text, east_text = folder(pair, "west"), folder(pair, "east", more="keep_taken = false")
        async with running(pair.path("west"), west_text) as west, running(pair.path("east"), east_text) as east:
            carrier = asyncio.ensure_future(post(pair, "west>east", "east>west"))
            await west.lines.submit(pair.line, draft())
            await east.lines.submit(pair.line, draft())
            await until(lambda: delivered(west, pair.line, "east", 1), 40)
            await until(lambda: delivered(east, pair.line, "west", 1), 40)
            carrier.cancel()
            assert west.courier("east").bytes_out > 0
            assert west.courier("east").bytes_in > 0
            assert west.courier("east").state == "up"
            assert list((pair.folder / "west-in" / "taken").iterdir())
            assert not (pair.folder / "east-in" / "taken").exists()
            assert not (pair.folder / "east-in" / "refused").exists()

    asyncio.run(story())


def test_a_diode_needs_no_answer(pair: Pair) -> None:
    async def story() -> None:
        west_text, east_text = folder(pair, "west", in_=""), folder(pair, "east", out="")
        async with running(pair.path("west"), west_text) as west, running(pair.path("east"), east_text) as east:
            carrier = asyncio.ensure_future(post(pair, "west>east"))
            for count in (1, 2, 3):
                await west.lines.submit(pair.line, draft())
                await until(partial(held, east, pair.line, "west", count), 40)
            carrier.cancel()
            assert await west.lines.delivered(pair.line, "east") == 0
            assert not list((pair.folder / "east-out").iterdir())

    asyncio.run(story())


def test_a_bundle_that_nobody_took_is_replaced_and_others_files_are_left_alone(pair: Pair) -> None:
    async def story() -> None:
        place = pair.folder / "west-out"
        (place / "letter.bundle").write_bytes(b"somebody else's")
        async with running(pair.path("west"), folder(pair, "west")) as west:
            await west.lines.submit(pair.line, draft())
            await until(lambda: len(list(place.glob(f"{pair.line}-*"))) == 1)
            first = next(place.glob(f"{pair.line}-*"))
            await west.lines.submit(pair.line, draft())
            await until(lambda: not first.exists())
            await until(lambda: len(list(place.glob(f"{pair.line}-*"))) == 1)
            second = next(place.glob(f"{pair.line}-*"))
            size = second.stat().st_size
            await asyncio.sleep(1.5)
            assert second.exists()  # without news nothing is written anew
            assert second.stat().st_size == size
        assert (place / "letter.bundle").read_bytes() == b"somebody else's"
        shutil.copy(second, pair.folder / "east-in" / "stick.bundle")
        async with running(pair.path("east"), folder(pair, "east")) as east:
            await until(lambda: held(east, pair.line, "west", 2))  # the newer one holds both

    asyncio.run(story())


def test_a_folder_that_is_not_there_is_waited_for(pair: Pair) -> None:
    async def story() -> None:
        (pair.folder / "west-out").rmdir()
        (pair.folder / "west-in").rmdir()
        async with running(pair.path("west"), folder(pair, "west")) as west:
            await until(lambda: "no such folder" in west.courier("east").last_error)
            assert west.courier("east").state == "failing"
            (pair.folder / "west-out").mkdir()
            await until(lambda: any((pair.folder / "west-out").iterdir()))
            await until(lambda: west.courier("east").state == "up")

    asyncio.run(story())


def test_what_is_no_bundle_for_this_home_is_put_aside_with_the_reason(pair: Pair, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    stranger = make_pair(other)
    (other / "west-out").mkdir()

    async def story() -> None:
        async with running(stranger.path("west"), folder(stranger, "west", in_="")):
            await until(lambda: any((other / "west-out").glob("[!.]*.bundle")))
        place = pair.folder / "east-in"
        secret = tmp_path / "secret"
        secret.write_bytes(BUNDLE_MAGIC)
        foreign = next((other / "west-out").glob("[!.]*.bundle"))
        (place / "a-rubbish.bundle").write_bytes(os.urandom(1000))
        (place / "b-export.bundle").write_bytes(EXPORT_MAGIC + b"x" * 100)
        (place / "c-empty.bundle").write_bytes(b"")
        (place / "d-cut.bundle").write_bytes(foreign.read_bytes()[:400])
        (place / "e-sealed.bundle").write_bytes(SEALED_MAGIC + b"\0\0\0\5hello\0\1x")
        (place / "f-foreign.bundle").write_bytes(foreign.read_bytes())
        (place / "g-link.bundle").symlink_to(secret)
        os.mkfifo(place / "h-pipe.bundle")
        (place / "i-folder.bundle").mkdir()
        (place / "letter.txt").write_text("no bundle by its name")
        async with running(pair.path("east"), folder(pair, "east")) as east:
            refused = place / "refused"
            await until(lambda: refused.is_dir() and len(list(refused.glob("[!.]*.txt"))) == 6, 40)
            assert {path.name[0] for path in refused.glob("[!.]*.bundle")} == set("abcdef")
            why = {path.name[0]: path.read_text() for path in refused.glob("[!.]*.txt")}
            assert "export" in why["b"]
            assert "cut short" in why["c"]
            assert stranger.line in why["f"]
            assert secret.exists()
            assert {path.name[0] for path in place.iterdir()} == {"g", "h", "i", "l", "r"}
            assert await east.lines.held(pair.line, "west") == 0
            (place / "a-rubbish.bundle").write_bytes(b"again under the same name")
            await until((refused / "a-rubbish.bundle.2.txt").exists)

    asyncio.run(story())


def test_a_humanitarian_line_is_sealed_whatever_the_settings_say(tmp_path: Path) -> None:
    pair = make_pair(tmp_path, "humanitarian")
    for name in ("west-out", "west-in", "east-out", "east-in"):
        (tmp_path / name).mkdir()

    async def story() -> None:
        west_text, east_text = folder(pair, "west"), folder(pair, "east")
        async with running(pair.path("west"), west_text) as west, running(pair.path("east"), east_text):
            carrier = asyncio.ensure_future(post(pair, "west>east", "east>west"))
            await west.lines.submit(pair.line, draft("who is where"))
            await until(lambda: delivered(west, pair.line, "east", 1), 40)
            carrier.cancel()

    asyncio.run(story())
    taken = [path for name in ("west-in", "east-in") for path in (tmp_path / name / "taken").iterdir()]
    assert taken
    assert all(path.read_bytes().startswith(SEALED_MAGIC) for path in taken)


def test_a_written_file_is_not_delivery_and_the_next_courier_carries(pair: Pair) -> None:
    """Somebody takes the files away and brings them nowhere; once one comes back, the folder is trusted again."""
    certified(pair.folder, "west", "east")
    line = pair.line.rpartition("-")[0]
    port = pair.ports["east"]
    west_text = folder(pair, "west", more="sealed = false\nreceipt_s_max = 1") + https(line, "east", port)
    east_text = folder(pair, "east").replace("[courier]\n", f'[courier]\nlisten = "127.0.0.1:{port}"\n')
    east_text += https(line, "west", None)

    async def story() -> None:
        async with running(pair.path("west"), west_text) as west, running(pair.path("east"), east_text) as east:
            await until(lambda: bool(east.states.port))
            thief = asyncio.ensure_future(post(pair, "west>nowhere"))
            await west.lines.submit(pair.line, draft())
            await until(lambda: delivered(west, pair.line, "east", 1), 40)
            assert west.courier("east", 1).state == "failing"
            assert "none for 1 seconds" in west.courier("east", 1).last_error
            await until(lambda: west.courier("east", 2).state == "up", 40)  # told when its call is over
            written = west.courier("east", 1).bytes_out
            await west.lines.submit(pair.line, draft())
            await until(lambda: delivered(west, pair.line, "east", 2), 40)  # without waiting for the folder again
            thief.cancel()
            carrier = asyncio.ensure_future(post(pair, "west>east", "east>west"))
            await east.lines.submit(pair.line, draft())
            await until(lambda: west.courier("east", 1).bytes_in > 0, 40)
            await west.lines.submit(pair.line, draft())
            await until(lambda: west.courier("east", 1).state == "up", 40)
            await until(lambda: delivered(west, pair.line, "east", 3), 40)
            assert west.courier("east", 1).bytes_out > written
            carrier.cancel()

    asyncio.run(story())
