"""What a request must pass, and what every answer carries."""

from __future__ import annotations

import http.client
import json
import socket
from typing import Any

import pytest

from detente.desk.describing import describe
from detente.desk.guarding import CSP
from detente.desk.operations import Operation
from detente.desk.rights import RIGHT_OF, RIGHTS
from detente.desk.routes import OPERATIONS
from detente.node.desk_door.people_questions import ROLES
from tests.desk.asker import Answer, Asker
from tests.desk.desks import TOKEN, RunningDesk
from tests.desk.door import LINE

PLACES = {"line": LINE, "ref": "west%2F0", "index": "0", "id": "x", "submission": "0" * 32, "name": "x"}
QUERIES = {
    "areas": "from_ms=0&until_ms=1", "timeline": "from_ms=0&until_ms=1", "handover": "from_ms=0&until_ms=1",
    "replay": "from_ms=0&until_ms=1", "trails": "ids=a", "export_areas_geojson": "from_ms=0&until_ms=1",
    "export_areas_kml": "from_ms=0&until_ms=1", "export_picture_cot": "from_ms=0&until_ms=1",
}  # fmt: skip
BODIES: dict[str, Any] = {
    "check": {"line": LINE, "notice": {}},
    "draft_keep": {"line": LINE, "notice": {"kind": "exercise"}},
    "release_finish": {
        "credential": {"id": "AA", "response": {"authenticatorData": "", "clientDataJSON": "", "signature": ""}}
    },
    "person_add": {"name": "n", "roles": ["viewer"]},
    "person_change": {"name": "n", "roles": ["viewer"]},
    "token_add": {"name": "n"},
    "overlay_put": {"type": "FeatureCollection", "features": []},
    "watch_positions": {"movers": []},
    "watch_encounters": {"encounters": []},
    "watch_feeds": {"feeds": []},
    "watch_drafts": {"line": LINE, "notice": {"kind": "exercise"}},
    "sign_in_finish": {"credential": {"id": "good"}},
    "enrol_begin": {"code": "c"},
    "enrol_finish": {"code": "c", "credential": {"id": "good"}},
}  # fmt: skip


def asked(ask: Asker, operation: Operation, **more: Any) -> Answer:
    """Ask an operation in a way that it takes."""
    path = operation.path
    for name, value in PLACES.items():
        path = path.replace(f"{{{name}}}", value)
    if operation.name in QUERIES:
        path += f"?{QUERIES[operation.name]}"
    body = BODIES.get(operation.name, {})
    return ask(operation.method, path, body, **more)


def by_token() -> dict[str, str | None]:
    return {"Authorization": f"Bearer {TOKEN}", "Sec-Fetch-Site": None}


def test_every_role_may_ask_what_the_table_says_and_nothing_else(ask: Asker) -> None:
    """The whole matrix: who is not signed in, signed in without a role, each role, and a machine's token."""
    for operation in OPERATIONS:
        if operation.name == "events":
            continue  # its stream is asked in test_events
        right = operation.right
        for role in ("", "nobody's", *ROLES):
            status = asked(ask, operation, role=role).status
            if right == "anyone":
                assert status not in {401, 403}, (operation.name, role, status)
            elif not role or right == "watch":
                assert status == 401, (operation.name, role, status)
            elif right == "signed-in" or role in RIGHTS[right]:
                # a release needs a passkey of an officer as well
                allowed = {200, 302, 404} | ({403} if operation.name == "release_finish" else set())
                assert status in allowed, (operation.name, role, status)
            else:
                assert status == 403, (operation.name, role, status)
        status = asked(ask, operation, role="", headers=by_token()).status
        assert (status == 200) == (right == "watch" or (right == "anyone" and status == 200)), operation.name
        if right not in {"watch", "anyone"}:
            assert status == 401 or (operation.method != "GET" and status == 403), (operation.name, status)


