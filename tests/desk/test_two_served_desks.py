"""Stories between two real desks: two served nodes with couriers over TLS, officers with passkeys, one line.

What one side says, the other reads, answers and disputes; each side's desk shows how far it came.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest

from detente.notices.codec import encode
from detente.notices.examples import EXAMPLES
from detente.notices.notice import Party
from tests.desk.stations import Station, attachment, joined, served_desk, verb
from tests.node.serving.served import until

pytestmark = [pytest.mark.prove, pytest.mark.timeout(600)]
PARTIES = {
    "west": Party(id="west", name="Westland Joint Headquarters", state="NO"),
    "east": Party(id="east", name="Eastland General Staff", state="FI"),
}


@dataclass(frozen=True)
class Desks:
    """Two desks of one line, with the people at them."""

    line: str
    anna: Station
    boris: Station
    clara: Station
    olga: Station


def form(member: str, kind: str, **changed: Any) -> dict[str, Any]:
    other = "east" if member == "west" else "west"
    one: Any = EXAMPLES[kind]
    fields = {"author": PARTIES[member], "addressees": (other,), "fulfils": (), "number": None, **changed}
    document: dict[str, Any] = msgspec.json.decode(encode(msgspec.structs.replace(one, **fields)))
    return document


def add(folder: Path, home: str, port: int, name: str, *roles: str) -> Station:
    station = Station(port, name)
    words = [word for role in roles for word in ("--role", role)]
    station.enrol(verb(folder, "people", "add", home, name, *words, "--json")["link"])
    return station


@pytest.fixture(scope="module")
def desks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desks]:
    folder = tmp_path_factory.mktemp("desks")
    joined(folder, {"west": '[line.baltic]\ntwo_person_release = ["notice.danger-area"]\n', "east": ""})
    with served_desk(folder / "west") as west, served_desk(folder / "east") as east:
        anna, boris = (add(folder, "west", west, name, "releaser") for name in ("Anna Berg", "Boris Holm"))
        clara = add(folder, "west", west, "Clara Dahl", "keeper", "viewer")
        olga = add(folder, "east", east, "Olga Ivanova", "releaser")
        for home in ("west", "east"):
            verb(folder, "people", "officers", home, f"{home}.officers")
            verb(folder, "line", "officers", home, "set", f"{home}.officers", "--passphrase-file", "secret")
        line = anna.get("lines")["lines"][0]["line"]
        yield Desks(line, anna, boris, clara, olga)


def arrives(station: Station, line: str, ref: str) -> Any:
    """Wait until an entry is in a station's record; returns it."""
    until(lambda: any(row["ref"] == ref for row in station.get(f"entries?line={line}")["rows"]), ref)
    return station.entry(line, ref)


def comes_to(station: Station, line: str, ref: str, member: str, state: str) -> None:
    until(lambda: station.state(line, ref, member) == state, f"{ref} {state}")


def test_an_incident_with_evidence_and_the_other_sides_account_beside_it(desks: Desks) -> None:
    line, anna, olga = desks.line, desks.anna, desks.olga
    radar, photo = b"\x89PNG radar", b"\xff\xd8 photo"
    seen = "Our patrol ship was crossed at 80 metres."
    ours = form("west", "incident", title="Close approach off Vardo", activity="vardo-2030", account=seen)
    half = {name: value for name, value in ours.items() if name != "happened_at"}
    unfinished = anna.keep(line, half, attachments=[attachment(radar, "image/png")], is_unfinished=True)
    assert unfinished["state"] == "unfinished"
    assert anna("POST", f"drafts/{unfinished['submission']}/release/begin").status == 409
    known = [{"media_type": "image/png", "sha256": unfinished["attachments"][0]["sha256"]}]
    draft = desks.boris.keep(
        line, ours, submission=unfinished["submission"], revision=0,
        attachments=[*known, attachment(photo, "image/jpeg")],
    )  # fmt: skip
    assert (draft["state"], [one["size"] for one in draft["attachments"]]) == ("draft", [len(radar), len(photo)])
    stale = anna(
        "POST", "drafts", {"line": line, "notice": half, "submission": draft["submission"], "revision": 0}
    )
    assert stale.status == 400  # it has faults, and nobody asked to keep it so
    west_ref = desks.boris.release(draft["submission"])["ref"]
    arrives(olga, line, west_ref)
    told = "Our patrol ship kept its course; yours turned."
    theirs = form(
        "east", "incident", title="Manoeuvre off Vardo", activity="vardo-2030", account=told, distance_m=200
    )
    east_ref = olga.send(line, theirs, in_reply_to=west_ref)
    arrives(anna, line, east_ref)
    for station in (anna, olga):
        (incident,) = station.get("incidents")["groups"]
        assert set(incident["accounts"]) == {"west", "east"}
        assert [one["ref"] for one in incident["accounts"]["west"]] == [west_ref]
        assert [(one["ref"], one["index"], one["size"]) for one in incident["evidence"]] == [
            (west_ref, 1, len(radar)), (west_ref, 2, len(photo)),
        ]  # fmt: skip
    evidence = olga("GET", f"entries/{line}/{west_ref.replace('/', '%2F')}/content/2")
    assert (evidence.status, evidence.octets) == (200, photo)
    comes_to(anna, line, west_ref, "east", "delivered")
    assert anna.entry(line, east_ref)["notice"]["account"] == told


