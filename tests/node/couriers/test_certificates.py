"""Certificates: made, shown, checked; and every wrong one refused over a real connection, with words that say why."""

from __future__ import annotations

import asyncio
import socket
import ssl
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from detente.node.couriers import https_client
from detente.node.couriers.certificates import check_own, make, now_utc, read_certificates, write_new
from detente.node.couriers.errors import CertificateMistake
from detente.node.couriers.peers import find_peers
from detente.node.couriers.tls import tls_fault
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
    settings_of,
    until,
)
from tests.stories.shell import Shell


def replace(path: Path, name: str, *, days: int = 300, ago_days: int = 0) -> str:
    """Give a home another certificate under a name; returns its PEM text."""
    private, certificate = make(name, algorithm="p256", days=days, now=now_utc() - timedelta(days=ago_days))
    write_new(path / "keys" / "courier.pem", path / "certificates" / f"{name}.pem", private, certificate)
    return certificate.pem()


# ---- files --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("algorithm", ["ed25519", "p256"])
def test_a_new_certificate_is_good_and_its_key_is_private(tmp_path: Path, algorithm: str) -> None:
    private, certificate = make("west", algorithm=algorithm, days=30, now=now_utc())
    own = tmp_path / "keys" / "courier.pem"
    write_new(own, tmp_path / "west.pem", private, certificate)
    assert own.stat().st_mode & 0o777 == 0o600
    assert check_own(own, now_utc()) == certificate
    assert read_certificates(tmp_path / "west.pem") == (certificate,)
    assert b"PRIVATE" not in (tmp_path / "west.pem").read_bytes()
    assert certificate.algorithm == algorithm
    assert len(certificate.fingerprint().split()) == 9
    with pytest.raises(CertificateMistake, match="expired on"):
        check_own(own, now_utc() + timedelta(days=31))
    with pytest.raises(CertificateMistake, match="not valid before"):
        check_own(own, now_utc() - timedelta(days=1))
    own.chmod(0o640)
    with pytest.raises(CertificateMistake, match="others can read"):
        check_own(own, now_utc())


def test_files_that_are_no_certificate_are_named(tmp_path: Path) -> None:
    path = tmp_path / "east.pem"
    for content, why in (
        (b"", "no certificate"),
        (b"\xff" * 50, "no certificate"),
        (b"x" * 200_000, "more than"),
    ):
        path.write_bytes(content)
        with pytest.raises(CertificateMistake, match=why):
            read_certificates(path)
    with pytest.raises(CertificateMistake, match="no such file"):
        read_certificates(tmp_path / "none.pem")
    private, certificate = make("west", algorithm="p256", days=30, now=now_utc())
    path.write_text(certificate.pem())
    with pytest.raises(CertificateMistake, match="no private key"):
        check_own(path, now_utc())
    other, _ = make("west", algorithm="p256", days=30, now=now_utc())
    path.write_bytes(other + certificate.pem().encode())
    with pytest.raises(CertificateMistake, match="not the certificate's"):
        check_own(path, now_utc())
    path.write_text(certificate.pem() * 9)
    with pytest.raises(CertificateMistake, match="more than 8"):
        read_certificates(path)
    assert private


def test_a_certificate_of_an_authority_or_with_an_rsa_key_is_refused(tmp_path: Path) -> None:
    key = rsa.generate_private_key(65537, 2048)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "east")])
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "authority")])
    for by, why in ((subject, "another kind"), (issuer, "its own key")):
        built = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(by)
            .public_key(key.public_key())
            .serial_number(7)
            .not_valid_before(now_utc())
            .not_valid_after(now_utc() + timedelta(days=9))
            .sign(key, hashes.SHA256())
        )
        path = tmp_path / "east.pem"
        path.write_bytes(built.public_bytes(serialization.Encoding.PEM))
        with pytest.raises(CertificateMistake, match=why):
            read_certificates(path)


