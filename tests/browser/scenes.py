"""Documents of a busy evening in the Baltic, as a desk would give them."""

from __future__ import annotations

import math
import random
from typing import Any

from tests.browser.stand import now_ms

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
RANGE = [[19.6, 57.6], [20.9, 57.6], [20.9, 58.25], [19.6, 58.25]]
TRIAL = [[17.4, 56.2], [18.3, 56.1], [18.4, 56.7]]
EXPORTS = [
    {"name": name, "address": f"/api/v1/export/{name}", "media_type": "", "is_offered": name != "entries.parquet",
     "remedy": "pip install" if name == "entries.parquet" else ""}
    for name in ("entries.csv", "entries.parquet", "areas.geojson", "picture.zip")
]  # fmt: skip
SIDES = ("own", "other", "neutral", "unknown")


def me(*roles: str) -> dict[str, Any]:
    """Return who sits at the desk, with the rights of these roles."""
    rights = {"read"}
    if {"drafter", "releaser"} & set(roles):
        rights |= {"draft", "acknowledge", "overlays"}
    if "releaser" in roles:
        rights.add("release")
    if "keeper" in roles:
        rights |= {"people", "trail"}
    person = {"id": "0" * 32, "name": "A. Watch", "roles": list(roles), "added_ms": 0, "passkeys": [],
              "outsider": "", "is_waiting": False, "re_enrol_asked_by": ""}  # fmt: skip
    return {"person": person, "member": "west", "language": "en", "site": "localhost", "may": sorted(rights)}


def mover(number: int, at_ms: int, dice: random.Random) -> dict[str, Any]:
    """Return a mover somewhere in the Baltic."""
    kind = "aircraft" if number % 4 == 0 else "ship"
    return {
        "id": f"mmsi:2300{number:05d}" if kind == "ship" else f"icao:4b{number:04x}",
        "kind": kind,
        "side": SIDES[min(3, int(dice.random() ** 1.5 * 4 + 1))] if number > 12 else SIDES[number % 2],
        "name": ("VARMA", "BUK-2", "HAUKKA", "SOKOL", "TARMO", "MEDVED", "AALTO", "VOLNA")[number]
        if number < 8
        else f"MV {number}",
        "lon_deg": 12 + dice.random() * 16,
        "lat_deg": 54.5 + dice.random() * 6,
        "altitude_m": 300 + dice.random() * 11_000 if kind == "aircraft" else None,
        "speed_kn": dice.random() * (450 if kind == "aircraft" else 22),
        "course_deg": dice.random() * 360,
        "heading_deg": None,
        "vertical_rate_ftmin": None,
        "at_ms": at_ms - (200_000 if number % 29 == 5 else int(dice.random() * 20_000)),
        "feed": "ADS-B" if kind == "aircraft" else "AIS",
        "symbol": "",
    }


def moved(one: dict[str, Any], seconds: float, at_ms: int) -> dict[str, Any]:
    """Return the mover some seconds later, straight on."""
    way_deg = (one["speed_kn"] or 0) * seconds / 3600 / 60
    course = math.radians(one["course_deg"] or 0)
    return {
        **one,
        "lat_deg": one["lat_deg"] + way_deg * math.cos(course),
        "lon_deg": one["lon_deg"] + way_deg * math.sin(course) / math.cos(math.radians(one["lat_deg"])),
        "at_ms": at_ms,
    }


def encounter(a: dict[str, Any], b: dict[str, Any], priority: str, at_ms: int, **more: Any) -> dict[str, Any]:
    """Return an encounter of two movers."""
    return {
        "id": f"{a['id']} {b['id']}", "a": a["id"], "b": b["id"], "side_a": a["side"], "side_b": b["side"],
        "priority": priority, "state": "active", "in_area": ["D-17"], "entered_ms": at_ms - 4 * MINUTE_MS,
        "closest_ms": at_ms + 6 * MINUTE_MS, "left_ms": None, "distance_m": 5200.0, "closest_distance_m": 740.0,
        "vertical_m": None, "closest_lon_deg": (a["lon_deg"] + b["lon_deg"]) / 2 + 0.03,
        "closest_lat_deg": (a["lat_deg"] + b["lat_deg"]) / 2 + 0.02,
        "line": [[a["lon_deg"], a["lat_deg"]], [b["lon_deg"], b["lat_deg"]]], "predicted": True,
        "evidence": "AIS, 41 positions of both in the last 10 minutes", "limit_m": 926.0, "rings": True, **more,
    }  # fmt: skip


