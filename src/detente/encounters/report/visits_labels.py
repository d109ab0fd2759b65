"""The words of the report of visits, in the language in use."""

from __future__ import annotations

from detente import words
from detente.door.terminal import visible
from detente.encounters.report import labels as shared

__all__ = ["activity", "began", "ended", "labels", "qualities", "script_words", "wheres"]

say = words.speaker("encounters")

qualities, script_words = shared.qualities, shared.script_words


def labels() -> dict[str, str]:
    """Return the sentences that stand in the page's template, by short names."""
    return shared.labels() | _head() | _table()


def _head() -> dict[str, str]:
    return {
        "title": say("Visits of danger areas"),
        "visits": say("visits"),
        "inside_count": say("inside, not only near"),
        "third_count": say("third parties: need a warning"),
        "areas_count": say("areas searched"),
        "unvisited_count": say("active times without a visit"),
        "holes_count": say("of them without any track near"),
        "caution": say(
            "Announced areas bind nobody on the high seas, and who is inside one may have every right to be. A third "
            "party needs a warning in time, and a person sends it."
        ),
        "map_label": say("Map of the areas and visits. The table below lists every visit as text."),
        "own": say("of a side or of the announcer"),
        "third": say("third party"),
        "legend_inside": say("inside"),
        "legend_near": say("near"),
        "legend_area": say("announced area"),
        "legend_track": say("track around the visit"),
    }


def _table() -> dict[str, str]:
    return {
        "table": say("Every visit"),
        "filter": say("Filter by name, id or area"),
        "where": say("Where"),
        "only_third": say("third parties only"),
        "third_column": say("Third party"),
        "mover": say("Mover"),
        "area": say("Area"),
        "nearest_at": say("Deepest or nearest at"),
        "from_border": say("From the border, m"),
        "entered": say("Entered"),
        "left": say("Left"),
        "speed": say("Speed, kn"),
        "times": say("When the areas were active"),
        "times_note": say(
            "Dashed: active. Solid: a visit; with a diamond: of a third party. Grey: no track within 50 NM, so that "
            "nothing is known."
        ),
        "unvisited": say("Active without anybody seen"),
        "unvisited_none": say("Somebody was seen in every active time."),
        "activity": say("Activity"),
        "from": say("From"),
        "to": say("To"),
        "seen": say("Tracks within 50 NM"),
        "seen_yes": say("yes: nobody was there"),
        "seen_no": say("none: nothing is known"),
        "areas_read": say("The areas"),
        "limits": say("What counts as a visit"),
        "doubtful": say("area doubtful"),
        "needs_warning": say("third party: needs a warning (a person sends it)"),
        "none": say("Nobody was seen in the areas, or near them, while they were active."),
    }


def wheres() -> dict[str, str]:
    """Return the two places of a visit by their code."""
    return {"inside": say("inside"), "near": say("near")}


def activity(kind: str) -> str:
    """Return the kind of activity in words; one that nobody listed as it stands."""
    known = {
        "": "",
        "unspecified": say("not stated"),
        "debris": say("falling debris"),
        "missile": say("missiles"),
        "rocket-launch": say("rocket launch"),
        "firing": say("firing"),
        "exercise": say("exercise"),
        "hazardous-operations": say("hazardous operations"),
        "flight-restriction": say("flight restriction"),
        "unmanned-aircraft": say("unmanned aircraft"),
        "naval-operations": say("naval operations"),
        "military-activity": say("military activity"),
    }
    return known.get(kind) or visible(kind)


def began() -> dict[str, str]:
    """Return why visits begin by the code in their table."""
    return {
        "entered": "",
        "area_became_active": say("the area became active"),
        "climbed_or_descended_in": say("climbed or descended in"),
        "coverage_began": say("first fix"),
        "period_began": say("the period began"),
    }


def ended() -> dict[str, str]:
    """Return why visits end by the code in their table."""
    return {
        "left": "",
        "area_ceased": say("the area was no longer active"),
        "climbed_or_descended_out": say("climbed or descended out"),
        "coverage_ended": say("last fix"),
        "period_ended": say("the period ended"),
    }