def test_the_check_names_file_and_peer(tmp_path: Path) -> None:
    certified(tmp_path, "west", "east", "north")
    text = (
        https("baltic", "east", 1)
        + https("baltic", "north", 1)
        + https("baltic", "south", 1)
        + https("azov", "east", 1)
    )
    settings = settings_of(text)
    home = tmp_path / "west"
    parties = {"baltic-1": ("east", "north", "south"), "azov-2": ("north",)}
    found = find_peers(settings, home, "west", parties, now_utc())
    assert {(one.party, one.line) for one in found.findings} == {("south", "baltic-1"), ("east", "azov-2")}
    assert "no such file" in next(one.what for one in found.findings if one.party == "south")
    assert "another line's" in next(one.what for one in found.findings if one.line == "azov-2")
    assert found.name_of(found.of["baltic-1", "north"][0].sha256) == "north"

    (home / "certificates" / "east.pem").write_text((home / "certificates" / "north.pem").read_text())
    found = find_peers(settings, home, "west", parties, now_utc())
    told = {one.party: one.what for one in found.findings if one.line == "baltic-1"}
    assert "certificate of north in the place of east" in told["east"]
    (home / "certificates" / "north.pem").write_text((home / "certificates" / "west.pem").read_text())
    found = find_peers(settings, home, "west", parties, now_utc())
    assert any("own certificate" in one.what for one in found.findings)
    late = find_peers(settings, home, "west", parties, now_utc() + timedelta(days=280))
    assert any(one.warns and "expires in" in one.what for one in late.findings)
    assert find_peers(settings, home, "east", parties, now_utc()).findings[0].party == ""


def test_auditors_are_named_files_and_nothing_else(tmp_path: Path) -> None:
    made = certified(tmp_path, "west", "east", "north", "auditor")
    home, later = tmp_path / "west", now_utc() + timedelta(days=280)
    text = https("baltic", "east", 1) + https("azov", "north", 1)
    named = ["certificates/auditor.pem", "certificates/missing.pem"]
    parties = {"baltic-1": ("east",)}  # azov is named in the settings, but not joined yet
    found = find_peers(settings_of(text + f"[readers]\nauditors = {named}\n"), home, "west", parties, now_utc())
    assert list(found.auditors) == [made["auditor"].sha256]
    assert found.is_auditor(made["auditor"].sha256)
    assert not found.lines_of(made["auditor"].sha256)
    assert {one.sha256 for one in found.anchors()} == {made["auditor"].sha256, made["east"].sha256}
    assert [(one.what[:13], one.party, one.warns) for one in found.findings] == [("an auditor's:", "", False)]
    assert "missing.pem" in found.findings[0].file

    for slip in ("west", "east", "north"):
        settings = settings_of(text + f"[readers]\nauditors = ['certificates/{slip}.pem']\n")
        found = find_peers(settings, home, "west", parties, now_utc())
        assert not found.auditors
        assert "or a peer's" in found.findings[0].what
        assert found.lines_of(made["east"].sha256) == {"baltic-1": "east"}

    settings = settings_of("[readers]\nauditors = ['certificates/auditor.pem']\n")
    soon = find_peers(settings, home, "west", {}, later)
    assert soon.is_auditor(made["auditor"].sha256)
    assert any(one.warns and "an auditor's: expires in" in one.what for one in soon.findings)
    gone = find_peers(settings, home, "west", {}, later + timedelta(days=90))
    assert not gone.auditors
    assert any("an auditor's: expired" in one.what for one in gone.findings)


# ---- the verb -----------------------------------------------------------------------------------------------


