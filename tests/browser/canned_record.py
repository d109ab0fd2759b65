"""A record for pages: a training line and a real one, notices of both sides, drafts, people, what is owed."""

from __future__ import annotations

import copy
from typing import Any

import msgspec

from detente.node.desk_door.record_views import geojson_of, texts_of
from detente.notices.codec import check_document as checked_document
from detente.notices.examples import EXAMPLES
from detente.notices.kinds import line_type
from tests.browser.canned_desk import NOW_MS, CannedDesk, Told, check_document, forms_document

RLO = "\u202e"
HOSTILE = f"Exercise {RLO}hcriB nrehtroN{RLO} <img src=x onerror=alert(1)> =1+1"
LONG = "A long text without end. " * 400
RIGHTS = {
    "viewer": ["read"],
    "drafter": ["read", "draft", "acknowledge", "overlays"],
    "releaser": ["read", "draft", "acknowledge", "overlays", "release"],
    "keeper": ["read", "people", "trail"],
}
OWED = {
    "clause": "prior-notification",
    "title": "Prior notification of certain military activities",
    "paragraph": "38, 40.1",
    "duty": "tell",
    "outcome": "owed",
    "reason": "triggered",
    "words": "",
    "crossed": [{"metric": "troops", "op": "at_least", "limit": 9000, "value": 9100}],
    "below": [],
    "missing": [],
    "failed": None,
    "owed_by": ["NO"],
    "to": ["RU", "FI", "SE"],
    "not_owed_to": [],
    "exceptions": [],
    "suspensions": [],
    "together": [],
    "together_more": 0,
    "due": {"earliest": "2030-03-20T00:00:00+00:00", "latest": "2030-03-20T00:00:00+00:00"},
    "clock": "receipt",
    "told": {"outcome": "open", "why": None, "words": "nothing tells it yet", "by": None},
    "source": "Vienna Document 2011",
    "verified": "primary",
}
SLIPS = {
    **OWED,
    "clause": "observe-land",
    "title": "Observation of certain military activities",
    "paragraph": "47.4",
    "outcome": "not_owed",
    "reason": "below",
    "words": "under every threshold",
    "crossed": [],
    "below": [{"metric": "troops", "op": "at_least", "limit": 13000, "value": 12700}],
    "owed_by": [],
    "to": [],
    "due": None,
    "told": None,
    "verified": "secondary",
}
FLAG = {
    "flag": "near_threshold",
    "notices": ["west/4"],
    "states": ["NO"],
    "clauses": [{"agreement": "vd11", "clause": "observe-land"}],
    "metric": "troops",
    "value": 12700,
    "limit": 13000,
    "shared": [],
    "cutoffs": {"near_percent": 90},
    "words": "troops 12,700: 300 under 13,000 (near_percent = 90)",
}


def judged(line: str = "baltic") -> list[dict[str, Any]]:
    """Return verdicts as ``obligations --json`` gives them, with their line."""
    plan = {"ref": "west/4", "kind": "exercise", "title": "Exercise Northern Birch", "state": "NO", "line": line}
    return [{**plan, "agreements": [{"agreement": "vd11", "sha256": "0" * 64, "verdicts": [OWED, SLIPS]}]}, FLAG]


def line(name: str, *, is_training: bool = False, is_humanitarian: bool = False) -> dict[str, Any]:
    """Return how a line stands."""
    party = {
        "member": "east",
        "is_member": True,
        "state": "open",
        "heard_ms": NOW_MS - 3_000,
        "missed": 0,
        "held": 12,
        "delivered": 12,
        "waiting_since_ms": None,
        "couriers": [],
    }
    return {
        "line": f"training-{name}" if is_training else name,
        "name": name,
        "is_training": is_training,
        "is_humanitarian": is_humanitarian,
        "run": "running",
        "reason": "",
        "held": 12,
        "last_test_ms": NOW_MS - 3_000,
        "two_person_release": ["notice.exercise"],
        "parties": [party],
    }


