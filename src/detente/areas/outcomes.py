"""Outcomes: what was read of one text, what is doubted, what could not be placed; each with its words."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from detente.areas.errors import AnnouncedMistake
from detente.notices.shapes import Shape, Vertical

__all__ = ["Announced", "Doubt", "Outcome", "Reading", "Reason", "Refusal", "Unplaced", "Window"]


class Outcome(StrEnum):
    """How far a text was understood."""

    READ = "read"
    DOUBTFUL = "doubtful"
    REFUSED = "refused"


class Reason(StrEnum):
    """Why a value is doubted or a text refused; meanings in detente.areas.meanings."""

    # doubts about time
    WINDOW_AFTER_CANCEL = "window_after_cancel"
    CANCEL_FAR_AFTER_END = "cancel_far_after_end"
    MONTHS_DISAGREE = "months_disagree"
    WINDOWS_OVERLAP = "windows_overlap"
    YEAR_FROM_NUMBER = "year_from_number"
    YEARS_DISAGREE = "years_disagree"
    MONTH_FROM_CANCEL = "month_from_cancel"
    NO_HOURS = "no_hours"
    DAILY_INFERRED = "daily_inferred"
    ZONE_NOT_STATED = "zone_not_stated"
    START_NOT_STATED = "start_not_stated"
    END_NOT_STATED = "end_not_stated"
    END_ESTIMATED = "end_estimated"
    EXCEPTION_REACH = "exception_reach"
    HOLIDAYS = "holidays"
    SUN = "sun"
    SUN_TIMES_COMPUTED = "sun_times_computed"
    WINDOW_OUTSIDE_VALIDITY = "window_outside_validity"
    WINDOW_CUT = "window_cut"
    VALIDITY_LONGER = "validity_longer"
    SCHEDULE_NOT_EXPANDED = "schedule_not_expanded"
    TIMES_IN_TEXT = "times_in_text"
    HOURS_ELSEWHERE = "hours_elsewhere"
    WINDOW_BEFORE_ISSUE = "window_before_issue"
    # doubts about place
    EDGES_CROSS = "edges_cross"
    AWAY_FROM_ITEM_Q = "away_from_item_q"
    ITEM_Q_UNUSABLE = "item_q_unusable"
    LEVELS_DISAGREE = "levels_disagree"
    LEVEL_UNCLEAR = "level_unclear"
    TURN_NOT_STATED = "turn_not_stated"
    ARC_OFF_RADIUS = "arc_off_radius"
    CLOSED_BY_COAST = "closed_by_coast"
    SECTOR_BEARINGS = "sector_bearings"
    DRAWN_AS_POLYGON = "drawn_as_polygon"
    EXTENT_ELSEWHERE = "extent_elsewhere"
    # doubts about the text
    LETTERS = "letters"
    WORDS_LEFT = "words_left"
    WORDS_NOT_KNOWN = "words_not_known"
    NUMBER_FROM_FILE = "number_from_file"
    UNKNOWN_CODE = "unknown_code"
    UNKNOWN_SERIES = "unknown_series"
    CUT_OFF = "cut_off"
    PARTS_MISSING = "parts_missing"
    # refusals
    NO_AREA = "no_area"
    NO_TIME = "no_time"
    NOT_A_DANGER_AREA = "not_a_danger_area"
    COORDINATE = "coordinate"
    SHAPE = "shape"
    HOLE = "hole"
    TIME = "time"
    LOCAL_TIME = "local_time"
    TIME_ORDER = "time_order"
    POLE = "pole"
    TOO_LONG = "too_long"
    RUN_TOGETHER = "run_together"
    NOT_UNDERSTOOD = "not_understood"


@dataclass(frozen=True, slots=True)
class Doubt:
    """A reason and the words that raise it; candidates are the windows between which the text does not choose."""

    reason: Reason
    words: str
    candidates: tuple[tuple[datetime, datetime], ...] = ()


@dataclass(frozen=True, slots=True)
class Refusal:
    """A reason and the words that could not be placed."""

    reason: Reason
    words: str


@dataclass(frozen=True, slots=True)
class Window:
    """When an area is active, aware UTC. start None: already in force; end None: until further notice."""

    start: datetime | None
    end: datetime | None
    is_alternate: bool = False


@dataclass(frozen=True, slots=True)
class Announced:
    """One area: its shape with the words it came from. windows None: those of the whole text."""

    shape: Shape
    words: str
    name: str = ""
    vertical: Vertical | None = None
    windows: tuple[Window, ...] | None = None
    is_approximate: bool = False


class Unplaced(AnnouncedMistake):
    """Words that the grammar cannot place; never leaves this room, a reading turns it into a refusal."""

    def __init__(self, reason: Reason, words: str) -> None:
        told = " ".join(words.split())[:300]
        super().__init__(expected=reason.value, came=told)
        self.refusal = Refusal(reason, told)


@dataclass(slots=True)
class Reading:
    """What one text says. ``words`` gives for each value the words of the text that it came from."""

    text_id: str
    dialect: str
    source: str
    text: str
    activity: str = ""
    areas: list[Announced] = field(default_factory=list)
    windows: list[Window] = field(default_factory=list)
    vertical: Vertical | None = None
    issued_at: datetime | None = None
    valid_from: datetime | None = None
    valid_to: datetime | None = None
    cancel_at: datetime | None = None
    cancels: list[str] = field(default_factory=list)
    replaces: str = ""
    doubts: list[Doubt] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    words: dict[str, str] = field(default_factory=dict)

    @property
    def outcome(self) -> Outcome:
        """Read, doubtful or refused."""
        if self.refusals:
            return Outcome.REFUSED
        return Outcome.DOUBTFUL if self.doubts else Outcome.READ

    def doubt(self, reason: Reason, words: str, candidates: tuple[tuple[datetime, datetime], ...] = ()) -> None:
        """Raise a doubt once."""
        made = Doubt(reason, " ".join(words.split())[:300], candidates)
        if made not in self.doubts:
            self.doubts.append(made)

    def refuse(self, refusal: Refusal) -> None:
        """Refuse the text: what was read so far is no longer given."""
        self.refusals.append(refusal)
        self.areas.clear()
        self.windows.clear()
