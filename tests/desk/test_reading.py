"""Reading the record through a desk, with a door that speaks real frames."""

from __future__ import annotations

from urllib.parse import quote

from detente.node.desk_door import record_questions as record
from tests.desk.asker import Asker
from tests.desk.desks import RunningDesk
from tests.desk.door import LINE, entry

SPAN = "from_ms=0&until_ms=1000"


def test_every_reading_route_gives_the_document_of_the_node(ask: Asker) -> None:
    for path, key in (
        ("lines", "lines"),
        ("entries", "rows"),
        ("activities", "groups"),
        ("incidents", "groups"),
        ("contacts", "groups"),
        (f"areas?{SPAN}", "areas"),
        ("obligations", "verdicts"),
        (f"timeline?{SPAN}", "items"),
        (f"handover?{SPAN}", "happened"),
        ("forms", "forms"),
        ("drafts", "drafts"),
        ("alarms", "alarms"),
        ("people", "people"),
        ("trail", "acts"),
        ("overlays", "overlays"),
        ("picture", "movers"),
        (f"replay?{SPAN}&step_ms=1000", "frames"),
        ("trails?ids=a", "trails"),
    ):
        answer = ask.get(path)
        assert answer.status == 200, (path, answer.octets)
        assert key in answer.json, path
        assert answer.headers["content-type"] == "application/json"


def test_a_reference_is_one_segment_whatever_it_holds(ask: Asker) -> None:
    found = ask.get(f"entries/{LINE}/{quote('west/3', safe='')}").json
    assert found["row"]["ref"] == "west/3"
    assert ask.get(f"entries/{LINE}/west/3").status == 404
    assert ask.get(f"entries/{LINE}/{quote('west/99', safe='')}").status == 404
    assert ask.get(f"entries/{LINE}/%00").status == 404
    assert ask.get(f"entries/{LINE}/%ff").status == 404


def test_questions_reach_the_node_as_they_were_asked(desk: RunningDesk, ask: Asker) -> None:
    asked = (
        "line=baltic&member=west&kind=exercise&text=Mine%20field&activity=a&before=west/2&from_ms=1&until_ms=2"
    )
    desk.door.special[record.EntriesAsked] = lambda _: record.EntriesDocument(rows=())
    assert ask.get(f"entries?{asked}&with_control=true&has_open_answer=true&limit=7").status == 200
    assert desk.door.questions[-1] == record.EntriesAsked(
        line="baltic", member="west", kind="exercise", text="Mine field", activity="a", before="west/2", from_ms=1,
        until_ms=2, with_control=True, has_open_answer=True, limit=7,
    )  # fmt: skip


def test_a_query_that_breaks_its_description_is_refused_with_its_name(ask: Asker) -> None:
    for query, where in (
        ("limit=0", "limit"), ("limit=201", "limit"), ("limit=x", "limit"), ("limit=1.0", "limit"),
        ("from_ms=-1", "from_ms"), ("from_ms=null", "from_ms"), ("from_ms=9999999999999999", "from_ms"),
        ("with_control=1", "with_control"), ("nonsense=1", "nonsense"), ("line=a&line=b", "line"),
        ("text=%ff%00", "text"),
    ):  # fmt: skip
        answer = ask.get(f"entries?{query}")
        assert (answer.status, answer.kind) == (400, "bad-input"), query
        assert where in answer.octets.decode(), query
    assert ask.get("lines?a=1").status == 400
    assert ask.get("areas?from_ms=5").status == 400
    assert ask.get("areas?from_ms=5&until_ms=4").status == 400
    assert ask.get("timeline?from_ms=0&until_ms=250000000000000").status == 400


def test_what_came_from_the_other_side_is_saved_and_never_shown_by_a_browser(ask: Asker) -> None:
    answer = ask.get(f"entries/{LINE}/west%2F0/content/0")
    assert answer.octets == b"<script>alert(1)</script>"
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"] == 'attachment; filename="west-0-0"'
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert ask.get(f"entries/{LINE}/west%2F0/content/1").status == 404
    assert ask.get(f"entries/{LINE}/west%2F0/content/-1").status == 404


def test_refusals_have_one_shape_and_speak_the_askers_language(ask: Asker) -> None:
    answer = ask.get("entries?limit=0", headers={"Accept-Language": "ru-RU,ru;q=0.9,en;q=0.8"})
    error = answer.json["error"]
    assert set(error) == {"kind", "expected", "came", "where", "remedy", "faults"}
    assert error["remedy"] == "исправьте и отправьте снова"
    assert ask.get("nonsense").kind == "not-found"
    wrong = ask("PUT", "lines", {})
    assert (wrong.status, wrong.headers["allow"]) == (405, "GET")


def test_a_print_page_shows_a_strangers_text_as_text(desk: RunningDesk, ask: Asker) -> None:
    hostile = "<img src=x onerror=alert(1)>\n\u202etxt.exe\u202c \x1b[31m"
    desk.door.full["west/5"] = entry("west/5", hostile, title="=<b>'\u2066x")
    answer = ask.get(f"print/{LINE}/west%2F5?language=en")
    page = answer.octets.decode()
    assert answer.status == 200
    assert "<img" not in page
    assert "<script" not in page
    assert "style=" not in page
    assert "&lt;img src=x onerror=alert(1)&gt;\n\\u202etxt.exe\\u202c \\x1b[31m" in page
    assert "\u202e" not in page
    assert "\u2066" not in page
    assert '<link rel="stylesheet" href="/print.css">' in page
    assert "[ru]" in ask.get(f"print/{LINE}/west%2F5?language=ru").octets.decode()
    assert ask.get(f"print/{LINE}/west%2F5?language=xx").status == 400
    assert ask.get("/print.css").headers["content-type"].startswith("text/css")