def row(ref: str, kind: str, title: str, **changed: Any) -> dict[str, Any]:
    """Return an entry as lists show it."""
    member = ref.split("/", maxsplit=1)[0]
    made = {
        "line": "baltic",
        "ref": ref,
        "member": member,
        "is_own": member == "west",
        "type": "notice." + kind.replace("_", "-"),
        "kind": kind,
        "title": title,
        "precedence": "routine",
        "activity": "",
        "clock_ms": NOW_MS - 600_000,
        "received_ms": NOW_MS - 599_000,
        "answer_by_ms": None,
        "in_reply_to": None,
        "states": {"east": "delivered"} if member == "west" else {},
        "replies": 0,
        "standing": "said",
        "changed_by": [],
        "flags": [],
    }
    return made | changed


def plain(kind: str, author: str = "west") -> dict[str, Any]:
    """Return the example of a kind as a plain document of an author."""
    document: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(EXAMPLES[kind]))
    document["author"]["id"] = author
    return document


def entry(of: dict[str, Any], notice: dict[str, Any] | None, related: tuple[dict[str, Any], ...] = ()) -> Any:
    """Return an entry in full."""
    checked = None
    if notice is not None:
        checked, faults = checked_document(notice)
        assert checked is not None, [str(one) for one in faults]
    content = {
        "media_type": "application/vnd.detente.notice+json",
        "size": 900,
        "hash": "ab" * 32,
        "state": "shown",
    }
    return {
        "row": of,
        "entry": {
            "ref": of["ref"],
            "hash": "cd" * 32,
            "member": of["member"],
            "type": of["type"],
            "after": {"clock_ms": NOW_MS - 700_000, "clock_of": "east", "ref": "east/3"},
            "before": {"clock_ms": NOW_MS - 500_000, "clock_of": "east", "role": "held"},
            "body": {**content, "content": notice if notice is not None else LONG + HOSTILE},
            "attachments": [{**content, "media_type": "image/png", "size": 120_000}],
            "release": {"state": "holds", "by": [{"key": "k1", "site": "localhost"}]},
            "replies": [{"member": "east", "word": "read", "ref": "east/6", "in_time": "met"}],
        },
        "notice": notice,
        "faults": [],
        "warnings": [],
        "texts": {} if checked is None else texts_of(checked, of["ref"]),
        "geojson": None if checked is None else geojson_of(checked),
        "related": list(related),
    }


def told_readouts() -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the readouts of two sides that differ in when it began."""
    ours, theirs = plain("readout"), plain("readout", "east")
    theirs["at"] = "2030-05-20T09:30Z" if ours["at"] != "2030-05-20T09:30Z" else "2030-05-20T10:30Z"
    return ours, theirs


def incidents() -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the accounts of two sides of one incident, which differ in place, time and distance."""
    ours, theirs = plain("incident"), plain("incident", "east")
    theirs |= {
        "happened_at": "2030-05-02T07:19Z",
        "distance_m": 900,
        "own": ours["others"],
        "others": ours["own"],
    }
    theirs["position"] = {"lat_e7": 712500000, "lon_e7": 311000000}
    theirs["account"] = "The frigate turned towards the aircraft, which kept its course."
    return ours, theirs


def entries() -> dict[str, Any]:
    """Return every entry of the record, by its reference."""
    exercise, danger = plain("exercise"), plain("danger_area", "east")
    hostile = {**plain("movement", "east"), "remarks": "Nothing to see."}
    ours, theirs = incidents()
    said, heard = told_readouts()
    west4 = row("west/4", "exercise", exercise["title"], activity="northern-birch-2030", replies=1)
    west4 |= {"states": {"east": "read"}}
    east5 = row(
        "east/5", "danger_area", danger["title"], precedence="immediate", answer_by_ms=NOW_MS + 86_400_000
    )
    east7 = row("east/7", "movement", HOSTILE, flags=["clock ahead"])
    old = row(
        "west/2", "exercise", "Exercise Northern Birch, first form", standing="corrected", changed_by=["west/4"]
    )
    incident_w = row("west/8", "incident", ours["title"], states={"east": "answered"})
    incident_e = row("east/9", "incident", theirs["title"])
    read_w, read_e = row("west/10", "readout", said["title"]), row("east/11", "readout", heard["title"])
    asked = row("west/9", "contact_request", "Call between the chiefs")
    found = {
        "west/4": entry(west4, exercise, (old, row("east/6", "reply", "Reply: Exercise Northern Birch"))),
        "east/5": entry(east5, danger),
        "east/7": entry(east7, hostile),
        "west/2": entry(old, exercise, (west4,)),
        "west/8": entry(incident_w, ours),
        "east/9": entry(incident_e, theirs),
        "west/10": entry(read_w, said),
        "east/11": entry(read_e, heard),
        "west/9": entry(asked, plain("contact_request")),
        "east/12": entry(row("east/12", "", "", type="text"), None),
    }
    for one in found.values():
        one["row"] = copy.deepcopy(one["row"])
    return found


