"""What a scenario's file says, name by name. The file is TOML; docs/scenarios.md explains it to who writes one.

Times of the scenario are TOML dates without quotation marks. Durations are texts such as "90 s", "5 min", "2 h".
Positions are texts such as "55-22.0N 017-26.0E".
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

__all__ = [
    "DO",
    "EXPECT",
    "Accounts",
    "Alarmed",
    "Apart",
    "Backup",
    "Cards",
    "CarriedBy",
    "CarryFolder",
    "CutLink",
    "Encountered",
    "EndWatch",
    "Expectation",
    "Export",
    "Found",
    "Hidden",
    "KeepWatch",
    "Kill",
    "LineOf",
    "MendLink",
    "Mover",
    "OpenLine",
    "Owed",
    "Pause",
    "Reached",
    "ReleaseDraft",
    "ReplyTo",
    "Restore",
    "Runs",
    "SameRecord",
    "SayNotice",
    "Scenario",
    "Scene",
    "SearchTracks",
    "Side",
    "Start",
    "Step",
    "Tamper",
    "Unread",
    "Verified",
    "Watch",
    "Waypoint",
]

SCENES_MAX = 100
"""Scenes of one scenario."""
STEPS_MAX = 200
"""Steps of one scene."""
MOVERS_MAX = 500
"""Ships and aircraft of one scenario."""
SIDES_MAX = 16
"""Sides of one scenario: each is a node of its own, with four processes."""

Name = Annotated[str, Meta(pattern=r"\A[a-z][a-z0-9-]{0,30}\Z")]
Handle = Annotated[str, Meta(pattern=r"\A[a-z][a-z0-9-]{0,60}\Z")]
Text = Annotated[str, Meta(min_length=1, max_length=2_000)]
Place = Annotated[str, Meta(min_length=3, max_length=60)]
State = Annotated[str, Meta(pattern=r"\A[A-Z]{2}\Z")]
Id = Annotated[str, Meta(pattern=r"\A(mmsi:[0-9]{9}|icao24:[0-9a-f]{6})\Z")]
File = Annotated[str, Meta(pattern=r"\A[A-Za-z0-9][A-Za-z0-9._-]{0,80}\Z")]


class _Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class LineOf(_Table, frozen=True, kw_only=True):
    """The line: always a training line. humanitarian: its name then begins with "humanitarian"."""

    name: Name
    test_every: str = "1 h"


class Side(_Table, frozen=True, kw_only=True):
    """A side with a node of its own. observer: it mirrors and confirms, and says nothing.

    officers: synthetic people who write and release; two_people: kinds of notices that two of them release.
    """

    name: Text
    state: State | None = None
    observer: bool = False
    officers: Annotated[tuple[Text, ...], Meta(max_length=10)] = ()
    two_people: Annotated[tuple[Text, ...], Meta(max_length=30)] = ()


class Waypoint(_Table, frozen=True, kw_only=True):
    """Where a mover is at a moment. speed_kn: how fast it comes here from the point before, instead of a time."""

    position: Place
    at: datetime | None = None
    speed_kn: Annotated[float, Meta(gt=0, le=2_000)] | None = None
    altitude_ft: Annotated[float, Meta(ge=0, le=100_000)] | None = None


class Mover(_Table, frozen=True, kw_only=True):
    """A ship or an aircraft on its way. side: absent for a third party. every: how often it is heard."""

    id: Id
    name: Annotated[str, Meta(pattern=r"\ASYNTHETIC [A-Z0-9 ]{1,30}\Z")]
    way: Annotated[tuple[Waypoint, ...], Meta(min_length=1, max_length=500)]
    side: Name | None = None
    every: str = "2 s"
    moored: bool = False


class Watch(_Table, frozen=True, kw_only=True):
    """Within what the search lists an encounter, live and in the archive: at least what was agreed."""

    within: str = "1300m"
    vertical: str = "1000ft"


# ---- what is done -----------------------------------------------------------------------------------------------


class Step(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every step may say. at: the scenario's moment to wait for; note: a sentence for the story."""

    at: datetime | None = None
    note: str = ""


class Cards(Step, frozen=True, kw_only=True):
    """Everybody founds a home, hands over the card and reads its fingerprint aloud."""


class OpenLine(Step, frozen=True, kw_only=True):
    """Everybody joins, hands over certificates, starts its node; officers enrol their passkeys."""