def alarm(name: str, priority: str, state: str, sentence: str, at_ms: int, **more: Any) -> dict[str, Any]:
    """Return an alarm as it stands."""
    return {
        "id": name, "line": "", "name": "encounter", "member": "", "priority": priority, "sentence": sentence,
        "raised_ms": at_ms - 3 * MINUTE_MS, "last_ms": at_ms, "count": 1, "state": state, "acknowledged_ms": None,
        "acknowledged_by": "", "note": "", "ended_ms": None, "ref": "", **more,
    }  # fmt: skip


def line(at_ms: int, **more: Any) -> dict[str, Any]:
    """Return a line that goes well."""
    party = {"member": "east", "is_member": True, "state": "open", "heard_ms": at_ms - 3_000, "missed": 0, "held": 0,
             "delivered": 1043, "waiting_since_ms": None, "couriers": []}  # fmt: skip
    return {"line": "ab" * 16, "name": "baltic", "is_training": False, "is_humanitarian": False, "run": "running",
            "reason": "", "held": 0, "last_test_ms": at_ms - 3_000, "two_person_release": ["launch"],
            "parties": [party], **more}  # fmt: skip


def entry(number: int, title: str, at_ms: int, **more: Any) -> dict[str, Any]:
    """Return a row of the record."""
    return {
        "line": "ab" * 16, "ref": f"east-{number}", "member": "east", "is_own": False, "type": "notice/danger-area",
        "kind": "danger_area", "title": title, "precedence": "routine", "activity": "", "clock_ms": at_ms,
        "received_ms": at_ms + 900, "answer_by_ms": None, "in_reply_to": None, "states": {}, "replies": 0,
        "standing": "said", "changed_by": [], "flags": [], **more,
    }  # fmt: skip


def area(ref: str, title: str, corners: list[list[float]], windows: list[list[int]]) -> dict[str, Any]:
    """Return an announced area."""
    feature = {
        "type": "Feature",
        "properties": {},
        "geometry": {"type": "Polygon", "coordinates": [[*corners, corners[0]]]},
    }
    return {"line": "ab" * 16, "ref": ref, "member": "east", "title": title, "kind": "danger_area", "standing": "said",
            "windows": windows, "feature": feature}  # fmt: skip


