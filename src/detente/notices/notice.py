"""A notice: what every kind of it says, and the people, times, numbers and claims that it is made of.

A notice is one JSON object in its canonical spelling (``detente.notices.codec``), the body of one entry of a
line or a file of its own. These structs are the one source of truth: the JSON Schema under spec/notices, the
templates and the texts are made from them. A constructor does not check; ``codec.encode`` and ``codec.decode``
do. A field that is not stated is absent: never null, never 0.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, TypeVar

import msgspec
from msgspec import Meta

from detente.notices.faults import Fault
from detente.notices.fields import (
    Amount,
    Confidence,
    Count,
    Decimal,
    FieldPath,
    Hash,
    Moment,
    Name,
    PartyId,
    Precedence,
    Reference,
    Slug,
    State,
    Strength,
    Text,
    about,
    term,
)
from detente.notices.shapes import Position, Shape, Vertical

__all__ = [
    "FORMAT",
    "MEDIA_TYPE",
    "Area",
    "Claim",
    "Command",
    "Force",
    "Fulfilment",
    "Mover",
    "Notice",
    "Office",
    "Party",
    "Period",
    "Piece",
    "Radio",
    "Waypoint",
    "Window",
    "listed",
]

PieceT = TypeVar("PieceT")

FORMAT = "detente-notice-1"
MEDIA_TYPE = "application/vnd.detente.notice+json"


class Piece(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A part of a notice; its fields that hold nothing are absent from the bytes."""


class Party(Piece, frozen=True, kw_only=True):
    """Who speaks: a command, a ministry, a risk-reduction centre."""

    id: Annotated[
        PartyId, term("Short name"), about("Small letters, digits, hyphens; on a line the member's name.")
    ]
    name: Annotated[Name, term("Name"), about("The name as the party itself writes it.")]
    state: Annotated[State | None, term("State"), about("ISO 3166-1 alpha-2 code; absent for an alliance.")] = (
        None
    )


class Period(Piece, frozen=True, kw_only=True):
    """From when until when; without an end: until further notice."""

    start: Annotated[Moment, term("from"), about("UTC, as precise as it is known.")]
    end: Annotated[
        Moment | None, term("until"), about("UTC, as precise as it is known; absent: until further notice.")
    ] = None

    def faults(self) -> list[Fault]:
        """Return that it ends before it starts."""
        return Fault.order("end", self.start, self.end)


class Window(Piece, frozen=True, kw_only=True):
    """When an announced danger holds: a period whose ends may be open on either side."""

    start: Annotated[
        Moment | None, term("from"), about("UTC, as precise as it is known; absent: already in force.")
    ] = None
    end: Annotated[
        Moment | None, term("until"), about("UTC, as precise as it is known; absent: until further notice.")
    ] = None
    alternate: Annotated[bool, term("in reserve"), about("True for a window held in reserve.")] = False

    def faults(self) -> list[Fault]:
        """Return that it ends before it starts."""
        return Fault.order("end", self.start, self.end)


class Area(Piece, frozen=True, kw_only=True):
    """A place on the earth and, where it is stated, between which heights."""

    shape: Annotated[
        Shape, term("Shape"), about("Polygon, circle, corridor, arcs, point, coast or name (WGS 84).")
    ]
    name: Annotated[Name | None, term("Name"), about("The area's name, or the number of a training ground.")] = (
        None
    )
    vertical: Annotated[
        Vertical | None, term("Height"), about("Lower and upper limit, each with unit and datum.")
    ] = None