class SayNotice(Step, frozen=True, kw_only=True):
    """A side says a notice. by: who releases it, in order; called: its handle in later steps.

    announced_as: the text of a civil office that goes with it, read by the other side as such a text.
    refused: it must be refused, with this in the reason.
    """

    who: Name
    notice: Handle
    by: tuple[Text, ...] = ()
    called: Handle | None = None
    answers: Handle | None = None
    announced_as: Literal["notam", "warning"] | None = None
    refused: str = ""


class ReplyTo(Step, frozen=True, kw_only=True):
    """A side answers what another said."""

    who: Name
    to: Handle
    reply: Literal["read", "understood", "accepted", "refused", "question", "answer"]
    text: str = ""
    by: tuple[Text, ...] = ()
    called: Handle | None = None


class ReleaseDraft(Step, frozen=True, kw_only=True):
    """Officers look at the machine's draft of an incident between two movers, and release it with its evidence."""

    who: Name
    between: Annotated[tuple[Id, ...], Meta(min_length=2, max_length=2)]
    called: Handle
    by: tuple[Text, ...] = ()
    within: str = "60 s"


class KeepWatch(Step, frozen=True, kw_only=True):
    """A side begins to keep watch: the movers of this scenario are heard from this moment on.

    areas: handles of what was said whose areas are watched.
    """

    who: Name
    areas: tuple[Handle, ...] = ()


class EndWatch(Step, frozen=True, kw_only=True):
    """The watch ends in order."""

    who: Name


class CutLink(Step, frozen=True, kw_only=True):
    """The link between two sides carries nothing more."""

    between: Annotated[tuple[Name, ...], Meta(min_length=2, max_length=2)]


class MendLink(Step, frozen=True, kw_only=True):
    """The link between two sides carries again."""

    between: Annotated[tuple[Name, ...], Meta(min_length=2, max_length=2)]


class CarryFolder(Step, frozen=True, kw_only=True):
    """Somebody goes to and fro with the bundles that wait in the folders of two sides, until their link is mended."""

    between: Annotated[tuple[Name, ...], Meta(min_length=2, max_length=2)]


class Backup(Step, frozen=True, kw_only=True):
    """A side makes a backup of its home."""

    who: Name
    called: Handle


class Restore(Step, frozen=True, kw_only=True):
    """A side loses its home and comes back with an older backup."""

    who: Name
    called: Handle


class Kill(Step, frozen=True, kw_only=True):
    """A program of a side dies at once; what supervises it starts it anew, or "all": nothing runs until ``start``."""

    who: Name
    program: Literal["signer", "node", "desk", "all"] = "node"


class Pause(Step, frozen=True, kw_only=True):
    """A program of a side stands still for a while of real time."""

    who: Name
    real: str
    program: Literal["signer", "node", "desk"] = "node"


class Start(Step, frozen=True, kw_only=True):
    """A side's node is started again. clock: its programs then live so much earlier ("-") or later."""

    who: Name
    clock: str = ""


class Export(Step, frozen=True, kw_only=True):
    """A side writes its whole record, or the proof of one notice, for a third party."""

    who: Name
    file: File
    of: Handle | None = None


class Tamper(Step, frozen=True, kw_only=True):
    """Somebody copies a file and changes one letter of what was said in it."""

    file: File
    copy: File


class SearchTracks(Step, frozen=True, kw_only=True):
    """The archive search runs over the tracks that a side recorded; its report is written."""

    who: Name
    report: File = "report.html"
    encounters: File = "encounters.geojson"


DO: dict[str, type[Step]] = {
    "cards": Cards,
    "open-line": OpenLine,
    "say": SayNotice,
    "reply": ReplyTo,
    "release-draft": ReleaseDraft,
    "keep-watch": KeepWatch,
    "end-watch": EndWatch,
    "cut-link": CutLink,
    "mend-link": MendLink,
    "carry-folder": CarryFolder,
    "backup": Backup,
    "restore": Restore,
    "kill": Kill,
    "pause": Pause,
    "start": Start,
    "export": Export,
    "tamper": Tamper,
    "search-tracks": SearchTracks,
}
"""What may stand behind ``do``."""


# ---- what must then be true -------------------------------------------------------------------------------------