def test_keepers_make_show_and_check_certificates(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    shell = Shell(tmp_path, capsys, monkeypatch)
    rings = [found_member(tmp_path, name) for name in ("west", "east")]
    joined(tmp_path, rings)
    made = shell.json("cert new west --days 100")
    assert made["name"] == "west"
    shell.run("cert new west", code=2)
    assert "--replace" in shell.err
    shell.run("cert new west --days 0", code=2)
    shell.run("cert new west --replace --algorithm p256")
    shown = shell.json("cert show west")
    assert shown["certificates"][0]["algorithm"] == "p256"
    assert shown["certificates"][0]["fingerprint"] in shell.run("cert show west")
    assert "no peer" in (shell.run("cert check west"), shell.err)[1]
    (tmp_path / "west" / "settings.toml").write_text(https("baltic", "east", 8442))
    assert "FAILS: east on line baltic" in shell.run("cert check west", code=1)
    shell.run("cert new east")
    handed = (tmp_path / "east" / "certificates" / "east.pem").read_text()
    (tmp_path / "west" / "certificates" / "east.pem").write_text(handed)
    assert "good: east on line baltic" in shell.run("cert check west")
    assert shell.json("cert check west")["good"] is True
    shell.run("cert show west certificates/east.pem")
    auditors = f"[readers]\nauditors = ['{tmp_path}/auditor/certificates/auditor.pem']\n"
    certified(tmp_path, "auditor")
    (tmp_path / "west" / "settings.toml").write_text(https("baltic", "east", 8442) + auditors)
    assert "good: auditor auditor, until" in shell.run("cert check west")
    assert [one["name"] for one in shell.json("cert check west")["auditors"]] == ["auditor"]
    (tmp_path / "west" / "settings.toml").write_text("[nod]\n[courier]\nlisten=1\n")
    shell.run("settings west", code=2)
    assert "settings.toml:1: nod" in shell.err
    assert "settings.toml:3: courier.listen" in shell.err
    (tmp_path / "west" / "settings.toml").write_text("[line.azov]\ntest_every_s = 7\n")
    assert "test_every_s" in shell.run("settings west")
    assert "joined no such line" in shell.err
    assert shell.json("settings west")["settings"]["line"]["azov"]["test_every_s"] == 7
    assert "[courier]" in shell.run("settings")
    assert shell.json("settings")["node"]["log_level"] == "info"


def test_a_new_certificate_is_used_without_a_restart(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    from detente.node.couriers import schedule

    monkeypatch.setattr(schedule, "_LOOK_S", 0.1)

    async def story() -> None:
        async with proxied(pair.ports["east"]) as proxy:
            text = quick() + https("baltic", "east", proxy.listens)
            async with (
                running(pair.path("east"), waiting(pair)) as east,
                running(pair.path("west"), text) as west,
            ):
                await until(lambda: west.courier("east").bytes_out > 0)
                renewed = replace(pair.path("west"), "west")
                (pair.path("east") / "certificates" / "west.pem").write_text(renewed)
                await west.lines.submit(pair.line, draft())
                await proxy.cut()

                async def taken() -> bool:
                    return bool(await west.lines.delivered(pair.line, "east") == 1)

                await until(taken)
                assert not east.states.certificates

    asyncio.run(story())


# ---- over a real connection ---------------------------------------------------------------------------------


def hidden(pair: Pair) -> str:
    return quick("handshake_s_max = 2\nanswer_s_max = 2") + https("baltic", "east", pair.ports["east"])


def waiting(pair: Pair) -> str:
    return listen(pair.ports["east"]) + https("baltic", "west", None)


async def fails(west: Node, *words_: str) -> None:
    def told() -> bool:
        one = west.courier("east")
        return one.state == "failing" and any(word in one.last_error for word in words_)

    try:
        await until(told)
    except TimeoutError:
        pytest.fail(f"{west.states.document()}")


def test_a_certificate_that_the_other_side_does_not_know_is_refused(pair: Pair) -> None:
    replace(pair.path("west"), "west")

    async def story() -> None:
        async with (
            running(pair.path("east"), waiting(pair)) as east,
            running(pair.path("west"), hidden(pair)) as west,
        ):
            await fails(west, "does not know our certificate", "refuses our certificate")
            await until(lambda: east.states.refused_connections)
            assert await east.lines.held(pair.line, "west") == 0

    asyncio.run(story())


def test_an_expired_certificate_is_refused_on_both_sides(pair: Pair) -> None:
    pem = replace(pair.path("west"), "west", days=100, ago_days=200)
    (pair.path("east") / "certificates" / "west.pem").write_text(pem)

    async def story() -> None:
        async with (
            running(pair.path("east"), waiting(pair)) as east,
            running(pair.path("west"), hidden(pair)) as west,
        ):
            await fails(west, "refuses", "does not know", "expired")
            assert any("expired on" in one.what for one in west.states.certificates)
            assert any("expired on" in one.what for one in east.states.certificates)
            assert "no certificate of this party" in east.courier("west").last_error

    asyncio.run(story())


def test_a_certificate_that_expires_meanwhile_is_refused_by_tls(pair: Pair) -> None:
    """The server's peers were read while it was valid: TLS itself looks at the time, too."""
    from detente.node.couriers.tls import server_context

    pem = replace(pair.path("west"), "west", days=100, ago_days=200)
    (pair.path("east") / "certificates" / "west.pem").write_text(pem)
    anchors = read_certificates(pair.path("east") / "certificates" / "west.pem")
    context = server_context(pair.path("east") / "keys" / "courier.pem", anchors)
    assert "expired" in shaken(pair, context)


def shaken(pair: Pair, context: ssl.SSLContext) -> str:
    """Let west call a bare TLS server with this context; returns what the server's side says."""
    from detente.node.couriers.tls import client_context

    east = read_certificates(pair.path("west") / "certificates" / "east.pem")
    client = client_context(pair.path("west") / "keys" / "courier.pem", east)
    ours, theirs = socket.socketpair()

    async def both() -> str:
        async def call() -> None:
            try:
                _, writer = await asyncio.open_connection(sock=ours, ssl=client, server_hostname="")
                writer.close()
            except (OSError, ssl.SSLError):
                return

        calling = asyncio.ensure_future(call())
        loop = asyncio.get_running_loop()
        try:
            await loop.connect_accepted_socket(asyncio.Protocol, theirs, ssl=context, ssl_handshake_timeout=5)
        except (OSError, ssl.SSLError) as fault:
            return tls_fault(fault, "").came
        finally:
            await calling
        return "let in"

    return asyncio.run(both())


def test_a_swapped_certificate_is_refused_and_named(tmp_path: Path) -> None:
    """East's port answers with north's certificate: west refuses, and says whose it is."""
    rings = {name: found_member(tmp_path, name) for name in ("west", "east", "north")}
    for name in ("east", "north"):
        joined(tmp_path, [rings["west"], rings[name]], f"with-{name}")
    certified(tmp_path, "west", "east", "north")
    port = free_port()

    async def story() -> None:
        text = quick() + https("with-east", "east", port) + https("with-north", "north", free_port())
        north_text = listen(port) + https("with-north", "west", None)
        async with running(tmp_path / "north", north_text), running(tmp_path / "west", text) as west:
            await fails(west, "the certificate of north answers there, not that of east")

    asyncio.run(story())


def test_dns_that_lies_leads_nowhere(pair: Pair, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The name of east resolves to a stranger's server, which shows a certificate of its own in east's name."""
    liar = tmp_path / "liar"
    replace(liar, "east")
    port = free_port()
    seen: list[bytes] = []

    async def stranger(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            seen.append(await reader.read(10_000))
        except OSError:
            pass
        finally:
            writer.close()

    monkeypatch.setattr(https_client, "host_and_port", lambda _: ("127.0.0.1", port))

    async def story() -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(liar / "keys" / "courier.pem")
        server = await asyncio.start_server(stranger, "127.0.0.1", port, ssl=context)
        text = quick() + https("baltic", "east", 1).replace("127.0.0.1:1", "east.example:8442")
        async with running(pair.path("west"), text) as west:
            await west.lines.submit(pair.line, draft())
            await fails(west, "not the one agreed")
            assert "east.example:8442" in west.courier("east").last_error
        server.close()
        assert not any(seen)

    asyncio.run(story())


def test_no_route_and_no_name_are_said(pair: Pair) -> None:
    async def story(address: str, *words_: str) -> None:
        text = quick("handshake_s_max = 2") + https("baltic", "east", 1).replace("127.0.0.1:1", address)
        async with running(pair.path("west"), text) as west:
            await fails(west, *words_)

    asyncio.run(
        story(
            "no-such-host.invalid:8442",
            "ame or service",
            "ame resolution",
            "no answer in time",
            "not the one agreed",
        )
    )
    asyncio.run(story("127.0.0.1:1", "nothing listens there"))
    asyncio.run(story("255.255.255.255:8442", "nreachable", "ermission denied"))


def test_older_tls_and_no_certificate_are_refused(pair: Pair) -> None:
    async def story() -> None:
        async with running(pair.path("east"), waiting(pair)) as east:
            await until(lambda: east.states.port)
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            context.maximum_version = ssl.TLSVersion.TLSv1_2
            with pytest.raises((ssl.SSLError, OSError)):
                await asyncio.open_connection("127.0.0.1", pair.ports["east"], ssl=context, server_hostname="")
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            reader, writer = await asyncio.open_connection(
                "127.0.0.1", pair.ports["east"], ssl=context, server_hostname=""
            )
            writer.write(b"GET /v1/baltic HTTP/1.1\r\nHost: x\r\n\r\n")
            with pytest.raises(ssl.SSLError, match=r"(?i)certificate.required"):
                await reader.read()
            writer.close()
            await until(lambda: sum(east.states.refused_connections.values()) == 2)
            assert set(east.states.refused_connections) <= {
                "the other side shows no certificate",
                "the other side does not speak TLS 1.3",
            }

    asyncio.run(story())


def test_a_port_that_is_taken_is_said_and_tried_again(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    from detente.node.couriers import schedule

    monkeypatch.setattr(schedule, "_PORT_S", 0.1)

    async def story() -> None:
        with socket.create_server(("127.0.0.1", pair.ports["east"])):
            async with running(pair.path("east"), waiting(pair)) as east:
                await until(lambda: "in use" in east.states.port_error)
        async with running(pair.path("east"), waiting(pair)) as east:
            await until(lambda: east.states.port and not east.states.port_error)

    asyncio.run(story())


def test_a_peer_with_another_lines_card_is_told_apart(tmp_path: Path) -> None:
    """East was founded anew: its certificate is right, its card is not the one that west's line has."""
    pair = make_pair(tmp_path)
    other = tmp_path / "other"
    other.mkdir()
    ring = found_member(other, "east")
    west_ring = found_member(other, "west")
    joined(other, [west_ring, ring])
    for part in ("keys/courier.pem", "certificates/west.pem"):
        target = other / "east" / part
        target.parent.mkdir(exist_ok=True)
        target.write_bytes((pair.path("east") / part).read_bytes())
        target.chmod(0o600)

    async def story() -> None:
        east_text = listen(pair.ports["east"]) + https("baltic", "west", None)
        async with running(other / "east", east_text) as east:
            assert east.lines.line_ids() != [pair.line]
            async with running(pair.path("west"), hidden(pair)) as west:
                await fails(west, "no party of this line there")

    asyncio.run(story())
    # the same line's name on both sides, and a card that the other side's line does not have
    from detente.node.couriers.carrying import Taken

    taken = Taken(line="baltic", author="east", refused=[("BadSignature", "x")], complete=True)
    taken.reasons["BadSignature"] += 1
    assert "another line's card?" in taken.sentence()