class Claim(Piece, frozen=True, kw_only=True):
    """Something said about others: who says so, when, where it was read, and how sure its author is."""

    said_by: Annotated[
        Name, term("Said by"), about("Who says so: a ministry, a newspaper, a person with office.")
    ]
    said_at: Annotated[Moment, term("Said at"), about("When it was said, UTC, as precise as it is known.")]
    read_in: Annotated[Name, term("Read in"), about("Where it was read: title, address or document number.")]
    read_at: Annotated[Moment, term("Read at"), about("When it was read there, UTC.")]
    confidence: Annotated[
        Confidence, term("How sure"), about("How sure this notice's author is: confirmed down to doubtful.")
    ]
    page: Annotated[Name | None, term("Page"), about("Page, paragraph or time mark in that source.")] = None
    concerns: Annotated[
        FieldPath | None, term("Concerns"), about("The field that rests on it; absent: the whole notice.")
    ] = None


class Fulfilment(Piece, frozen=True, kw_only=True):
    """The obligation that a notice is meant to meet."""

    agreement: Annotated[Slug, term("Agreement"), about("The agreement's short name, such as vd11.")]
    clause: Annotated[Name, term("Clause"), about("The clause or paragraph, as the agreement's file names it.")]
    agreement_hash: Annotated[
        Hash | None, term("Agreement's hash"), about("SHA-256 of the agreement's file that it was judged under.")
    ] = None


class Command(Piece, frozen=True, kw_only=True):
    """Who commands an activity, and on which level."""

    level: Annotated[
        Literal[
            "general_staff", "theatre", "fleet", "army", "corps", "division", "brigade", "regiment", "battalion"
        ],
        term("Level"),
        about("The level of command that organises and directs the activity."),
    ]
    name: Annotated[Name | None, term("Headquarters"), about("The headquarters or office in command.")] = None
    state: Annotated[State | None, term("State"), about("ISO 3166-1 alpha-2 code of the commander's state.")] = (
        None
    )


class Radio(Piece, frozen=True, kw_only=True):
    """How to be called: a frequency or channel, and the call sign that answers."""

    call_sign: Annotated[Name, term("Call sign"), about("The call sign that answers.")]
    frequency_khz: Annotated[Decimal | None, term("Frequency, kHz"), about("Frequency in kilohertz.")] = None
    channel: Annotated[
        Name | None, term("Channel"), about("The channel's usual name, such as VHF 16 (ITU Radio Regulations).")
    ] = None
    language: Annotated[
        Literal["en", "ru"] | None, term("Language"), about("The language spoken there, ISO 639-1.")
    ] = None

    def faults(self) -> list[Fault]:
        """Return that there is nothing to tune to, where there is not."""
        return [] if self.frequency_khz or self.channel else [Fault.missing("frequency_khz")]


class Office(Piece, frozen=True, kw_only=True):
    """An office that takes part in a contact, and who held it then."""

    title: Annotated[Name, term("Office"), about("The office: SACEUR, Chief of the General Staff.")]
    state: Annotated[State | None, term("State"), about("ISO 3166-1 alpha-2 code; absent for an alliance.")] = (
        None
    )
    party: Annotated[PartyId | None, term("Party"), about("The party whose office it is.")] = None
    holder: Annotated[Name | None, term("Held by"), about("Who held the office at that time, rank and name.")] = (
        None
    )