def drafts() -> list[dict[str, Any]]:
    """Return drafts of a person and of a machine."""
    of_person = draft("a" * 32, plain("exercise"), by="Anna Berg", given=["Anna Berg"], state="releasing")
    of_machine = draft("b" * 32, plain("incident"), by="coast watch", is_machine=True)
    return [of_person, of_machine]


def draft(submission: str, notice: dict[str, Any], **changed: Any) -> dict[str, Any]:
    """Return a draft that waits."""
    checked, _ = checked_document(notice)
    assert checked is not None
    made = {
        "submission": submission,
        "line": "baltic",
        "type": line_type(checked.notice),
        "kind": notice["kind"],
        "title": notice["title"],
        "drafted_ms": NOW_MS - 60_000,
        "by": "",
        "is_machine": False,
        "state": "draft",
        "needed": 2,
        "given": [],
        "answer_by_ms": None,
        "in_reply_to": None,
        "notice": notice,
        "texts": texts_of(checked),
        "attachments": [],
        "faults": [],
        "revision": 0,
    }
    return made | changed


def person(name: str, *roles: str, **changed: Any) -> dict[str, Any]:
    """Return a person."""
    made = {
        "id": name.encode().hex().ljust(32, "0")[:32],
        "name": name,
        "roles": list(roles),
        "added_ms": NOW_MS - 86_400_000,
        "passkeys": [
            {
                "credential": "AAAA",
                "person": "",
                "key": "k1",
                "algorithm": "es256",
                "public_key": "AAAA",
                "counter": 1,
                "added_ms": NOW_MS - 86_400_000,
                "used_ms": NOW_MS - 5_000,
            }
        ],
        "outsider": "",
        "is_waiting": False,
        "re_enrol_asked_by": "",
    }
    return made | changed


def furnish(desk: CannedDesk, role: str = "releaser", *, lines: list[dict[str, Any]] | None = None) -> None:
    """Give a desk its answers, for a person of a role."""
    found = entries()
    lines = lines or [
        line("baltic"),
        line("drill", is_training=True),
        line("humanitarian-aid", is_humanitarian=True),
    ]
    me = {"person": person("Anna Berg", role), "member": "west", "language": "en", "site": "localhost"}
    desk.get("me", me | {"may": RIGHTS[role]})
    stands = {"member": "west", "version": "0", "now_ms": NOW_MS, "ready": True, "waits": "", "held_s": 0}
    desk.get("lines", stands | {"lines": lines})
    desk.get("forms", forms_document())
    desk.get("entries", lambda query, _: searched(found, query))
    for ref, document in found.items():
        desk.get(f"entries/baltic/{ref}", document)
    desk.get("drafts", {"drafts": drafts()})
    desk.on("POST", "check", lambda _, body: check_document(body, judged()))
    desk.on("POST", "drafts", lambda _, body: kept(desk, body))
    desk.get("obligations", {"verdicts": judged()})
    desk.get("incidents", {"groups": [accounts(found)]})
    desk.get("contacts", {"groups": [contact(found)]})
    desk.get("handover", lambda query, _: handover(query, found, stands | {"lines": lines}))
    desk.get("alarms", {"alarms": []})
    for path in ("areas", "timeline", "picture", "overlays", "exports"):
        desk.get(path, EMPTY[path])
    furnish_people(desk)


EMPTY: dict[str, Any] = {
    "areas": {"areas": []},
    "timeline": {"items": []},
    "picture": {
        "number": 1, "now_ms": NOW_MS, "movers": [], "encounters": [], "feeds": [], "silenced_until_ms": None
    },
    "overlays": {"overlays": []},
    "exports": {"exports": []},
}  # fmt: skip


def searched(found: dict[str, Any], query: dict[str, str]) -> dict[str, Any]:
    """Return the rows that a search asks for."""
    rows = [one["row"] for one in found.values()]
    for name in ("member", "kind", "line", "activity"):
        rows = [one for one in rows if not query.get(name) or one[name] == query[name]]
    text = query.get("text", "").lower()
    return {"rows": [one for one in rows if text in (one["title"] + one["ref"]).lower()], "next": ""}