class Expectation(Step, frozen=True, kw_only=True):
    """What every expectation may say. within: how long it is waited for, in real time."""

    within: str = "30 s"


class Reached(Expectation, frozen=True, kw_only=True):
    """How far a notice is with others. to: these sides; everybody else who can answer, when left out."""

    what: Handle
    state: Literal["delivered", "read", "answered"] = "delivered"
    to: tuple[Name, ...] = ()


class Owed(Expectation, frozen=True, kw_only=True):
    """What an agreement says of a notice, seen at a side's desk. told: met, late or undecidable; absent: any."""

    who: Name
    what: Handle
    agreement: Handle
    clause: Handle
    outcome: Literal["owed", "norm", "beyond", "undecidable", "counted"] | None = None
    told: Literal["met", "late", "missing", "open", "undecidable", "no_time"] | None = None


class Encountered(Expectation, frozen=True, kw_only=True):
    """An encounter at a side's desk, found live. b: absent for a mover in an area."""

    who: Name
    a: Id
    b: Id | None = None
    area: str = ""
    closer_than_m: Annotated[float, Meta(gt=0)] | None = None


class Apart(Expectation, frozen=True, kw_only=True):
    """No encounter of these two is at a side's desk."""

    who: Name
    a: Id
    b: Id


class Accounts(Expectation, frozen=True, kw_only=True):
    """The accounts of these sides stand side by side at a desk: of an incident, or readouts of a contact."""

    who: Name
    of: Literal["incident", "contact"]
    sides: Annotated[tuple[Name, ...], Meta(min_length=1)]
    title: str = ""


class Alarmed(Expectation, frozen=True, kw_only=True):
    """An alarm of this name at a side's node, or none of it."""

    who: Name
    name: Text
    absent: bool = False


class SameRecord(Expectation, frozen=True, kw_only=True):
    """The record of these sides is the same, every notice of this scenario in it exactly once. sides: all members."""

    sides: tuple[Name, ...] = ()


class Runs(Expectation, frozen=True, kw_only=True):
    """A side's line is in this state."""

    who: Name
    state: Literal["running", "refilling", "halted"] = "running"


class CarriedBy(Expectation, frozen=True, kw_only=True):
    """Which courier of a side to another works now."""

    who: Name
    to: Name
    courier: Literal["https", "folder"]


class Verified(Expectation, frozen=True, kw_only=True):
    """What the verifier, a separate program, says of a file."""

    file: File
    accepted: bool = True


class Found(Expectation, frozen=True, kw_only=True):
    """What the archive search found in the recorded tracks: the same encounter."""

    a: Id
    b: Id
    encounters: File = "encounters.geojson"
    closer_than_m: Annotated[float, Meta(gt=0)] | None = None


class Hidden(Expectation, frozen=True, kw_only=True):
    """No map, calendar or export of a side shows this notice, as it must be with humanitarian ones."""

    who: Name
    what: Handle


class Unread(Expectation, frozen=True, kw_only=True):
    """An observer holds this notice's entry and none of its text."""

    who: Name
    what: Handle


EXPECT: dict[str, type[Step]] = {
    "reached": Reached,
    "owed": Owed,
    "encounter": Encountered,
    "no-encounter": Apart,
    "accounts": Accounts,
    "alarm": Alarmed,
    "same-record": SameRecord,
    "line": Runs,
    "courier": CarriedBy,
    "verifier": Verified,
    "found-in-tracks": Found,
    "hidden": Hidden,
    "unread": Unread,
}
"""What may stand behind ``expect``."""


class Scene(_Table, frozen=True, kw_only=True):
    """A part of the story. begins: where the scenario's clock leaps to; absent: it goes on as it runs."""

    title: Text
    steps: tuple[Step, ...]
    begins: datetime | None = None
    about: str = ""


class Scenario(_Table, frozen=True, kw_only=True):
    """A whole scenario. training, synthetic: both must be stated, and true."""

    format: Literal[1]
    title: Text
    training: bool
    synthetic: bool
    line: LineOf
    sides: dict[str, Side]
    scenes: Annotated[tuple[Scene, ...], Meta(min_length=1, max_length=SCENES_MAX)]
    about: str = ""
    movers: Annotated[tuple[Mover, ...], Meta(max_length=MOVERS_MAX)] = ()
    watch: Watch = Watch()
    notices: dict[str, dict[str, Any]] = {}