class Force(Piece, frozen=True, kw_only=True):
    """Forces of one state in an activity: numbers of what, at the peak of the activity, and on whose word.

    A number that is absent is not stated; 0 is a statement. What a number counts stands at its field. Numbers
    about another state's forces are observed or estimated, and carry the claim that they rest on.
    Source of what is counted: Vienna Document 2011, chapters V to VII (forms of notification).
    """

    state: Annotated[State, term("State"), about("ISO 3166-1 alpha-2 code of the state whose forces they are.")]
    designation: Annotated[Name | None, term("Formation"), about("Name and subordination of the formation.")] = (
        None
    )
    basis: Annotated[
        Literal["declared", "observed", "estimated"],
        term("Basis"),
        about("Declared by the state itself (as if absent), observed, or estimated by the author."),
    ] = "declared"
    claim: Annotated[Claim | None, term("Claim"), about("What observed or estimated numbers rest on.")] = None
    troops: Annotated[
        Strength | None, term("Troops"), about("Persons under arms, support troops included, at the peak.")
    ] = None
    troops_at_most: Annotated[
        Strength | None,
        term("Troops at most"),
        about("Upper end when the number of persons is a range; troops is then its lower end."),
    ] = None
    divisions: Annotated[Amount | None, term("Divisions"), about("Number of divisions.")] = None
    brigades: Annotated[
        Amount | None,
        term("Brigades and regiments"),
        about("Number of brigades and regiments, not in divisions."),
    ] = None
    battle_tanks: Annotated[Amount | None, term("Battle tanks"), about("Number of battle tanks.")] = None
    armoured_combat_vehicles: Annotated[
        Amount | None, term("Armoured combat vehicles"), about("Number of armoured combat vehicles.")
    ] = None
    anti_tank_vehicles: Annotated[
        Amount | None,
        term("Anti-tank missile launchers on armoured vehicles"),
        about("Number of anti-tank guided missile launchers mounted on armoured vehicles."),
    ] = None
    artillery_pieces: Annotated[
        Amount | None,
        term("Artillery pieces"),
        about(
            "Number of guns, mortars and multiple rocket launchers of 100 mm and above, towed or self-propelled."
        ),
    ] = None
    combat_helicopters: Annotated[Amount | None, term("Combat helicopters"), about("Number of helicopters.")] = (
        None
    )
    combat_aircraft: Annotated[
        Amount | None, term("Combat aircraft"), about("Number of fixed-wing aircraft.")
    ] = None
    fixed_wing_sorties: Annotated[
        Amount | None,
        term("Sorties of aircraft"),
        about("Number of fixed-wing sorties expected; no helicopters."),
    ] = None
    ships: Annotated[Amount | None, term("Ships"), about("Number of surface ships of war and auxiliaries.")] = (
        None
    )
    submarines: Annotated[Amount | None, term("Submarines"), about("Number of submarines.")] = None
    amphibious_ships: Annotated[Amount | None, term("Landing ships"), about("Number of landing ships.")] = None
    amphibious_troops: Annotated[
        Strength | None, term("Troops landed from sea"), about("Persons in amphibious landings.")
    ] = None
    airborne_troops: Annotated[
        Strength | None,
        term("Troops landed from the air"),
        about("Persons in parachute drops and heliborne landings."),
    ] = None

    def faults(self) -> list[Fault]:
        """Return what contradicts itself in these numbers."""
        found = []
        if self.basis != "declared" and self.claim is None:
            found.append(Fault.missing("claim"))
        if self.troops_at_most is not None and (self.troops is None or self.troops_at_most <= self.troops):
            found.append(Fault.not_above("troops_at_most", "troops"))
        return found


class Mover(Piece, frozen=True, kw_only=True):
    """Ships, aircraft or columns of one type that move together, or one of them."""

    type: Annotated[Name, term("Type"), about("Class or type: destroyer, Il-20, motorised column.")]
    state: Annotated[State | None, term("State"), about("Flag or nationality, ISO 3166-1 alpha-2 code.")] = None
    name: Annotated[Name | None, term("Name"), about("Name, hull or tail number.")] = None
    call_sign: Annotated[Name | None, term("Call sign"), about("Radio call sign.")] = None
    count: Annotated[Count | None, term("Number"), about("How many of them; absent: one.")] = None
    displacement_t: Annotated[
        Annotated[int, Meta(ge=1, le=1_000_000)] | None,
        term("Displacement, t"),
        about("Standard displacement of each ship in tonnes (Montreux Convention 1936, Annex II)."),
    ] = None
    mmsi: Annotated[
        Annotated[int, Meta(ge=0, le=999_999_999)] | None,
        term("MMSI"),
        about("Maritime identity, nine digits as a number (ITU-R M.585)."),
    ] = None
    icao24: Annotated[
        Annotated[str, Meta(pattern=r"^[0-9a-f]{6}$")] | None,
        term("ICAO address"),
        about("24-bit aircraft address, six hexadecimal digits (ICAO Annex 10, Volume III)."),
    ] = None


