"""A node that goes away and comes back, and how often it is asked while it is there."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from detente.node.desk_door.record_questions import LinesAsked
from tests.desk.asker import Asker
from tests.desk.desks import RunningDesk
from tests.desk.door import LINE, row
from tests.desk.streams import listening
from tests.node.serving.served import until


def test_a_hundred_readers_ask_the_node_once_for_each_change(desk: RunningDesk, ask: Asker) -> None:
    until(lambda: desk.room.node.answers, "news")
    assert ask.get("entries").status == 200
    before = desk.door.asked["entries"]
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda _: ask.get("entries").status, range(100))) == {200}
    assert desk.door.asked["entries"] == before
    desk.door.entries.insert(0, row("west/77"))
    desk.do(lambda: desk.door.tell("entries"))
    until(lambda: ask.get("entries").json["rows"][0]["ref"] == "west/77", "the new entry")
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda _: ask.get("entries").status, range(100))) == {200}
    assert desk.door.asked["entries"] - before <= 3


def test_many_who_ask_at_once_share_one_question(desk: RunningDesk, ask: Asker) -> None:
    until(lambda: desk.room.node.answers, "news")
    with ThreadPoolExecutor(16) as pool:
        assert set(pool.map(lambda _: ask.get("incidents").status, range(32))) == {200}
    assert desk.door.asked["incidents"] == 1


def test_whoever_changed_something_reads_it_so_at_once(desk: RunningDesk, ask: Asker) -> None:
    until(lambda: desk.room.node.answers, "news")
    for number in range(5):  # this door tells no news of drafts at all
        assert len(ask.get("drafts").json["drafts"]) == 0
        kept = ask.post("drafts", {"line": LINE, "notice": {"number": number}}).json["submission"]
        assert len(ask.get("drafts").json["drafts"]) == 1
        ask("DELETE", f"drafts/{kept}")


def test_who_somebody_is_is_known_at_once_when_it_changes(desk: RunningDesk, ask: Asker) -> None:
    from tests.desk.desks import PEOPLE

    until(lambda: desk.room.node.answers, "news")
    assert ask.get("lines", role="viewer").status == 200
    desk.door.people.pop(PEOPLE["viewer"].id)
    desk.do(lambda: desk.door.tell("people"))
    until(lambda: ask.get("lines", role="viewer").status == 404, "nobody of that name any more")


def test_nothing_that_was_kept_is_given_out_while_the_node_is_away(desk: RunningDesk, ask: Asker) -> None:
    until(lambda: desk.room.node.answers, "news")
    assert ask.get("entries").status == 200
    assert ask.get("/health").json["ok"] is True
    with listening(desk) as events:
        events.next("picture")
        desk.do(desk.door.close)
        until(lambda: ask.get("entries").status == 503, "it is said that the node does not answer")
        answer = ask.get("lines")
        assert (answer.status, answer.kind) == (503, "no-answer")
        assert ask.get("/health").status == 503
        assert ask.get("/health").json == {
            "ok": False,
            "member": "",
            "version": ask.get("/health").json["version"],
            "waits": False,
            "lines": {},
            "held_s": 0,
        }
        assert ask.get("/", role="").status == 503
        assert ask.post("alarms/silence").status == 503  # nobody knows who this is
        until(lambda: events.next("clock")[1]["node_answers"] is False, "stations are told")
        desk.do(desk.door.open)
        until(lambda: ask.get("entries").status == 200, "it answers again")
        until(lambda: desk.room.node.answers, "news")
        until(lambda: events.next("clock")[1]["node_answers"] is True, "stations are told")
    assert ask.get("/health").json["ok"] is True


def test_a_node_that_was_started_anew_is_asked_anew(desk: RunningDesk, ask: Asker) -> None:
    until(lambda: desk.room.node.answers, "news")
    assert ask.get("entries").json["rows"][0]["ref"] == "west/0"
    desk.do(desk.door.close)
    desk.door.entries.insert(0, row("west/99"))
    desk.do(desk.door.open)
    until(
        lambda: (answer := ask.get("entries")).status == 200 and answer.json["rows"][0]["ref"] == "west/99", "new"
    )


def test_the_page_says_what_runs(desk: RunningDesk, ask: Asker) -> None:
    text = ask.get("/", role="", headers={"Accept": "*/*"})
    assert text.headers["content-type"] == "text/plain; charset=utf-8"
    assert "the node of west answers" in text.octets.decode()
    page = ask.get("/", role="", headers={"Accept": "text/html"})
    assert page.octets.startswith(b"<!doctype html>")
    held = desk.door._lines(LinesAsked())
    desk.door.special[LinesAsked] = lambda _: type(held)(
        **{name: getattr(held, name) for name in held.__struct_fields__} | {"held_s": 40}
    )
    desk.do(lambda: desk.door.tell("lines"))
    until(lambda: ask.get("/health").status == 503, "held")
    assert ask.get("/health").json["held_s"] == 40
    assert "has not answered for 40 seconds" in ask.get("/", role="").octets.decode()


def test_built_files_are_served_and_nothing_beside_them(desk: RunningDesk, ask: Asker) -> None:
    (desk.static / "assets").mkdir(parents=True)
    (desk.static / "index.html").write_text("<!doctype html><title>desk</title>")
    (desk.static / "assets" / "main-0a1b2c3d.js").write_text("1")
    (desk.static / ".hidden").write_text("no")
    (desk.static.parent / "secret").write_text("no")
    (desk.static / "linked").symlink_to(desk.static.parent / "secret")
    html: dict[str, str | None] = {"Accept": "text/html"}
    assert b"<title>desk</title>" in ask.get("/", headers=html).octets
    assert ask.get("/", headers=html).headers["cache-control"] == "no-cache"
    assert b"<title>desk</title>" in ask.get("/notices/new", headers=html).octets
    script = ask.get("/assets/main-0a1b2c3d.js")
    assert script.headers["content-type"].startswith("text/javascript")
    assert "immutable" in script.headers["cache-control"]
    for path in (
        "/.hidden",
        "/linked",
        "/../secret",
        "/%2e%2e/secret",
        "/assets/..%2f..%2fsecret",
        "/assets",
        "/x.js",
        "//etc/passwd",
        "/a\\b",
    ):
        answer = ask.get(path)
        assert answer.status == 404, path
        assert b"no</" not in answer.octets
    assert ask.post("/index.html").status == 405
    assert ask.get("/api/v1/nonsense", headers=html).status == 404