def test_a_contact_with_both_readouts_side_by_side(desks: Desks) -> None:
    line, anna, olga = desks.line, desks.anna, desks.olga
    asked = anna.send(line, form("west", "contact_request", activity="call-2030"))
    arrives(olga, line, asked)
    agreed = olga.send(line, form("east", "contact_agreement", activity="call-2030", answers=asked))
    arrives(anna, line, agreed)
    record = anna.send(line, form("west", "contact_record", activity="call-2030"))
    arrives(olga, line, record)
    said = {"west": "We spoke of patrols.", "east": "They asked about patrols."}
    first = anna.send(line, form("west", "readout", activity="call-2030", contact=record, text=said["west"]))
    second = olga.send(line, form("east", "readout", activity="call-2030", contact=record, text=said["east"]))
    arrives(olga, line, first)
    arrives(anna, line, second)
    for station in (anna, olga):
        (contact,) = station.get("contacts")["groups"]
        assert [one["kind"] for one in contact["steps"]] == [
            "contact_request", "contact_agreement", "contact_record",
        ]  # fmt: skip
        assert {member: [one["ref"] for one in rows] for member, rows in contact["readouts"].items()} == {
            "west": [first], "east": [second],
        }  # fmt: skip
    assert olga.entry(line, first)["notice"]["text"] == said["west"]


def test_a_correction_a_cancellation_a_question_and_its_answer(desks: Desks) -> None:
    line, anna, olga = desks.line, desks.anna, desks.olga
    exercise = form("west", "exercise", title="Exercise Northern Birch")
    ref = anna.send(line, exercise, answer_by_ms=int(time.time() * 1000) + 86_400_000)
    assert anna.entry(line, ref)["row"]["answer_by_ms"] is not None
    comes_to(anna, line, ref, "east", "delivered")
    arrives(olga, line, ref)
    owed = olga.get("entries?has_open_answer=true")["rows"]
    assert [one["ref"] for one in owed] == [ref]

    def reply(member: str, to: str, word: str, text: str = "") -> dict[str, Any]:
        notice = form(member, "reply", title="Reply", answers=to, reply=word, text=text or None, activity=None)
        return {name: value for name, value in notice.items() if value is not None}

    read = olga.send(line, reply("east", ref, "read"))
    comes_to(anna, line, ref, "east", "read")
    assert read
    question = olga.send(line, reply("east", ref, "question", "Which ports?"))
    arrives(anna, line, question)
    answer = anna.send(line, reply("west", question, "answer", "Bergen alone."))
    arrives(olga, line, answer)
    accepted = olga.send(line, reply("east", ref, "accepted"))
    comes_to(anna, line, ref, "east", "answered")
    arrives(anna, line, accepted)
    assert olga.get("entries?has_open_answer=true")["rows"] == []
    right = form("west", "exercise", title="Exercise Northern Birch", purpose="Deployment of two brigades.")
    correction = form("west", "correction", corrects=ref, reason="Two brigades, not one.", activity=None)
    corrected = anna.send(line, {**correction, "corrected": right})
    arrives(olga, line, corrected)
    until(lambda: olga.entry(line, ref)["row"]["standing"] == "corrected", "the correction")
    assert olga.entry(line, ref)["row"]["changed_by"] == [corrected]
    cancelled = anna.send(line, form("west", "cancellation", cancels=ref, reason="Bad weather.", activity=None))
    arrives(olga, line, cancelled)
    until(lambda: olga.entry(line, ref)["row"]["standing"] == "cancelled", "the cancellation")
    found = olga.get("entries?text=two%20brigades")["rows"]
    assert corrected in [one["ref"] for one in found]
    assert [one["ref"] for one in olga.get("entries?text=which%20ports")["rows"]] == [question]
    span = f"from_ms={int(time.time() * 1000) - 3_600_000}&until_ms={int(time.time() * 1000) + 1000}"
    report = olga.get(f"handover?{span}")
    assert {ref, corrected, cancelled} <= {one["ref"] for one in report["happened"]}
    assert any(one["act"] == "sent" and one["sentence"].startswith("sent it as") for one in report["acts"])
    assert report["lines"]["ready"]
    pdf = olga("GET", f"pdf/{line}/{ref.replace('/', '%2F')}?language=ru")
    assert pdf.status in {200, 404}  # 404: this checkout has no letters; tests/desk/test_pdf.py looks at the file
    exported = olga("GET", "export/entries.csv")
    assert b"Northern Birch" in exported.octets


def test_two_officers_release_several_drafts_in_any_order_and_the_trail_tells_it(desks: Desks) -> None:
    line, anna, boris, olga = desks.line, desks.anna, desks.boris, desks.olga
    first, second = (
        anna.keep(line, form("west", "danger_area", title=f"Firing {number}"))["submission"] for number in (1, 2)
    )
    assert anna.release(first)["state"] == "waits"
    assert anna.release(second)["state"] == "waits"
    later = boris.release(second)["ref"]
    earlier = boris.release(first)["ref"]
    for ref, title in ((later, "Firing 2"), (earlier, "Firing 1")):
        found = arrives(olga, line, ref)
        assert (found["row"]["title"], found["entry"]["release"]["state"]) == (title, "holds")
    acts = desks.clara.get("trail?limit=50")["acts"]
    told = [one["sentence"] for one in acts if one["detail"].get("type") == "notice.danger-area"]
    told = [one for one in told if one.startswith("released")]
    assert len(told) == 4
    assert all("with the touch of" in one for one in told)
    russian = desks.clara.get("trail?limit=50", **{"Accept-Language": "ru"})["acts"]
    assert russian[0]["sentence"] != acts[0]["sentence"]
    assert olga("GET", "trail").status == 403
