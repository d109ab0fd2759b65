"""The ways to a person, against real servers: what gets through, and in which words each failure is told."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import smtplib
import socket
import ssl
import threading
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from detente.node.alarms import channels
from detente.node.alarms.channels import SIGNATURE_HEADER, Mail, Terminal, Webhook, channel_of
from detente.node.alarms.errors import ChannelFailure
from detente.node.alarms.message import message_of
from detente.node.settings.structs import AlarmSettings, Duty, Settings, SmtpSettings
from detente.store.alarms import KeptAlarm
from tests.node.alarms.receivers import PASSWORD, USER, mail_server, posts, tls_files
from tests.node.serving.served import free_port

KEPT = KeptAlarm("0123456789ab", "baltic-1", "silent", "east", "alarm", {}, 1_000, 2_000, text="")
MESSAGE = message_of(KEPT, "west", "west", "Officer")


def smtp(port: int, authorities: Path | None, **more: object) -> SmtpSettings:
    given = {
        "host": "127.0.0.1", "port": port, "from_": "node@west.example", "to": ("watch@west.example",), "user": USER,
        "password_file": "mail.password", "authorities_file": str(authorities or ""),
    }  # fmt: skip
    return SmtpSettings(**{**given, **more})  # type: ignore[arg-type]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "mail.password").write_text(PASSWORD + "\n")
    (tmp_path / "hook.secret").write_text("a-secret-of-the-hook\n")
    return tmp_path


def test_mail_goes_over_starttls_with_a_login(home: Path) -> None:
    files = tls_files(home)
    with mail_server(files) as server:
        Mail(smtp(server.port, files[0]), ("watch@west.example", "chief@west.example"), home).send(MESSAGE)
    (mail,) = server.mails
    assert server.encrypted == [True]
    assert server.recipients == [["watch@west.example", "chief@west.example"]]
    assert mail["Subject"] == "détente west: ALARM: east is silent"
    assert mail["Auto-Submitted"] == "auto-generated"
    text = mail.get_content()
    assert "east is silent" in text
    assert "detente alarms ack west 0123456789ab" in text
    assert PASSWORD not in mail.as_string()
    assert socket.gethostname() not in mail.as_string()


def test_mail_goes_over_tls_from_the_first_byte(home: Path) -> None:
    files = tls_files(home)
    with mail_server(files, login=False, tls_at_once=True) as server:
        Mail(smtp(server.port, files[0], tls=True, user="", password_file=""), ("a@b.c",), home).send(MESSAGE)
    assert len(server.mails) == 1  # it speaks nothing else


def test_mail_in_the_clear_only_where_the_settings_say_so(home: Path) -> None:
    plain = {"user": "", "password_file": ""}
    with mail_server(None, login=False) as server:
        with pytest.raises(ChannelFailure, match="STARTTLS"):
            Mail(smtp(server.port, None, **plain), ("a@b.c",), home).send(MESSAGE)
        assert server.mails == []
        Mail(smtp(server.port, None, starttls=False, **plain), ("a@b.c",), home).send(MESSAGE)
        assert len(server.mails) == 1


def test_every_failure_of_mail_is_told_in_words(home: Path) -> None:
    files, other = tls_files(home), tls_files(home, "other")
    with mail_server(files) as server:
        (home / "wrong.password").write_text("wrong")
        with pytest.raises(ChannelFailure, match="it refused them"):
            Mail(smtp(server.port, files[0], password_file="wrong.password"), ("a@b.c",), home).send(  # noqa: S106 - the name of a file
                MESSAGE
            )
        with pytest.raises(ChannelFailure, match="a certificate that holds"):
            Mail(smtp(server.port, other[0]), ("a@b.c",), home).send(MESSAGE)
        with pytest.raises(ChannelFailure, match="a certificate that holds"):
            Mail(smtp(server.port, None), ("a@b.c",), home).send(MESSAGE)
        with pytest.raises(ChannelFailure, match="a file with a secret"):
            Mail(smtp(server.port, files[0], password_file="none"), ("a@b.c",), home).send(MESSAGE)  # noqa: S106 - the name of a file
        (home / "empty").write_text("\n")
        with pytest.raises(ChannelFailure, match="an empty file"):
            Mail(smtp(server.port, files[0], password_file="empty"), ("a@b.c",), home).send(MESSAGE)  # noqa: S106 - the name of a file
        server.refuse = {"gone@b.c"}
        with pytest.raises(ChannelFailure, match=r"refused for gone@b\.c"):
            Mail(smtp(server.port, files[0]), ("a@b.c", "gone@b.c"), home).send(MESSAGE)
        with pytest.raises(ChannelFailure, match=r"refused for gone@b\.c"):
            Mail(smtp(server.port, files[0]), ("gone@b.c",), home).send(MESSAGE)
        assert server.recipients == [["a@b.c"]]
    with pytest.raises(ChannelFailure, match="nobody listens there"):
        Mail(smtp(free_port(), files[0]), ("a@b.c",), home).send(MESSAGE)


def test_a_post_is_signed_and_its_link_is_never_shown(home: Path) -> None:
    files = tls_files(home)
    with posts(files) as taken:
        hook = Webhook(taken.link, secret_file=home / "hook.secret", authorities_file=files[0])
        hook.send(MESSAGE)
        (document,) = taken.documents()
        assert taken.paths == ["/hook?token=tell-nobody"]
        assert (document["id"], document["priority"], document["person"]) == ("0123456789ab", "alarm", "Officer")
        assert document["sentence"] == "east is silent"
        at_s, signed = taken.headers[0][SIGNATURE_HEADER].removeprefix("t=").split(",sha256=")
        proven = hmac.new(
            b"a-secret-of-the-hook", at_s.encode() + b"." + taken.bodies[0], hashlib.sha256
        ).hexdigest()
        assert hmac.compare_digest(signed, proven)
        taken.status = 500
        with pytest.raises(ChannelFailure, match="the answer 500") as failed:
            hook.send(MESSAGE)
        assert "tell-nobody" not in str(failed.value)
        with pytest.raises(ChannelFailure, match="a certificate that holds") as failed:
            Webhook(taken.link, authorities_file=tls_files(home, "other")[0]).send(MESSAGE)
        assert "tell-nobody" not in str(failed.value)
        with pytest.raises(ChannelFailure, match="a file with a secret"):
            Webhook(taken.link, secret_file=home / "none", authorities_file=files[0]).send(MESSAGE)
        with pytest.raises(ChannelFailure):
            Webhook(taken.link, authorities_file=home / "none").send(MESSAGE)


def test_a_post_follows_no_redirect(home: Path) -> None:
    with posts(None) as taken:

        def away(request: BaseHTTPRequestHandler) -> None:
            request.send_response(307)
            request.send_header("Location", taken.link.replace("/hook", "/elsewhere"))
            request.send_header("Content-Length", "0")
            request.end_headers()

        taken.answer = away
        with pytest.raises(ChannelFailure, match="the answer 307"):
            Webhook(taken.link).send(MESSAGE)
        assert taken.paths == ["/hook?token=tell-nobody"]


def test_a_receiver_that_answers_forever_or_never_ends_the_try(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(channels, "_STEP_S", 0.5)
    monkeypatch.setattr(channels, "_WHOLE_S", 1.0)
    with posts(None) as taken:
        ends = threading.Event()

        def drips(request: BaseHTTPRequestHandler) -> None:
            while not ends.wait(0.1):
                try:
                    request.wfile.write(b"HTTP/1.1 200 OK\r\n"[:1])
                except OSError:
                    return

        taken.answer = drips
        with pytest.raises(ChannelFailure):
            Webhook(taken.link).send(MESSAGE)
        ends.set()
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        pytest.raises(ChannelFailure, match="an answer in time"),
    ):
        Webhook(f"http://127.0.0.1:{silent.getsockname()[1]}/").send(MESSAGE)
    with pytest.raises(ChannelFailure, match="a server that can be reached"):
        Webhook(f"http://127.0.0.1:{free_port()}/").send(MESSAGE)
    with pytest.raises(ChannelFailure, match="a server that can be reached"):
        Webhook("http://no-such-host.invalid/").send(MESSAGE)


def test_nothing_of_a_strangers_text_breaks_out_of_a_message(home: Path) -> None:
    nasty = KeptAlarm("aa", "baltic-1", "line-stopped", "", "alarm", {"reason": "x\r\nBcc: all@b.c\x1b[2J"}, 1, 1)
    message = message_of(nasty, "west", "we\nst")
    assert "\n" not in message.subject
    assert all("\n" not in line and "\x1b" not in line for line in message.lines)
    with mail_server(None, login=False) as server:
        Mail(smtp(server.port, None, starttls=False, user="", password_file=""), ("a@b.c",), home).send(message)
    assert server.mails[0]["Bcc"] is None


def test_the_terminal_gets_the_subject() -> None:
    written: list[str] = []
    Terminal(written.append).send(MESSAGE)
    assert written == ["détente west: ALARM: east is silent"]


def test_ways_are_those_of_the_settings_as_they_are_now(home: Path) -> None:
    def way(channel: str, person: str, settings: Settings) -> str:
        found = channel_of(channel, person, settings, home, write=lambda _: None)
        return type(found).__name__ if found is not None else ""

    nothing = Settings()
    people = (Duty(name="a", mail="a@b.c"), Duty(name="b", webhook="https://b.example/"))
    everything = Settings(
        alarms=AlarmSettings(
            webhook="https://a.example/",
            webhook_secret_file="s",  # noqa: S106 - the name of a file
            webhook_authorities_file="a",
            smtp=smtp(25, None),
        ),
        duty=people,
    )
    assert [way(one, "", nothing) for one in ("terminal", "webhook", "mail")] == ["Terminal", "", ""]
    assert [way(one, "", everything) for one in ("terminal", "webhook", "mail")] == [
        "Terminal",
        "Webhook",
        "Mail",
    ]
    assert [way(one, "a", everything) for one in ("webhook", "mail")] == ["", "Mail"]
    assert [way(one, "b", everything) for one in ("webhook", "mail")] == ["Webhook", ""]
    assert way("mail", "gone", everything) == ""


def test_a_message_shows_a_notices_text_only_when_it_was_given() -> None:
    detail = {"precedence": "flash", "ref": "east/1", "entry": "x"}
    kept = KeptAlarm("aa", "training-baltic-1", "unread", "east", "alarm", detail, 1, 1, text="we sail")
    shown = message_of(kept, "west", "west")
    assert "we sail" in shown.lines
    assert shown.document["text"] == "we sail"
    assert shown.document["training"]
    assert shown.lines[0].startswith("TRAINING")
    assert "text" not in MESSAGE.document


@pytest.mark.parametrize(
    ("failure", "said"),
    [
        (ConnectionRefusedError(111, "x"), "nobody listens there"),
        (ConnectionResetError(104, "x"), "it hung up"),
        (smtplib.SMTPServerDisconnected("x"), "it hung up"),
        (http.client.RemoteDisconnected("x"), "it hung up"),
        (socket.gaierror(-2, "x"), "no address is known for its name"),
        (ssl.SSLError(1, "x"), "another protocol"),
        (OSError(113, "No route to host"), "No route to host"),
        (ValueError("x"), "ValueError"),
        (http.client.BadStatusLine("x"), "BadStatusLine"),
    ],
)
def test_each_way_of_not_being_reached_has_its_words(failure: Exception, said: str) -> None:
    expected, came = channels._unreached(failure)
    assert came == said
    assert expected