def evening(count: int = 260) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the documents of the evening and the first picture."""
    at_ms = now_ms()
    dice = random.Random(7)
    movers = [mover(number, at_ms, dice) for number in range(count)]
    movers[0].update(
        lon_deg=20.1, lat_deg=57.9, course_deg=80.0, speed_kn=14.0, side="own", kind="ship", at_ms=at_ms
    )
    movers[1].update(
        lon_deg=20.32, lat_deg=57.95, course_deg=215.0, speed_kn=11.0, side="other", kind="ship", at_ms=at_ms
    )
    movers[2].update(lon_deg=18.9, lat_deg=58.6, side="own", kind="ship", at_ms=at_ms)
    movers[3].update(lon_deg=18.95, lat_deg=58.66, side="other", kind="ship", at_ms=at_ms)
    close = encounter(movers[0], movers[1], "alarm", at_ms)
    mild = encounter(movers[2], movers[3], "caution", at_ms, in_area=[], closest_distance_m=2400.0)
    past = encounter(movers[4], movers[5], "warning", at_ms, state="past", left_ms=at_ms - HOUR_MS, predicted=False,
                     closest_ms=at_ms - 2 * HOUR_MS, in_area=[])  # fmt: skip
    alarms = [
        alarm(f"encounter:{close['id']}@{at_ms}", "alarm", "active-unacknowledged",
              "VARMA (own) and BUK-2 (other side) will pass at 740 m in 6 min, in D-17", at_ms),
        alarm("late", "warning", "rectified-unacknowledged", "A receipt from east was late by 4 min", at_ms),
        alarm("old", "caution", "rectified-acknowledged", "AIS was stale for 40 s", at_ms, acknowledged_by="B. Watch",
              acknowledged_ms=at_ms - HOUR_MS, note="antenna"),
    ]  # fmt: skip
    areas = [
        area("east-17", "D-17 gunnery", RANGE, [[at_ms - HOUR_MS, at_ms + 3 * HOUR_MS]]),
        area("west-4", "R-4 torpedo trial", TRIAL, [[at_ms + 5 * HOUR_MS, at_ms + 9 * HOUR_MS]]),
    ]  # fmt: skip
    rows = [
        entry(17, "Danger area D-17, gunnery", at_ms - 50 * MINUTE_MS),
        entry(16, "Exercise Northern Lantern", at_ms - 3 * HOUR_MS, answer_by_ms=at_ms + 2 * HOUR_MS),
        entry(4, "Danger area R-4, torpedo trial", at_ms - 5 * HOUR_MS, ref="west-4", member="west", is_own=True,
              received_ms=None, states={"east": "read"}),
        entry(5, "Question about D-17", at_ms - 20 * MINUTE_MS, ref="west-5", member="west", is_own=True,
              received_ms=None, states={"east": "held"}),
    ]  # fmt: skip
    items = [
        *({"what": "notice", "from_ms": row["clock_ms"], "until_ms": None, "title": row["title"],
           "member": row["member"], "line": row["line"], "ref": row["ref"]} for row in rows),
        *({"what": "area", "from_ms": one["windows"][0][0], "until_ms": one["windows"][0][1], "title": one["title"],
           "member": "east", "line": one["line"], "ref": one["ref"]} for one in areas),
        {"what": "outage", "from_ms": at_ms - 4 * HOUR_MS, "until_ms": at_ms - 3 * HOUR_MS, "title": "east silent",
         "member": "east", "line": "ab" * 16, "ref": ""},
        {"what": "answer_due", "from_ms": at_ms + 2 * HOUR_MS, "until_ms": None, "title": "answer to Northern Lantern",
         "member": "west", "line": "ab" * 16, "ref": "east-16"},
    ]  # fmt: skip
    feeds = [
        {"name": "AIS", "state": "good", "last_ms": at_ms - 2_000, "rate_per_s": 31.0, "movers": count * 3 // 4},
        {"name": "ADS-B", "state": "good", "last_ms": at_ms - 1_000, "rate_per_s": 12.0, "movers": count // 4},
    ]
    documents: dict[str, Any] = {
        "lines": {"member": "west", "version": "0.1.0", "now_ms": at_ms, "ready": True, "waits": "", "held_s": 0,
                  "lines": [line(at_ms)]},
        "alarms": {"alarms": alarms},
        "areas": {"areas": areas},
        "entries": {"rows": rows, "next": ""},
        "timeline": {"items": items},
        "drafts": {"drafts": []},
        "overlays": {"overlays": []},
        "trails": {"trails": []},
        "exports": {"exports": EXPORTS},
        "replay": replay(movers),
    }  # fmt: skip
    picture = {"number": 1, "full": True, "movers": movers, "gone": [], "encounters": [close, mild, past],
               "feeds": feeds, "silenced_until_ms": None}  # fmt: skip
    return documents, picture


def replay(movers: list[dict[str, Any]]) -> Any:
    """Return what answers the question for the past."""
    from urllib.parse import parse_qs, urlsplit

    def answer(address: str) -> dict[str, Any]:
        asked = {name: int(values[0]) for name, values in parse_qs(urlsplit(address).query).items()}
        moments = range(asked["from_ms"], asked["until_ms"] + 1, asked["step_ms"])
        frames = [
            {"at_ms": at, "movers": [moved(one, (at - now_ms()) / 1000, at) for one in movers[:40]]}
            for at in moments
        ]
        return {"frames": frames, "kept_from_ms": now_ms() - 5 * HOUR_MS}

    return answer