def test_no_route_is_without_a_right_and_no_right_without_a_route() -> None:
    assert {one.name for one in OPERATIONS} == set(RIGHT_OF)
    assert {one.right for one in OPERATIONS} == set(RIGHTS)
    with pytest.raises(KeyError):
        Operation("GET", "/x", OPERATIONS[0].handler, name="nobody_thought_of_it")


SITES: list[tuple[dict[str, str | None], int]] = [
    ({"Sec-Fetch-Site": "same-origin"}, 200),
    ({"Sec-Fetch-Site": "same-site"}, 403),
    ({"Sec-Fetch-Site": "cross-site"}, 403),
    ({"Sec-Fetch-Site": "none"}, 403),
    ({"Sec-Fetch-Site": ""}, 403),
    (
        {"Sec-Fetch-Site": "same-origin", "Origin": "https://evil.example"},
        200,
    ),  # the browser's word is the better one
    ({"Sec-Fetch-Site": None}, 403),
    ({"Sec-Fetch-Site": None, "Origin": "null"}, 403),
    ({"Sec-Fetch-Site": None, "Origin": "https://evil.example"}, 403),
    ({"Sec-Fetch-Site": None, "Origin": "http://localhost"}, 403),
    ({"Sec-Fetch-Site": None, "Origin": "https://localhost:{port}"}, 403),
    ({"Sec-Fetch-Site": None, "Origin": "http://localhost:{port}"}, 200),
]


@pytest.mark.parametrize("path", ["alarms/silence", "sign-out", "sign-in/begin"])
def test_what_changes_something_comes_from_the_desks_own_page(desk: RunningDesk, ask: Asker, path: str) -> None:
    for headers, status in SITES:
        given = {name: one and one.format(port=desk.port) for name, one in headers.items()}
        answer = ask.post(path, headers=given)
        assert answer.status == status, headers
        if status == 403:
            assert answer.kind == "cross-site"