class Waypoint(Piece, frozen=True, kw_only=True):
    """A place on a route and when it is passed."""

    name: Annotated[Name | None, term("Place"), about("The place's name.")] = None
    position: Annotated[Position | None, term("Position"), about("WGS 84, integers of 1e-7 degree.")] = None
    arrives_at: Annotated[Moment | None, term("Arrival"), about("UTC, as precise as it is known.")] = None
    departs_at: Annotated[Moment | None, term("Departure"), about("UTC, as precise as it is known.")] = None

    def faults(self) -> list[Fault]:
        """Return that it is no place, or that it is left before it is reached."""
        found = [] if self.name or self.position else [Fault.missing("position")]
        return found + Fault.order("departs_at", self.arrives_at, self.departs_at)


class Notice(Piece, frozen=True, kw_only=True, tag_field="kind"):
    """What every notice says, whatever its kind.

    The moment at which a notice was said, for a deadline, is the interval that its line gives it: ``issued_at``
    is the author's own word. ``activity`` joins all notices about one activity, incident or meeting.
    """

    line_only: ClassVar[bool] = False
    """Whether notices of this kind stay on a sealed line of their own and appear in no export."""

    plans: ClassVar[bool] = False
    """Whether notices of this kind speak of what is still to come when they are made."""

    format: Annotated[Literal["detente-notice-1"], term("Format"), about("Always detente-notice-1.")] = (
        msgspec.field(default_factory=lambda: "detente-notice-1")  # always written, so that a reader knows
    )
    title: Annotated[Name, term("Subject"), about("What the notice is about, in one line.")]
    author: Annotated[Party, term("From"), about("The party that says it.")]
    issued_at: Annotated[Moment, term("Issued at"), about("By the author's own clock, UTC.")]
    number: Annotated[Name | None, term("Number"), about("The author's own number of this notice.")] = None
    precedence: Annotated[
        Precedence, term("Precedence"), about("How urgently it is to be handled; routine when absent.")
    ] = "routine"
    addressees: Annotated[
        tuple[PartyId, ...],
        Meta(max_length=64),
        term("To"),
        about("Short names of the parties addressed; absent: every member of the line."),
    ] = ()
    activity: Annotated[
        Slug | None,
        term("Activity"),
        about("One short name for all notices about one activity, incident or meeting, such as zapad-2017."),
    ] = None
    references: Annotated[
        tuple[Reference, ...],
        Meta(max_length=64),
        term("Reference"),
        about("Entries of the line (west/4) or ids of notices that this one goes with."),
    ] = ()
    fulfils: Annotated[
        tuple[Fulfilment, ...],
        Meta(max_length=32),
        term("Fulfils"),
        about("The obligations that it is meant to meet."),
    ] = ()
    sources: Annotated[
        tuple[Claim, ...],
        Meta(max_length=64),
        term("Sources"),
        about("What it says about others: who says so, when, where it was read, how sure."),
    ] = ()
    remarks: Annotated[Text | None, term("Remarks"), about("Anything else, in the author's own language.")] = None
    critical: Annotated[
        tuple[FieldPath, ...],
        Meta(max_length=16),
        term("Must be understood"),
        about("Fields that a reader must know: one that does not know them refuses the notice."),
    ] = ()

    def faults(self) -> list[Fault]:
        """Return what this kind of notice cannot mean, each with its field; the fields themselves are right."""
        return []

    def places(self) -> list[tuple[str, Area | Position]]:
        """Return the areas and positions that a map would show, each with its field's path."""
        return []

    def times(self) -> list[tuple[str, Period | Window]]:
        """Return the periods that a calendar would show, each with its field's path."""
        return []


def listed(path: str, items: tuple[PieceT, ...]) -> list[tuple[str, PieceT]]:
    """Return the items of a list field, each with its path: ("areas[0]", ...)."""
    return [(f"{path}[{index}]", item) for index, item in enumerate(items)]
