"""A served node watches over its lines: tests, alarms to people, the duty list, figures; none of it tells content."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.node.alarms.receivers import PASSWORD, USER, MailServer, Posts, mail_server, posts, tls_files
from tests.node.serving.served import Served, free_port, serving, until
from tests.stories.shell import Shell

DOCUMENT = Path(__file__).parents[3] / "docs" / "keeping.md"
BODY_TEXT = "zebra-marmalade-quorum"


@pytest.fixture
def shell(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Shell:
    """Return a shell beside two homes on one line."""
    made = Shell(tmp_path, capsys, monkeypatch)
    made.found("west", "east")
    made.join(("west", "east"))
    return made


def answer(port: int, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=30) as found:
            return found.status, found.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def metrics(port: int) -> dict[str, Any]:
    status, text = answer(port, "/metrics")
    assert status == 200
    return {family.name: family for family in text_string_to_metric_families(text)}


def value(families: dict[str, Any], sample: str, **labels: str) -> float:
    found = [
        one.value
        for family in families.values()
        for one in family.samples
        if one.name == sample and labels.items() <= one.labels.items()
    ]
    assert len(found) == 1, (sample, labels, found)
    return float(found[0])


def linked(shell: Shell, more_west: str, more_east: str = "") -> tuple[int, int]:
    """Give both homes certificates and settings: west calls east; returns the courier ports."""
    ports = {"west": free_port(), "east": free_port()}
    for name in ports:
        shell.run(f"cert new {name}")
    for name, other, more in (("west", "east", more_west), ("east", "west", more_east)):
        folder = shell.folder / name / "certificates"
        (folder / f"{other}.pem").write_bytes(
            (shell.folder / other / "certificates" / f"{other}.pem").read_bytes()
        )
        (shell.folder / name / "settings.toml").write_text(
            f"""
            [courier]
            listen = "127.0.0.1:{ports[name]}"
            {more}
            [line.baltic]
            test_every_s = 1
            silent_after_s = 4
            unacknowledged_after_s = 4
            [[line.baltic.courier.{other}]]
            kind = "https"
            address = "127.0.0.1:{ports[other]}"
            certificate = "certificates/{other}.pem"
            every_s = 1
            """
        )
    return ports["west"], ports["east"]


def told(shell: Shell, posted: Posts, mails: MailServer, files: tuple[Path, Path], metrics_port: int) -> str:
    (shell.folder / "west" / "mail.password").write_text(PASSWORD)
    (shell.folder / "west" / "hook.secret").write_text("hush-hush-hook")
    return f"""
            [metrics]
            listen = "127.0.0.1:{metrics_port}"
            [alarms]
            webhook = "{posted.link}"
            webhook_secret_file = "hook.secret"
            webhook_authorities_file = "{files[0]}"
            [alarms.smtp]
            host = "127.0.0.1"
            port = {mails.port}
            from = "node@west.example"
            to = ["watch@west.example"]
            user = "{USER}"
            password_file = "mail.password"
            authorities_file = "{files[0]}"
            [[duty]]
            name = "First"
            mail = "first@west.example"
            [[duty]]
            name = "Second"
            mail = "second@west.example"
            [escalation]
            flash_s = 2
            immediate_s = 2
            priority_s = 2
            routine_s = 2
            """


def courier_args(port: int) -> tuple[str, str]:
    return ("--courier", f"127.0.0.1:{port}")


def logged(served: Served, name: str) -> list[dict[str, Any]]:
    return [one for one in served.events("alarm") if one["name"] == name]


def names(shell: Shell) -> list[str]:
    return [one["name"] for one in shell.json("alarms west")]


def sentences(posted: Posts) -> list[str]:
    return [one["sentence"] for one in posted.documents()]


def test_a_served_pair_is_tested_and_a_lost_peer_reaches_people(shell: Shell, tmp_path: Path) -> None:
    files, port = tls_files(tmp_path), free_port()
    with posts(files) as posted, mail_server(files) as mails:
        west_port, east_port = linked(shell, told(shell, posted, mails, files, port))
        with serving(shell.folder / "west", shell.folder / "secret", *courier_args(west_port)) as west:
            with serving(shell.folder / "east", shell.folder / "secret", *courier_args(east_port)):
                until(
                    lambda: value(metrics(port), "detente_party_state", party="east", state="open") == 1, "open"
                )
                until(lambda: answer(port, "/health")[0] == 200, "healthy")
                shell.send("east", BODY_TEXT)  # nobody at west reads it
                until(lambda: any(one["To"] == "first@west.example" for one in mails.mails), "the first on duty")
                until(
                    lambda: any(one["To"] == "second@west.example" for one in mails.mails), "the second on duty"
                )
                unread = next(one for one in shell.json("alarms west") if one["name"] == "unread")
                assert (unread["detail"]["ref"], unread["detail"]["precedence"]) == ("east/0", "routine")
                assert unread["asked"] == ["First", "Second"]
                assert value(metrics(port), "detente_notices_unanswered", precedence="routine") == 1
                shell.run("line reply west --to east/0 read --body -", text="walrus-sextant")
                until(lambda: "unread" not in names(shell), "the alarm ends with the reply")
                until(lambda: "east\topen" in shell.run("status west"), "the line is open")
                screen = shell.run("status west")
                assert "It protects nobody" in screen
                assert shell.json("status west")["node"]["state"] == "running"
            # east is gone: tests are missed, the courier fails, at last it is silent
            until(lambda: any("east is silent" in one for one in sentences(posted)), "silent by webhook")
            until(lambda: any("east is silent" in str(one["Subject"]) for one in mails.mails), "silent by mail")
            until(lambda: value(metrics(port), "detente_courier_up", party="east") == 0, "the courier fails")
            found = shell.json("status west", code=0)
            assert found["lines"][0]["parties"][0]["state"] == "silent"
            assert found["lines"][0]["parties"][0]["state_since_ms"] is not None
            assert found["couriers"]["couriers"][0]["state"] == "failing"
            kinds = [one["type"] for one in shell.log("west")]
            assert "line.miss" in kinds
            assert "line.state" in kinds
            silent = next(one for one in shell.json("alarms west") if one["name"] == "silent")
            acknowledged = shell.json(f"alarms ack west {silent['id'][:8]} --by Watch")
            assert (acknowledged["open"], acknowledged["acknowledged_by"]) == (False, "Watch")
            count = len(posted.bodies)
            assert logged(west, "silent")
            # a restart of the node forgets nothing and tells nothing anew
            _kill_node(west)
            until(lambda: len(west.events("lines.running")) == 2, "the node runs again")
            until(lambda: value(metrics(port), "detente_ready") == 1, "metrics again")
            again = [one for one in posted.documents()[count:] if one["id"] == silent["id"]]
            assert again == []
            _nothing_tells_content(shell, posted, mails, west, port)


def _kill_node(served: Served) -> None:
    os.kill(served.pid("node"), signal.SIGKILL)


def _nothing_tells_content(shell: Shell, posted: Posts, mails: MailServer, west: Served, port: int) -> None:
    """Look through everything that was written or sent for what must not be in it."""
    everything = "\n".join(
        [
            *(one.read_text(errors="replace") for one in shell.folder.glob("*.log")),
            *(one.decode() for one in posted.bodies),
            *(json.dumps(one) for one in posted.headers),
            *(one.as_string() for one in mails.mails),
            *(str(one["Subject"]) + one.get_content() for one in mails.mails),
            answer(port, "/metrics")[1],
            answer(port, "/health")[1],
            west.page("/")[2],
            west.page("/health")[2],
            shell.run("status west"),
            shell.run("status west --json"),
            shell.run("alarms west --all --json"),
        ]
    )
    assert len(everything) > 10_000
    assert "east is silent" in everything  # what is looked through is what people get
    secret = (shell.folder / "secret").read_text().strip()
    for hidden in (
        BODY_TEXT,
        secret,
        PASSWORD,
        "hush-hush-hook",
        "tell-nobody",
        "walrus-sextant",
        "PRIVATE KEY",
    ):
        assert hidden not in everything, hidden
    with (shell.folder / "west" / "keys" / "courier.pem").open() as pem:
        inner = [line.strip() for line in pem if not line.startswith("-----")]
    assert not any(line in everything for line in inner[:2])


def test_every_metric_is_documented_and_every_documented_one_is_there(shell: Shell) -> None:
    port = free_port()
    (shell.folder / "west" / "settings.toml").write_text(f'[metrics]\nlisten = "127.0.0.1:{port}"\n')
    with serving(shell.folder / "west", shell.folder / "secret"):
        status, text = answer(port, "/metrics")
        assert status == 200
        named = {
            one.removeprefix("# HELP ").split(" ", 1)[0] for one in text.splitlines() if one.startswith("# HELP ")
        }
        assert all(one.startswith("detente_") for one in named)
        documented = set(re.findall(r"^\| `(detente_[a-z_]+)", DOCUMENT.read_text(), re.MULTILINE))
        assert documented == named
        assert value(metrics(port), "detente_ready") == 1
        assert value(metrics(port), "detente_line_run", run="running") == 1
        assert answer(port, "/elsewhere")[0] == 404
        health = json.loads(answer(port, "/health")[1])
        assert (health["ok"], health["member"]) == (True, "west")


def test_a_locked_signer_is_an_alarm_that_ends_when_it_is_unlocked(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = free_port()
    (shell.folder / "west" / "settings.toml").write_text(f'[metrics]\nlisten = "127.0.0.1:{port}"\n')
    with serving(shell.folder / "west", None) as west:
        until(lambda: logged(west, "signer-locked"), "the alarm in the log")
        status, text = answer(port, "/health")
        assert (status, json.loads(text)["waits"]) == (503, "SignerLocked")
        until(lambda: [one["name"] for one in shell.json("alarms west")] == ["signer-locked"], "kept")
        assert shell.json("status west", code=1)["node"]["state"] == "waiting"
        shell.run(f"unlock west --passphrase-file {shell.folder / 'secret'}")
        until(lambda: answer(port, "/health")[0] == 200, "healthy")
        until(lambda: shell.json("alarms west") == [], "the alarm ended")
        assert shell.json("status west")["node"]["state"] == "running"
    assert shell.json("status west")["node"]["state"] == "not running"
    assert shell.json("alarms west --all")[0]["ended_ms"] is not None


def test_a_taken_port_of_the_metrics_is_said_before_anything_runs(shell: Shell) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        (shell.folder / "west" / "settings.toml").write_text(f'[metrics]\nlisten = "{address}"\n')
        with serving(shell.folder / "west", shell.folder / "secret", wait=False) as west:
            assert west.process.wait(60) == 2
            assert address in west.log_file.read_text()