def test_another_sites_page_reads_nothing_and_a_tokens_request_is_no_browsers(ask: Asker) -> None:
    assert ask.get("lines", headers={"Sec-Fetch-Site": "cross-site"}).status == 403
    assert ask.get("lines", headers={"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}).status == 200
    token = by_token()
    assert ask.post("watch/feeds", {"feeds": []}, role="", headers=token).status == 200
    assert (
        ask.post("watch/feeds", {"feeds": []}, role="", headers={**token, "Sec-Fetch-Site": "cross-site"}).status
        == 403
    )
    assert (
        ask.post(
            "watch/feeds", {"feeds": []}, role="", headers={**token, "Origin": "https://evil.example"}
        ).status
        == 403
    )


def test_only_json_changes_something(ask: Asker) -> None:
    for kind in ("application/json", "application/json; charset=utf-8", "APPLICATION/JSON"):
        assert ask.post("alarms/silence", headers={"Content-Type": kind}).status == 200, kind
    for other in (
        "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x",
        "application/json; charset=utf-7", "", None,
    ):  # fmt: skip
        assert ask.post("alarms/silence", headers={"Content-Type": other}).status == 415, other


def test_a_body_over_its_cap_is_refused_and_so_is_one_that_is_none(ask: Asker) -> None:
    assert ask.post("people", octets=b'{"name":"' + b"x" * 64_000 + b'"}').status == 413
    for octets in (
        b"{",
        b"[]",
        b"null",
        b"\xff",
        b'{"a":1}',
        b"[" * 50_000,
        b'{"note": "\\ud800"}',
        b'{"note": 1e999}',
    ):
        answer = ask.post("alarms/silence", octets=octets)
        assert answer.status == 400, octets[:20]
        assert answer.kind == "bad-input"


def test_a_body_that_never_ends_is_cut_off(desk: RunningDesk) -> None:
    connection = http.client.HTTPConnection("localhost", desk.port, timeout=30)
    connection.putrequest("POST", "/api/v1/sign-in/begin")
    for name, value in (
        ("Content-Type", "application/json"),
        ("Sec-Fetch-Site", "same-origin"),
        ("Transfer-Encoding", "chunked"),
    ):
        connection.putheader(name, value)
    connection.endheaders()
    for _ in range(70):
        connection.send(b"3e8\r\n" + b" " * 1_000 + b"\r\n")
    assert connection.getresponse().status == 413
    connection.close()


def test_a_name_that_somebody_points_here_is_not_answered(desk: RunningDesk, ask: Asker) -> None:
    for host in (
        "evil.example",
        f"evil.example:{desk.port}",
        "",
        "localhost.evil.example",
        "localhost@evil.example",
    ):
        assert ask.get("/health", headers={"Host": host}).status == 400, host
    for host in ("localhost", f"127.0.0.1:{desk.port}", "[::1]:5", "LOCALHOST"):
        assert ask.get("/health", headers={"Host": host}).status == 200, host


def test_every_answer_carries_what_guards_it(ask: Asker) -> None:
    assert "unsafe" not in CSP
    assert "default-src 'self'" in CSP
    assert "frame-ancestors 'none'" in CSP
    for path in (
        "/",
        "/health",
        "/openapi.json",
        "/print.css",
        "/nonsense",
        "lines",
        "nonsense",
        "entries?limit=0",
        f"print/{LINE}/west%2F0",
    ):
        answer = ask.get(path)
        headers = answer.headers
        assert headers["content-security-policy"] == CSP, path
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cross-origin-opener-policy"] == "same-origin"
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert headers["cache-control"] in {"no-store", "no-cache"}
        assert "server" not in headers
        assert "strict-transport-security" not in headers  # this one has no TLS
        assert len([name for name, _ in answer.more if name.lower() == "content-security-policy"]) == 1


def test_no_failure_tells_its_inside(desk: RunningDesk, ask: Asker) -> None:
    from detente.node.desk_door.record_questions import LinesAsked, ObligationsAsked
    from detente.node.errors import StillReading
    from detente.store.errors import StoreFailure

    def broken(_: Any) -> Any:
        raise StoreFailure(expected="a disk", came="/secret/place is full", where="/secret/place", remedy="look")

    desk.door.special[ObligationsAsked] = broken
    answer = ask.get("obligations")
    assert (answer.status, answer.kind) == (503, "no-answer")
    assert b"secret" not in answer.octets
    assert answer.headers["retry-after"] == "2"
    still = StillReading(expected="a record", came="3 of 9 notices", remedy="ask again")

    def reading(_: Any) -> Any:
        raise still

    desk.door.special[ObligationsAsked] = reading  # no failure: its words are for people
    answer = ask.get("obligations?line=x")
    assert (answer.status, answer.kind, answer.json["error"]["came"]) == (503, "still-reading", "3 of 9 notices")
    assert answer.headers["retry-after"] == "5"
    desk.door.special[LinesAsked] = lambda _: {"not": "a line"}  # another version's answer
    desk.door.tell("lines")
    assert ask.get("lines").status == 503
    desk.room.picture.whole = None  # type: ignore[assignment, method-assign]  # a fault of our own
    answer = ask.get("picture")
    assert (answer.status, answer.kind) == (500, "failure")
    assert b"NoneType" not in answer.octets
    assert any("desk.failed-request" in one for one in desk.events)


def test_a_connection_that_says_nothing_holds_nobody_up(desk: RunningDesk, ask: Asker) -> None:
    silent = [socket.create_connection(("localhost", desk.port)) for _ in range(50)]
    assert ask.get("/health").status == 200
    for one in silent:
        one.close()


def test_the_description_names_every_route_with_its_refusals(ask: Asker) -> None:
    described = ask.get("/openapi.json", role="").json
    assert described == json.loads(json.dumps(describe(OPERATIONS)))
    assert described["openapi"] == "3.1.0"
    operations = [one for path in described["paths"].values() for one in path.values()]
    assert len(operations) == len(OPERATIONS)
    for one in operations:
        assert one["summary"].endswith("."), one
        assert {"400", "401", "403", "404", "409", "413", "415", "429", "503"} <= set(one["responses"])
