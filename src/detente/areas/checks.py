"""Checks of what was read against itself: windows against each other, the issue and the cancel line."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

from detente.areas.outcomes import Reading, Reason, Unplaced, Window

__all__ = ["check_windows"]

_LONG_AFTER = timedelta(hours=48)
MOST_WINDOWS = 2_000
"""A notice carries no more."""


def check_windows(reading: Reading) -> None:
    """Doubt windows that overlap, that ended before the issue or that run past the cancel line."""
    if not reading.windows:
        raise Unplaced(Reason.NO_TIME, reading.words.get("windows", "") or reading.text_id)
    if len(reading.windows) > MOST_WINDOWS:
        raise Unplaced(Reason.TOO_LONG, reading.words.get("windows", ""))
    words = reading.words.get("windows", "")
    if any(window.start and window.end and window.end <= window.start for window in reading.windows):
        raise Unplaced(Reason.TIME_ORDER, words)
    _drop_past(reading, words)
    for own in [area.windows for area in reading.areas if area.windows is not None] or [tuple(reading.windows)]:
        _overlaps(reading, [window for window in own if not window.is_alternate], words)
    _against_cancel(reading, words)


def _drop_past(reading: Reading, words: str) -> None:
    """Leave out windows that were over before the text was issued; a schedule of days may begin with one."""
    issued = reading.issued_at
    if issued is None:
        return
    past = [window for window in reading.windows if window.end is not None and window.end <= issued]
    if not past:
        return
    if len(past) == len(reading.windows) or "UNTIL" not in words:
        reading.doubt(Reason.WINDOW_BEFORE_ISSUE, f"{words} / {reading.words.get('issued_at', '')}")
        return
    reading.windows = [window for window in reading.windows if window not in past]


def _overlaps(reading: Reading, windows: list[Window], words: str) -> None:
    ordered = sorted((window for window in windows if window.start), key=lambda window: window.start)  # type: ignore[arg-type, return-value]
    for one, two in pairwise(ordered):
        if one.end is None or (two.start is not None and two.start < one.end):
            reading.doubt(Reason.WINDOWS_OVERLAP, words)


def _against_cancel(reading: Reading, words: str) -> None:
    cancel = reading.cancel_at
    ends = [window.end for window in reading.windows]
    if cancel is None or not ends:
        return
    said = f"{words} / {reading.words.get('cancel_at', '')}"
    known = [end for end in ends if end is not None]
    if len(known) < len(ends) or max(known) > cancel:
        reading.doubt(Reason.WINDOW_AFTER_CANCEL, said)
    elif cancel - max(known) > _LONG_AFTER:
        _far(reading, said)


def _far(reading: Reading, said: str) -> None:
    """Doubt a cancel line long after the last window; where its month fits the windows' days, choose no reading."""
    cancel = reading.cancel_at
    last = max(window.end for window in reading.windows if window.end is not None)
    literal = [(window.start, window.end) for window in reading.windows if window.start and window.end]
    is_whole = len(literal) == len(reading.windows)
    if cancel is None or not is_whole or (cancel.month, cancel.year) == (last.month, last.year):
        reading.doubt(Reason.CANCEL_FAR_AFTER_END, said)
        return
    shifted = []
    for start, end in literal:
        try:
            shifted.append(
                (
                    start.replace(month=cancel.month, year=cancel.year),
                    end.replace(month=cancel.month, year=cancel.year),
                )
            )
        except ValueError:
            break
    if (
        shifted
        and len(shifted) == len(reading.windows)
        and timedelta(0) <= cancel - max(end for _, end in shifted) <= _LONG_AFTER
    ):
        reading.doubt(Reason.MONTHS_DISAGREE, said, tuple(literal + shifted))
        reading.windows = []
        return
    reading.doubt(Reason.CANCEL_FAR_AFTER_END, said)
