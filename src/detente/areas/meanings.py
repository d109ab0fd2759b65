"""What each reason means, in a reader's words."""

from __future__ import annotations

from detente import words
from detente.areas.outcomes import Reason

__all__ = ["meaning"]

say = words.speaker("areas")


def meaning(reason: Reason) -> str:
    """Return a reason as a short phrase in the language in use."""
    return (_doubts() | _refusals())[reason]


def _doubts() -> dict[Reason, str]:
    return {
        Reason.WINDOW_AFTER_CANCEL: say("a window runs past the moment at which the text cancels itself"),
        Reason.CANCEL_FAR_AFTER_END: say("the text cancels itself long after its last window"),
        Reason.MONTHS_DISAGREE: say("month names disagree: no window is chosen"),
        Reason.WINDOWS_OVERLAP: say("windows overlap"),
        Reason.YEAR_FROM_NUMBER: say("the year is only in the text's number"),
        Reason.YEARS_DISAGREE: say("years disagree"),
        Reason.MONTH_FROM_CANCEL: say("the month is only in the cancel line"),
        Reason.NO_HOURS: say("days without hours: whole days in UTC are taken"),
        Reason.DAILY_INFERRED: say("days and hours without the word daily: each day is taken"),
        Reason.ZONE_NOT_STATED: say("the time zone is not stated: UTC is taken"),
        Reason.START_NOT_STATED: say("the start is not stated"),
        Reason.END_NOT_STATED: say("the end is not stated"),
        Reason.END_ESTIMATED: say("the end is an estimate"),
        Reason.EXCEPTION_REACH: say("which windows an exception holds for is not stated"),
        Reason.HOLIDAYS: say("holidays are excepted: which days, the text does not say"),
        Reason.SUN: say("the times depend on the sun: the whole validity is taken"),
        Reason.SUN_TIMES_COMPUTED: say("sunrise and sunset are computed for the area: an outer window is given"),
        Reason.WINDOW_OUTSIDE_VALIDITY: say("a window lies outside items B and C"),
        Reason.WINDOW_CUT: say("a window is cut at item B or C"),
        Reason.VALIDITY_LONGER: say("the windows do not reach items B and C"),
        Reason.SCHEDULE_NOT_EXPANDED: say("the schedule cannot be told day by day: an outer window is given"),
        Reason.TIMES_IN_TEXT: say("the text's prose tells other times"),
        Reason.HOURS_ELSEWHERE: say("the true hours are told elsewhere: an outer window is given"),
        Reason.WINDOW_BEFORE_ISSUE: say("a window ended before the text was issued"),
        Reason.EDGES_CROSS: say("the boundary crosses itself"),
        Reason.AWAY_FROM_ITEM_Q: say("the area lies away from item Q's circle"),
        Reason.ITEM_Q_UNUSABLE: say("item Q is not usable"),
        Reason.LEVELS_DISAGREE: say("height limits disagree"),
        Reason.LEVEL_UNCLEAR: say("a height limit is not understood"),
        Reason.TURN_NOT_STATED: say("which way an arc turns is not stated: the shorter way is taken"),
        Reason.ARC_OFF_RADIUS: say("an arc's ends do not lie on its radius"),
        Reason.CLOSED_BY_COAST: say("a coast or border closes the area: a straight line is drawn"),
        Reason.SECTOR_BEARINGS: say(
            "how a sector's bearings are meant is not stated: true, clockwise, from its centre is taken"
        ),
        Reason.DRAWN_AS_POLYGON: say("an ellipse is given as a polygon whose corners lie on it"),
        Reason.EXTENT_ELSEWHERE: say("the extent is told elsewhere"),
        Reason.LETTERS: say("letters that look like others"),
        Reason.WORDS_LEFT: say("words about place or time were not understood"),
        Reason.WORDS_NOT_KNOWN: say("words that the reader does not know may limit the place or the time"),
        Reason.NUMBER_FROM_FILE: say("the number is only in the file's name"),
        Reason.UNKNOWN_CODE: say("the code is unknown"),
        Reason.UNKNOWN_SERIES: say("the series is unknown"),
        Reason.CUT_OFF: say("the text is cut off"),
        Reason.PARTS_MISSING: say("parts of the text are missing"),
    }


def _refusals() -> dict[Reason, str]:
    return {
        Reason.NO_AREA: say("no area could be placed"),
        Reason.NO_TIME: say("no time is stated"),
        Reason.NOT_A_DANGER_AREA: say("the text announces no danger area"),
        Reason.COORDINATE: say("a coordinate is impossible or incomplete"),
        Reason.SHAPE: say("the shape is impossible or of a kind that is not read"),
        Reason.HOLE: say(
            "an area with a hole in it: no announcement has words for that; a search in tracks respects it"
        ),
        Reason.TIME: say("a time is impossible or incomplete"),
        Reason.LOCAL_TIME: say("local time without its zone"),
        Reason.TIME_ORDER: say("an end before its start"),
        Reason.POLE: say("the boundary runs over a pole, or around one and near the equator"),
        Reason.TOO_LONG: say("the text is too long for an announcement"),
        Reason.RUN_TOGETHER: say("several texts run together"),
        Reason.NOT_UNDERSTOOD: say("the text is of no form that is read"),
    }
