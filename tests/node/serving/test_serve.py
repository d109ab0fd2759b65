"""``detente serve`` with real processes: verbs beside it, crashes, stops, and what is refused."""

from __future__ import annotations

import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, closing
from pathlib import Path
from typing import Any

import pytest

from detente.errors import DetenteError
from detente.line.effects import Draft
from detente.node.home import open_reading
from detente.node.serving.remote_host import Link, is_served, running_node
from detente.node.serving.wire import Hello, Looks, Submits
from detente.node.speaking import new_submission
from tests.node.serving.served import Served, free_port, serving, until
from tests.stories.program import run as run_program
from tests.stories.shell import Shell

CHILDREN = ("signer", "node", "desk")


@pytest.fixture
def shell(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Shell:
    """Return a shell beside two homes on one line."""
    made = Shell(tmp_path, capsys, monkeypatch)
    made.found("west", "east")
    made.join(("west", "east"))
    return made


def served(shell: Shell, name: str = "west", *more: str) -> AbstractContextManager[Served]:
    return serving(shell.folder / name, shell.folder / "secret", *more)


def alarms(of: Served, name: str) -> list[dict[str, Any]]:
    return [one for one in of.events("alarm") if one["name"] == name]


def line_of(home: Path) -> str:
    with open_reading(home) as opened:
        return opened.lines()[0]


def test_every_writing_verb_works_beside_running_nodes(shell: Shell) -> None:
    with served(shell), served(shell, "east"):
        sent = shell.send("west", "hello", "--answer-by 2h")
        assert (sent["ref"], sent["state"]) == ("west/0", "held")
        shell.exchange("west", "east", "--sealed")
        assert [one["ref"] for one in shell.log("east")] == ["west/0"]
        assert shell.run("line log west").count("east: delivered") == 1
        shell.run("line reply east --to west/0 accepted --body -", text="yes")
        hidden = shell.send("west", "later", "--reveal later")
        shell.run(f"line reveal west --entry {hidden['ref']}")
        shell.run("line suspend west --reason", "exercise")
        shell.run("line resume west --reason", "over")
        shell.exchange("west", "east")
        types = [one["type"] for one in shell.log("east")]
        assert types == ["notice", "reply.accepted", "notice", "reveal", "line.suspend", "line.resume"] or set(
            types
        ) == {"notice", "reply.accepted", "reveal", "line.suspend", "line.resume"}
        assert shell.status("west")["run"] == "running"
        assert shell.party("west", "east")["state"] == "open"
        same = "0123456789abcdef" * 2
        first = shell.send("west", "once", f"--submission {same}")
        assert shell.send("west", "once", f"--submission {same}")["ref"] == first["ref"]
        shell.run("backup west west.backup")
    shell.run("line audit west")
    shell.run("line audit east")


def test_keepers_verbs_work_beside_running_nodes(shell: Shell) -> None:
    roots = sorted(str(one.relative_to(shell.folder)) for one in (shell.folder / "keeper-west").iterdir())
    with served(shell) as west, served(shell, "east"):
        shell.send("west", "before")
        for what in ("seal", "generation", "anchor"):
            shell.run(f"line key propose west {what} west.proposal")
            for root in roots[:2]:
                shell.run(f"line key approve west.proposal --root-key {root}")
            shell.run("line key commit west west.proposal")
        after = shell.send("west", "after")
        assert after["ref"] == "west.1/0"
        shell.exchange("west", "east")
        assert len(shell.log("east")) == 2
        shell.found("south")
        shell.run("line key propose west epoch baltic-2.opening --line baltic --add south.card")
        shell.run("line key commit west baltic-2.opening")
        shell.run("line key commit east baltic-2.opening")
        shell.exchange("west", "east")
        assert shell.status("west")["epoch"] == 2
        shell.send("west", "in the second epoch")
        with served(shell, "south"):
            shell.run("line join south --opening baltic-2.opening")
            shell.carry("west", "south")
            assert "in the second epoch" in shell.run("line log south")
        shell.run("line join west --line arctic west.card east.card")
        shell.run("line send west --line arctic --type message --body -", text="on a new line")
        assert shell.json("line confirm west")["confirmed"] == []
        shell.run("line key propose west generation west.proposal --passphrase-file west.card", code=2)
        assert west.process.poll() is None
    shell.run("line audit west")


def test_a_halted_node_goes_on_after_a_keepers_word(shell: Shell) -> None:
    shell.send("west", "before")
    shell.exchange("west", "east")
    (shell.folder / "west.head" / "head.sqlite3").unlink()
    with served(shell) as west, served(shell, "east"):
        assert alarms(west, "halted")
        shell.run("line send west --type message --body -", text="no", code=2)
        assert "no-head-file" in shell.err or "head file" in shell.err
        shell.run("line confirm west --passphrase-file west.card", code=2)
        confirmed = shell.json("line confirm west")
        assert len(confirmed["confirmed"]) == 1
        shell.exchange("west", "east")
        shell.exchange("west", "east")
        assert shell.send("west", "after")["ref"] == "west/1"


def test_two_people_must_release_what_the_settings_say(shell: Shell) -> None:
    (shell.folder / "west" / "settings.toml").write_text('[line.baltic]\ntwo_person_release = ["notice"]\n')
    for text in ("before", "while it runs"):
        drafted = shell.send("west", text)
        assert drafted["state"] == "draft"
    assert shell.log("west") == []
    with served(shell):
        drafted = shell.send("west", "beside it")
        assert drafted["state"] == "draft"
        assert shell.run("line drafts west").count("notice") == 3
        shell.run(f"line drafts west --discard {drafted['submission']}")
        shell.run(f"line drafts west --discard {drafted['submission']}", code=2)
        assert len(shell.json("line drafts west")) == 2
        assert shell.json("line send west --type message --body -", text="alone")["ref"] == "west/0"
        link = Link(shell.folder / "west")
        with pytest.raises(DetenteError, match="two people"):
            link.ask(Submits(line_of(shell.folder / "west"), (Draft("notice", "text/plain", b"x", "1" * 32),)))
        link.close()
    assert [one["type"] for one in shell.log("west")] == ["message"]


def test_a_hundred_senders_at_once_share_batches(shell: Shell) -> None:
    home = shell.folder / "west"
    with served(shell):
        line = line_of(home)
        begun = threading.Barrier(100)

        def send(number: int) -> int:
            link = Link(home)
            begun.wait(60)
            answer = link.ask(Submits(line, (Draft("message", "text/plain", b"%d" % number, new_submission()),)))
            link.close()
            return answer.references[0].seq

        with ThreadPoolExecutor(100) as pool:
            places = list(pool.map(send, range(100)))
        link = Link(home)
        stands = link.ask(Hello()).lines[line]
        link.close()
    assert sorted(places) == list(range(100))
    assert stands.drafts == 100
    assert stands.batches <= 50


class Sender(threading.Thread):
    """Sends one message after the other to whatever node runs; ``held`` are those it was told are held."""

    def __init__(self, home: Path, line: str) -> None:
        super().__init__()
        self.home, self.line = home, line
        self.held: list[str] = []
        self.enough = threading.Event()

    def run(self) -> None:
        link: Link | None = None
        waiting: str | None = None
        while not self.enough.is_set():
            submission = waiting or new_submission()
            waiting = submission
            try:
                link = link or running_node(self.home)
                if link is None:
                    continue
                draft = Draft("message", "text/plain", submission.encode(), submission)
                link.ask(Submits(self.line, (draft,)), again=False)
            except (DetenteError, OSError):
                if link is not None:
                    link.close()
                link = None
                continue
            self.held.append(submission)
            waiting = None
        if link is not None:
            link.close()


def all_held_once(shell: Shell, senders: list[Sender]) -> None:
    shell.run("line audit west")
    stored = [body(one) for one in shell.log("west") if one["type"] == "message"]
    assert len(stored) == len(set(stored))
    held = [one for sender in senders for one in sender.held]
    assert set(held) <= set(stored)
    assert len(set(stored) - set(held)) <= len(senders)  # at most one each whose answer was lost


def body(entry: Any) -> str:
    """Return what an entry says, as the sender wrote it: its submission."""
    return str(entry["body"]["content"])


def test_kill_at_random_moments_loses_and_doubles_nothing(shell: Shell) -> None:
    home = shell.folder / "west"
    chance = random.Random(7)
    with served(shell) as west:
        senders = [Sender(home, line_of(home)) for _ in range(4)]
        for sender in senders:
            sender.start()
        for count in range(2, 9):
            until(lambda: sum(len(sender.held) for sender in senders) > 30 * count, "sends")  # noqa: B023
            child = CHILDREN[count % 3]
            threading.Event().wait(chance.random() * 0.2)
            before = len(west.events("child.started", child=child))
            os.kill(west.pid(child), signal.SIGKILL)
            west.until("child.started", before + 1, child=child)
        until(lambda: sum(len(sender.held) for sender in senders) > 300, "sends after the kills")
        for sender in senders:
            sender.enough.set()
        for sender in senders:
            sender.join(60)
        assert west.stop() == 0
    all_held_once(shell, senders)


def test_with_a_killed_supervisor_dies_every_child_and_the_next_one_goes_on(shell: Shell) -> None:
    home = shell.folder / "west"
    senders = [Sender(home, line_of(home)) for _ in range(2)]
    for sender in senders:
        sender.start()
    for _ in range(2):
        with served(shell) as west:
            before = sum(len(sender.held) for sender in senders)
            until(lambda: sum(len(sender.held) for sender in senders) > before + 20, "sends")  # noqa: B023
            pids = [west.pid(child) for child in CHILDREN]
            west.process.kill()
            west.process.wait()
            until(lambda: not any(alive(pid) for pid in pids), "the end of the children")  # noqa: B023
    with served(shell) as west:
        before = sum(len(sender.held) for sender in senders)
        until(lambda: sum(len(sender.held) for sender in senders) > before + 20, "sends")
        for sender in senders:
            sender.enough.set()
        for sender in senders:
            sender.join(60)
        assert west.stop() == 0
    all_held_once(shell, senders)


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in {"Z", "X"}


def test_a_stop_in_order_answers_what_was_taken_on_and_leaves_nothing_behind(shell: Shell) -> None:
    home = shell.folder / "west"
    with served(shell) as west, closing(Link(home)) as idle:
        assert idle.ask(Hello()).member == "west"  # and asks no more
        sender = Sender(home, line_of(home))
        sender.start()
        until(lambda: len(sender.held) > 10, "sends")
        pids = [west.pid(child) for child in CHILDREN]
        assert west.stop() == 0
        sender.enough.set()
        sender.join(60)
        assert not any(alive(pid) for pid in pids)
        assert not (shell.folder / "west.head" / "node.sock").exists()
        assert not is_served(home)
        assert [one["event"] for one in west.log() if one["process"] == "supervisor"][-1] == "node.stopped"
        _, begun, events = west.log_file.read_text(encoding="utf-8").partition("{")
        assert len((begun + events).splitlines()) == len(west.log())  # no text of an error among them
        assert {one["process"] for one in west.log()} == {"supervisor", *CHILDREN}
        assert all({"at", "level", "event"} <= one.keys() for one in west.log())
    assert running_node(home) is None
    all_held_once(shell, [sender])
    shell.send("west", "by hand again")


def test_the_page_says_what_runs_and_nothing_else(shell: Shell) -> None:
    with served(shell) as west:
        shell.send("west", "SECRET-BODY")
        status, kind, text = west.page()
        assert (status, kind) == (200, "text/plain; charset=utf-8")
        assert "west" in text
        assert "running" in text
        assert "SECRET" not in text
        status, kind, page = west.page("/", "text/html")
        assert kind == "text/html; charset=utf-8"
        assert page.startswith("<!doctype html>")
        assert west.page("/health")[0] == 200
        assert west.page("/etc/passwd")[0] == 404
        assert '"ok":true' in west.page("/health")[2]
        os.kill(west.pid("node"), signal.SIGSTOP)
        os.kill(west.pid("node"), signal.SIGCONT)
        log = west.log_file.read_text()
    assert "SECRET-BODY" not in log
    assert "correct horse" not in log


def test_what_cannot_be_served_is_said_and_nothing_runs(shell: Shell) -> None:
    secret = shell.folder / "secret"
    home = shell.folder / "west"

    def refused(*words: str | Path, names: tuple[str, ...]) -> None:
        ended = run_program("serve", *words)
        ended.refused(*names)
        assert not is_served(home)

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        for option in ("--courier", "--desk"):
            refused(home, "--passphrase-file", secret, option, f"127.0.0.1:{port}", names=(option, str(port)))
    refused(shell.folder / "nowhere", names=("home.json",))
    refused(home, "--passphrase-file", shell.folder / "nothing", names=("nothing",))
    refused(home, "--desk", "nonsense", names=("--desk", "nonsense"))
    (home / "settings.toml").write_text("[desk]\nlissen = 3\n")
    ended = run_program("serve", home, "--passphrase-file", secret)
    assert ended.code == 2
    assert "settings.toml:2" in ended.err
    (home / "settings.toml").unlink()


def test_two_nodes_carry_by_themselves_over_tls_and_through_crashes(shell: Shell) -> None:
    ports = {"west": free_port(), "east": free_port()}
    for name in ports:
        shell.run(f"cert new {name}")
    for name, other in (("west", "east"), ("east", "west")):
        certificates = shell.folder / name / "certificates"
        shutil.copy(shell.folder / other / "certificates" / f"{other}.pem", certificates / f"{other}.pem")
        (shell.folder / name / "settings.toml").write_text(
            "[courier]\nretry_s_max = 1\n[[line.baltic.courier." + other + ']]\nkind = "https"\n'
            f'address = "127.0.0.1:{ports[other]}"\ncertificate = "certificates/{other}.pem"\n'
        )
    options = {name: ("--courier", f"127.0.0.1:{port}") for name, port in ports.items()}
    with served(shell, "west", *options["west"]) as west, served(shell, "east", *options["east"]) as east:
        for count, (child, of) in enumerate([("none", west), ("node", east), ("signer", west), ("node", west)]):
            if child != "none":
                os.kill(of.pid(child), signal.SIGKILL)
            shell.send("west", f"notice {count}")
            until(lambda: shell.log("west")[-1]["states"] == {"east": "delivered"}, "delivery")
        assert shell.send("east", "back")["state"] == "held"
        until(lambda: any(one["member"] == "east" for one in shell.log("west")), "what came back")
        link = Link(shell.folder / "west")
        states = link.ask(Looks()).couriers
        link.close()
        assert states is not None
        assert [one["state"] for one in states["couriers"]] == ["up"]
        assert (west.stop(), east.stop()) == (0, 0)
    shell.run("line audit west")
    shell.run("line audit east")
    assert [one["body"]["content"] for one in shell.log("east") if one["member"] == "west"] == [
        f"notice {count}" for count in range(4)
    ]


@pytest.mark.parametrize("given", ["no passphrase", "a wrong one"])
def test_a_locked_signer_is_waited_for_and_everybody_is_told(shell: Shell, given: str) -> None:
    wrong = [] if given == "no passphrase" else ["--passphrase-file", str(shell.folder / "west.card")]
    with serving(shell.folder / "west", None, *wrong) as west:
        assert alarms(west, "signer-locked")
        assert west.page()[0] == 503
        assert "unlock" in west.page()[2]
        shell.run("line send west --type message --body -", text="no", code=2)
        assert "unlock" in shell.err
        assert shell.log("west") == []
        shell.run("unlock west")
        west.until("lines.running")
        assert shell.send("west", "after")["ref"] == "west/0"
        os.kill(west.pid("signer"), signal.SIGKILL)
        west.until("child.started", 2, child="signer")
        shell.run("line send west --type message --body -", text="no", code=2)
        shell.run("unlock west")
        until(lambda: alarms(west, "line-again"), "the line runs again")
        assert shell.send("west", "after the crash")["ref"] == "west/1"
        assert west.stop() == 0


def test_a_home_is_served_once(shell: Shell) -> None:
    with served(shell) as west:
        ended = run_program(
            "serve", shell.folder / "west", "--passphrase-file", shell.folder / "secret", "--desk", "off"
        )
        ended.refused(str(west.process.pid))
        assert west.process.poll() is None
        shell.send("west", "still there")


def test_serve_dies_with_a_stopped_child_when_it_is_told_to(shell: Shell) -> None:
    with served(shell) as west:
        os.kill(west.pid("desk"), signal.SIGSTOP)
        assert west.stop() == 0


def test_the_service_manager_is_told(shell: Shell, tmp_path: Path) -> None:
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    listening.bind(str(tmp_path / "notify"))
    listening.settimeout(60)
    command = [sys.executable, "-m", "detente", "serve", str(shell.folder / "west"), "--desk", "off"]
    environment = {**os.environ, "NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "200000"}
    process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
    try:
        assert listening.recv(100) == b"READY=1" or listening.recv(100) == b"WATCHDOG=1"
        told = {listening.recv(100) for _ in range(3)}
        assert b"WATCHDOG=1" in told
        process.terminate()
        while listening.recv(100) != b"STOPPING=1":
            pass
        assert process.wait(60) == 0
    finally:
        process.kill()
        process.wait()
        listening.close()
