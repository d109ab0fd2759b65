"""A line of served homes over TLS on loopback, each link through a proxy of its own, and what must hold at its end.

Every node is the real supervisor with its real processes; the verbs run beside them, as a person's do. ``settled``
waits until every acknowledged notice has its receipts; ``sound`` then looks at everything that must hold.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from detente.line.effects import Draft
from detente.node.home import open_reading
from detente.node.serving.remote_host import Link
from detente.node.serving.wire import Answer, Looks, Submits
from detente.node.speaking import new_submission
from tests.node.couriers.proxy import Proxy
from tests.node.serving.served import Served, free_port, serving, until
from tests.stories.shell import Shell

__all__ = ["QUIET", "ServedLine", "looked", "proxies"]

ROOT = Path(__file__).resolve().parent.parent.parent
QUICK = "[courier]\nretry_s_max = 1\n"
QUIET: frozenset[str] = frozenset()
"""Of the alarms: none may come."""


@contextmanager
def proxies(*ports: int) -> Iterator[list[Proxy]]:
    """Run a proxy towards each of these ports, on a loop in a thread of its own."""
    made: list[Proxy] = []
    loop, begun = asyncio.new_event_loop(), threading.Event()
    ending = asyncio.Event()

    async def carry() -> None:
        servers = []
        for port in ports:
            proxy = Proxy(port)
            server = await asyncio.start_server(proxy.carry, "127.0.0.1", 0, limit=4096)
            proxy.listens = server.sockets[0].getsockname()[1]
            made.append(proxy)
            servers.append(server)
        begun.set()
        await ending.wait()
        for server, proxy in zip(servers, made, strict=True):
            server.close()
            proxy.stalled = False
            await proxy.cut()
        left = asyncio.all_tasks() - {asyncio.current_task()}
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    thread = threading.Thread(target=lambda: loop.run_until_complete(carry()))
    thread.start()
    begun.wait()
    try:
        yield made
    finally:
        loop.call_soon_threadsafe(ending.set)
        thread.join(30)
        loop.close()


def looked(home: Path) -> Answer:
    """Return how a running node says that it stands."""
    link = Link(home)
    try:
        return link.ask(Looks(), again=False)
    finally:
        link.close()


@dataclass
class ServedLine:
    """Members of the line baltic with certificates for each other; ``said`` is what each was told is held, in order.

    ports: where each one's courier listens. one_way: these are called by nobody, they call.
    """

    shell: Shell
    members: tuple[str, ...] = ("west", "east")
    observers: tuple[str, ...] = ()
    ports: dict[str, int] = field(default_factory=dict)
    said: dict[str, list[str]] = field(default_factory=dict)
    nodes: dict[str, Served] = field(default_factory=dict)

    @property
    def parties(self) -> tuple[str, ...]:
        return (*self.members, *self.observers)

    def home(self, name: str) -> Path:
        return self.shell.folder / name

    def found(self, more: tuple[str, ...] = ()) -> None:
        """Found every home, join the line, make certificates; ``more``: founded, and not on the line yet."""
        self.shell.found(*self.parties, *more)
        self.shell.join(self.members, self.observers)
        for name in (*self.parties, *more):
            self.certify(name)

    def certify(self, name: str) -> None:
        self.ports[name] = free_port()
        self.shell.run(f"cert new {name}")

    def settle_with(
        self, name: str, addresses: Mapping[str, int | None], more: str = QUICK, host: str = "127.0.0.1"
    ) -> None:
        """Write the settings of one node: which party is reached at which port of this machine, None: it calls."""
        text = more
        for other, port in addresses.items():
            shutil.copy(
                self.home(other) / "certificates" / f"{other}.pem",
                self.home(name) / "certificates" / f"{other}.pem",
            )
            address = f'address = "{host}:{port}"\n' if port else ""
            text += f'[[line.baltic.courier.{other}]]\nkind = "https"\n{address}'
            text += f'certificate = "certificates/{other}.pem"\nevery_s = 5\n'
        (self.home(name) / "settings.toml").write_text(text)

    @contextmanager
    def serving(self, name: str, *, desk: bool = False, **options: Any) -> Iterator[Served]:
        """Serve one home with its courier port."""
        where = ("--courier", f"127.0.0.1:{self.ports[name]}", *(() if desk else ("--desk", "off")))
        with serving(self.home(name), self.shell.folder / "secret", *where, **options) as served:
            self.nodes[name] = served
            yield served

    @contextmanager
    def all_serving(self) -> Iterator[list[Served]]:
        with contextlib.ExitStack() as stack:
            yield [stack.enter_context(self.serving(name)) for name in self.parties]

    def mesh(self, more: str = QUICK) -> None:
        """Let everybody reach everybody, without proxies."""
        for name in self.parties:
            self.settle_with(name, {other: self.ports[other] for other in self.parties if other != name}, more)

    def mesh_again(self) -> None:
        """Make certificates and settings anew: a backup holds neither."""
        for name in self.parties:
            for path in (self.home(name) / "keys" / "courier.pem", self.home(name) / "certificates"):
                shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
            self.certify(name)
        self.mesh()

    @contextmanager
    def sending(self, name: str, text: str) -> Iterator[None]:
        """Send one notice in a thread while the block runs; it must be acknowledged by its end."""
        with open_reading(self.home(name)) as opened:
            (line,) = opened.lines()
        draft = Draft("notice", "text/plain", text.encode(), new_submission())
        held: list[Answer] = []

        def send() -> None:
            link = Link(self.home(name))
            with contextlib.closing(link):
                held.append(link.ask(Submits(line, (draft,))))

        thread = threading.Thread(target=send)
        thread.start()
        yield
        thread.join(150)
        assert len(held) == 1, f"{name} was not told that it is held: {text}"
        self.said.setdefault(name, []).append(text)

    def send(self, name: str, text: str, more: str = "") -> Any:
        """Send one notice beside the running node; it is acknowledged when this returns."""
        sent = self.shell.send(name, text, more)
        assert sent["state"] == "held", sent
        self.said.setdefault(name, []).append(text)
        return sent

    # ---- what must hold at the end --------------------------------------------------------------------------

    def settled(self, since: int = 1) -> None:
        """Wait until every acknowledged notice of this epoch or a later one has its receipts at its sender."""
        for name, texts in self.said.items():
            others = {one for one in self.members if one != name}

            def confirmed(name: str = name, texts: list[str] = texts, others: set[str] = others) -> bool:
                own = [one for one in self.shell.log(name) if one["member"] == name and one["type"] == "notice"]
                states = [{one["states"].get(who) for who in others} for one in own if one["epoch"] >= since]
                return len(own) >= len(texts) and all(one <= {"delivered"} for one in states)

            until(confirmed, f"receipts at {name}")

    def sound(
        self, alarms: frozenset[str] = QUIET, newcomers: dict[str, int] | None = None, lost: str = ""
    ) -> None:
        """Hold what each end of a story must leave. alarms: which may have come.

        newcomers: members who were told only of what was said from an epoch on. lost: what every audit tells as
        history, for ever, where something was lost on all sides and the root keys said so.
        """
        for name in self.members:
            log, since = self.shell.log(name), (newcomers or {}).get(name, 1)
            for writer, texts in self.said.items():
                own = [one for one in log if one["member"] == writer and one["type"] == "notice"]
                notices = [one["body"]["content"] for one in own if one["epoch"] >= since]
                wanted = texts if since == 1 else texts[len(texts) - len(notices) :]
                assert notices == wanted, (name, writer)
                assert notices or since > 1, (name, writer)
        for name in self.parties:
            said = self.shell.run(f"line audit {name}")
            assert "does not hold" not in said, said
            assert said.count("history: ") == (1 if lost else 0), said
            assert lost in said, said
            assert not (self.home(name) / "proofs").exists(), name
            self.shell.run(f"line export {name} {name}.export")
            cards = [word for one in sorted(self.shell.folder.glob("*.card")) for word in ("--card", one)]
            judged = subprocess.run(
                [sys.executable, ROOT / "verifier" / "verify.py", f"{name}.export", *cards],
                cwd=self.shell.folder, capture_output=True, text=True, check=False,
            )  # fmt: skip
            assert judged.returncode == 0, judged.stdout + judged.stderr
            (self.shell.folder / f"{name}.export").unlink()
        for name, node in self.nodes.items():
            came = {one["name"] for one in node.events("alarm")}
            assert came <= alarms, (name, [one for one in node.events("alarm") if one["name"] not in alarms])
            failed = [one for one in node.log() if one["event"] in {"control.failed", "couriers.failed"}]
            assert not failed, failed
