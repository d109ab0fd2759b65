"""The report's words in the language in use."""

from __future__ import annotations

from detente import words

__all__ = ["labels", "notes", "qualities", "reasons", "script_words", "situations"]

say = words.speaker("encounters")


def labels() -> dict[str, str]:
    """Return the sentences that stand in the page's template, by short names."""
    return {
        "title": say("Close encounters"),
        "theme": say("Light or dark"),
        "encounters": say("encounters"),
        "pairs": say("pairs"),
        "closest": say("closest"),
        "both_moving": say("both moving"),
        "possible": say("possible, not certain"),
        "moored": say("moored neighbours left out"),
        "caution": say(
            "Distance alone does not make an encounter unsafe. The same distance has been judged safe and "
            "professional on one day and unsafe on another. Weigh closing speed, height, crossing ahead, "
            "duration and repeated passes; let people judge, and keep both sides' judgement."
        ),
        "map": say("Where"),
        "map_label": say("Map of the encounters. The table below lists every one of them as text."),
        "map_help": say(
            "Drag to move; plus and minus to zoom, also with Ctrl and the wheel; click a symbol for its row."
        ),
        "zoom_in": say("Zoom in"),
        "zoom_out": say("Zoom out"),
        "zoom_home": say("Whole map"),
        "two_ships": say("two ships"),
        "two_aircraft": say("two aircraft"),
        "mixed": say("ship and aircraft, or other"),
        "share": say("severity: share of the limit"),
        "legend_possible": say("hollow: possible"),
        "coast": say(
            "Coast: Natural Earth 1:10m, public domain. No borders are drawn. For orientation, not navigation."
        ),
        "nearest": say("The closest ones"),
        "nearest_note": say(
            "Pairs with both moving first, then by severity. A solid and filled, B dashed and hollow; dots are "
            "reported positions, crosses "
            "are times before and after the closest moment; symbols are not to scale. Below: distance over time."
        ),
        "how_near": say("How near"),
        "when": say("When"),
        "table": say("Every encounter"),
        "filter": say("Filter by name, id or side"),
        "situation": say("Situation"),
        "all": say("all"),
        "only_moving": say("both moving"),
        "only_certain": say("certain only"),
        "more": say("Show more rows"),
        "times_utc": say("All times are UTC."),
        "number": say("No."),
        "a": say("A"),
        "b": say("B"),
        "closest_at": say("Closest at"),
        "distance": say("Distance, m"),
        "vertical": say("Vertical, m"),
        "severity": say("Severity"),
        "closing": say("Closing, kn"),
        "duration": say("Duration"),
        "passes": say("Passes"),
        "quality": say("Quality"),
        "rows": say("What was read, and what was not used"),
        "reason": say("Reason"),
        "count": say("Rows"),
        "share_of_rows": say("Share"),
        "read": say("read"),
        "kept": say("kept"),
        "noticed": say("Noticed without rejecting"),
        "limits": say("What counts as an encounter"),
        "provenance": say("How this was made"),
        "command": say("Command"),
        "inputs": say("Inputs"),
        "file": say("File"),
        "bytes": say("Bytes"),
        "none": say("No pair of movers came within the limits in the time and area that the tracks cover."),
        "none_note": say("Where there are no tracks, nothing can be found: no data is not no encounter."),
        "drawing_at": say("at"),
        "apart": say("apart"),
    }


def script_words() -> dict[str, str]:
    """Return the sentences that the page's script says; it fills in {shown} and {whole}."""
    return {
        "shown": say("{shown} of {whole} rows"),
        "metres": say("m"),
        "kilometres": say("km"),
        "miles": say("NM"),
        "north": say("N"),
        "south": say("S"),
        "east": say("E"),
        "west": say("W"),
    }


def situations() -> dict[str, str]:
    """Return names of situations by their code in the table of encounters."""
    return {
        "head_on": say("head-on"),
        "crossing": say("crossing"),
        "overtaking": say("overtaking"),
        "stopped": say("one stopped"),
    }


def qualities() -> dict[str, str]:
    """Return names of qualities by their code in the table of encounters."""
    return {"certain": say("certain"), "possible": say("possible")}


def reasons() -> dict[str, str]:
    """Return what each reason for not using a row means, by its code."""
    return {
        "unreadable": say("not a record of the format"),
        "bad_checksum": say("wrong checksum"),
        "incomplete": say("part of a message without its other parts"),
        "no_position": say("a record that carries no position"),
        "not_a_mover": say("base station, buoy or ground vehicle"),
        "no_time": say("no time"),
        "no_identity": say("no identity"),
        "not_available": say("position marked not available"),
        "out_of_range": say("value out of range"),
        "duplicate": say("duplicate: same mover, same time"),
        "stale": say("stale: the position stood still while the mover did not"),
        "teleport": say("teleport: no mover is so fast"),
    }


def notes() -> dict[str, str]:
    """Return what each note about kept rows means, by its code."""
    return {
        "no_zone": say("times without a zone, read as UTC"),
        "out_of_order": say("rows out of order, sorted"),
        "mixed_units": say("seconds and milliseconds side by side"),
        "shared_identity": say("two movers under one id, kept apart"),
        "swapped": say("latitude and longitude look exchanged"),
        "no_altitude": say("aircraft rows without altitude"),
    }