def kept(desk: CannedDesk, body: Any) -> dict[str, Any]:
    """Keep a draft, keep it unfinished where that is asked for, or refuse it with every fault."""
    found = check_document(body, [])
    if found["faults"] and not body.get("is_unfinished"):
        raise Told(400, {"kind": "form", "expected": "a form without faults", "faults": found["faults"]})
    if not body.get("is_unfinished"):
        return drafts()[0]
    files = [{"media_type": one["media_type"], "size": 8, "sha256": "ab" * 32} for one in body["attachments"]]
    form = drafts()[0] | {
        "submission": "c" * 32, "state": "unfinished", "type": "", "kind": body["notice"]["kind"], "given": [],
        "title": body["notice"].get("title", ""), "notice": body["notice"], "texts": {}, "faults": found["faults"],
        "attachments": files, "revision": body.get("revision", -1) + 1, "by": "Anna Berg",
    }  # fmt: skip
    desk.get("drafts", {"drafts": [*drafts(), form]})
    return form


def accounts(found: dict[str, Any]) -> dict[str, Any]:
    """Return one incident with the accounts of both sides."""
    evidence = [{"line": "baltic", "ref": "west/8", "index": 1, "media_type": "image/png", "size": 120000}]
    sides = {"west": [found["west/8"]["row"]], "east": [found["east/9"]["row"]]}
    return {"name": "barents-approach-2030-05-02", "accounts": sides, "evidence": evidence}


def contact(found: dict[str, Any]) -> dict[str, Any]:
    """Return one contact with its steps and the readouts of both sides."""
    sides = {"west": [found["west/10"]["row"]], "east": [found["east/11"]["row"]]}
    return {"name": "chiefs-2030", "steps": [found["west/9"]["row"]], "readouts": sides}


def handover(query: dict[str, str], found: dict[str, Any], stands: dict[str, Any]) -> dict[str, Any]:
    """Return what the next watch must know."""
    alarm = {
        "id": "1",
        "line": "baltic",
        "name": "silent",
        "member": "east",
        "priority": "warning",
        "sentence": "east has been silent for 12 minutes",
        "raised_ms": NOW_MS - 800_000,
        "last_ms": NOW_MS - 800_000,
        "count": 1,
        "state": "active-unacknowledged",
        "acknowledged_ms": None,
        "acknowledged_by": "",
        "note": "",
        "ended_ms": None,
        "ref": "",
    }
    act = {"number": 7, "at_ms": NOW_MS - 90_000, "actor": "", "actor_name": "Anna Berg", "act": "draft-kept",
           "sentence": "kept a draft"}  # fmt: skip
    return {
        "from_ms": int(query["from_ms"]),
        "until_ms": int(query["until_ms"]),
        "happened": [one["row"] for one in found.values()][:4],
        "acts": [act],
        "owed": judged(),
        "awaited": [found["east/5"]["row"]],
        "drafts": drafts(),
        "alarms": [alarm],
        "lines": stands,
    }


def furnish_people(desk: CannedDesk) -> None:
    """Give a desk its people, tokens and trail."""
    people = [
        person("Anna Berg", "releaser"),
        person("Karin Holm", "keeper"),
        person(f"Olga {RLO}avonavI", "viewer", is_waiting=True, passkeys=[]),
    ]
    token = {
        "id": "1" * 32,
        "name": "coast watch",
        "added_ms": NOW_MS,
        "added_by": "Karin Holm",
        "until_ms": None,
    }
    desk.get("people", {"people": people, "tokens": [token | {"used_ms": None}]})
    desk.on(
        "POST", "people", lambda _, body: {"person": "p", "code": "one-time-code", "until_ms": NOW_MS + 3_600_000}
    )
    desk.on(
        "POST", "people/tokens", lambda _, body: {"token": token | {"name": body["name"]}, "secret": "s3cret"}
    )
    act = {
        "number": 1,
        "at_ms": NOW_MS,
        "actor": "1" * 32,
        "actor_name": f"Olga {RLO}avonavI",
        "act": "signed-in",
        "sentence": "signed in",
        "detail": {"from": "127.0.0.1"},
        "hash": "ef" * 32,
        "signed_in": "west/12",
    }
    desk.get("trail", {"acts": [act], "next": None})
