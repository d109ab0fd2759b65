"""Facts out of notices: what is stated is known, what is not stays unknown.

Method: notices as structs, one question each; and every kind's own full example goes through.
"""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from detente.notices import kinds
from detente.notices.examples import EXAMPLES
from detente.notices.filed import Delivery, Filed, Told, filed_alone
from detente.notices.notice import Area, Command, Force, Mover, Notice, Party, Period, Window
from detente.notices.shapes import Circle, Polygon, Position
from detente.rules import shelf
from detente.rules.evaluating import evaluate
from detente.rules.facts import Facts
from detente.rules.reading import facts_of_record
from detente.rules.spans import exactly
from tests.rules.plans import at, span

RED = Party(id="red", name="Red", state="RU")
HERE = Position(lat_e7=570000000, lon_e7=190000000)
RING = (HERE, Position(lat_e7=570000000, lon_e7=200000000), Position(lat_e7=560000000, lon_e7=200000000))
LONG = Period(start="2018-04-04T06:00Z", end="2018-04-06T06:00Z")


def facts(notice: Notice, *others: Notice) -> Facts:
    return facts_of_record([filed_alone(one, f"n{index}") for index, one in enumerate((notice, *others))])[0]


def exercise(**more: Any) -> kinds.Exercise:
    given: dict[str, Any] = {
        "title": "t",
        "author": RED,
        "issued_at": "2018-03-01",
        "activity_type": "other",
        "period": LONG,
    }
    return kinds.Exercise(**{**given, **more})


def movement(**more: Any) -> kinds.Movement:
    given: dict[str, Any] = {
        "title": "t",
        "author": RED,
        "issued_at": "2018-03-01",
        "mode": "sea",
        "period": LONG,
    }
    return kinds.Movement(**{**given, **more})


@pytest.mark.parametrize("kind", EXAMPLES)
def test_every_kind_has_its_facts_and_a_verdict_for_every_clause(kind: str) -> None:
    agreements = shelf.shelved()
    example: Any = EXAMPLES[kind]
    plan = facts(example)
    assert plan.kind == kind
    [judged] = evaluate([plan], agreements)
    for one in judged:
        assert [each.clause for each in one.verdicts] == list(one.agreement.clauses)
        for each in one.verdicts:
            assert each.outcome != "undecidable" or each.missing


def test_numbers_of_all_forces_add_up_and_one_not_stated_bounds_from_below() -> None:
    plan = facts(
        exercise(
            forces=(
                Force(state="RU", troops=5500, battle_tanks=110, ships=0),
                Force(state="BY", troops=7000, troops_at_most=7200, battle_tanks=140, designation="1st"),
                Force(state="BY", troops=10, combat_helicopters=4),
            )
        )
    )
    assert plan.ranges["troops"] == (12510, 12710)
    assert plan.ranges["battle_tanks"] == (250, None)
    assert plan.ranges["combat_helicopters"] == (4, None)
    assert "ships" not in plan.values
    assert "ships" not in plan.ranges
    assert plan.states == ("RU", "BY")
    assert plan.formations == ("1st",)
    assert facts(exercise(forces=(Force(state="RU", troops=0),))).values["troops"] == 0
    assert facts(exercise()).ranges == {}


def test_marks_that_are_not_stated_are_not_known() -> None:
    bare = facts(exercise())
    assert bare.values == {"activity_type": "other", "duration_hours": 48}
    full = facts(
        exercise(
            single_command=True,
            brigade_structure=False,
            without_notice=True,
            designation="Storm",
            command=Command(level="army", name="Joint HQ"),
            period=Period(start="2018-04-04"),
        )
    )
    assert full.values["single_command"] is True
    assert full.values["divisional_structure"] is False
    assert full.values["alert_without_notice"] is True
    assert (full.name, full.command, full.end) == ("Storm", "Joint HQ", None)
    assert "duration_hours" not in full.values
    assert facts(exercise(command=Command(level="army"))).command == ""


def test_a_transit_counts_its_days_ships_and_tons() -> None:
    frigate = Mover(type="frigate", displacement_t=4200, count=2)
    plan = facts(
        movement(
            strait="Bosphorus and Dardanelles",
            outward_at="2018-05-01T06:00Z",
            return_at="2018-05-23T06:00Z",
            movers=(frigate,),
        )
    )
    assert plan.values["stay_days"] == 22
    assert (plan.values["ships"], plan.values["tonnage"], plan.values["warship"]) == (2, 8400, True)
    assert plan.values["passage"] == "turkish_straits"
    assert plan.start == span("2018-05-01T06:00Z")


def test_a_movement_that_says_less_is_known_less() -> None:
    other = facts(movement(strait="Great Belt", forces=(Force(state="RU", ships=3),)))
    assert (other.values["passage"], other.values["ships"], other.values["warship"]) == ("other", 3, True)
    sea = facts(movement(movers=(Mover(type="tug"),)))
    assert "passage" not in sea.values
    assert "warship" not in sea.values
    assert "tonnage" not in sea.values
    land = facts(movement(mode="rail", forces=(Force(state="RU", troops=9000),)))
    assert (land.values["passage"], land.values["warship"]) == ("none", False)


def area(**more: Any) -> kinds.DangerArea:
    given: dict[str, Any] = {
        "title": "t",
        "author": RED,
        "issued_at": "2018-03-29T10:00Z",
        "activity_kind": "missile",
        "areas": (Area(shape=Polygon(ring=RING)),),
        "windows": (Window(start="2018-04-05", end="2018-04-06"), Window(start="2018-04-04T06:00Z")),
    }
    return kinds.DangerArea(**{**given, **more})


def test_an_area_begins_with_its_first_window_and_ends_when_all_do() -> None:
    plan = facts(area(system="navigational_warning"))
    assert plan.start == span("2018-04-04T06:00Z")
    assert plan.end is None
    assert plan.windows == (
        (at("2018-04-05T00:00:00"), at("2018-04-07T00:00:00")),
        (at("2018-04-04T06:00:00"), None),
    )
    assert plan.values == {"place": "sea"}
    assert len(plan.places) == 3
    closed = facts(area(windows=(Window(end="2018-04-06"),)))
    assert (closed.start, closed.end, closed.windows, closed.values) == (None, span("2018-04-06"), (), {})
    assert facts(area()).outline == facts(area(title="other")).outline


def test_many_corners_are_thinned() -> None:
    many = tuple(Position(lat_e7=560000000 + 1000 * number, lon_e7=190000000) for number in range(500))
    assert 0 < len(facts(area(areas=(Area(shape=Polygon(ring=many)),))).places) <= 64


def test_states_are_learnt_from_authors_and_from_codes() -> None:
    blue = Party(id="blue", name="Blue", state="LV")
    plan = facts(exercise(addressees=("blue", "se", "nato", "lv")), exercise(author=blue))
    assert plan.asked == ("LV", "SE")


def launch(**more: Any) -> kinds.Launch:
    given: dict[str, Any] = {"title": "t", "author": RED, "issued_at": "2018-03-29T10:00Z", "window": LONG}
    return kinds.Launch(**{**given, **more})


def test_a_launch_says_its_class_and_a_submarine_is_at_sea() -> None:
    plan = facts(launch(vehicle="slbm", range_km=8000, apogee_km=1200))
    assert plan.values == {
        "launch_class": "slbm",
        "place": "sea",
        "range_km": 8000,
        "altitude_km": 1200,
        "duration_hours": 48,
    }
    assert "place" not in facts(launch(vehicle="icbm")).values


def incident(**more: Any) -> kinds.Incident:
    given: dict[str, Any] = {
        "title": "t",
        "author": RED,
        "issued_at": "2018-04-05",
        "incident_type": "close_approach",
        "happened_at": "2018-04-04T23:00Z",
        "account": "a",
        "position": HERE,
    }
    return kinds.Incident(**{**given, **more})


def test_an_incident_knows_night_by_the_sun_and_never_claims_good_visibility() -> None:
    night = facts(incident(distance_m=3000, own=(Mover(type="frigate", mmsi=273000000),)))
    assert night.values["night_or_bad_visibility"] is True
    assert (night.values["distance_m"], night.values["place"]) == (3000, "sea")
    day = facts(incident(happened_at="2018-04-04T10:00Z", others=(Mover(type="jet", icao24="abcdef"),)))
    assert "night_or_bad_visibility" not in day.values
    assert day.values["place"] == "air"
    vague = facts(incident(happened_at="2018-04-04", incident_type="laser"))
    assert "night_or_bad_visibility" not in vague.values
    assert (vague.values["lasers"], vague.values["territory_entered"]) == (True, False)
    assert "place" not in vague.values


def visit(**more: Any) -> kinds.VisitRequest:
    given: dict[str, Any] = {
        "title": "t",
        "author": Party(id="fi", name="Finland", state="FI"),
        "issued_at": "2019-05-03T06:00Z",
        "visit": "inspection",
        "state": "RU",
    }
    return kinds.VisitRequest(**{**given, **more})


def test_visits_of_a_year_are_numbered_in_the_order_of_the_requests() -> None:
    requests = [
        visit(issued_at="2019-05-03T06:00Z"),
        visit(issued_at="2019-02-03T06:00Z"),
        visit(issued_at="2018-02-03T06:00Z"),
    ]
    invitation = visit(
        visit="observation",
        invitation=True,
        addressees=("fi",),
        arrives_at="2019-06-01",
        team_size=2,
        period=LONG,
    )
    found = facts_of_record([filed_alone(one, f"{index}") for index, one in enumerate([*requests, invitation])])
    assert [one.values.get("visits_this_year") for one in found] == [2, 1, 1, None]
    assert [one.values.get("visits_of_one_this_year") for one in found] == [2, 1, 1, None]
    stateless = msgspec.structs.replace(
        requests[0], author=msgspec.structs.replace(requests[0].author, state=None)
    )
    [alone] = facts_of_record([filed_alone(stateless, "s")])
    assert (alone.values["visits_this_year"], alone.values.get("visits_of_one_this_year")) == (1, None)
    assert found[0].asked == ("RU",)
    assert found[3].asked == ("FI",)
    assert found[3].start == span("2019-06-01")
    assert found[3].values["inspectors"] == 2


def test_a_visit_knows_the_units_that_the_state_visited_reported_for_its_year() -> None:
    russia = Party(id="ru", name="R", state="RU")
    exchange = kinds.AnnualExchange(
        title="X", author=russia, issued_at="2018-12-10", year=2019, units_reported=130
    )
    empty = kinds.AnnualExchange(title="X", author=russia, issued_at="2017-12-10", year=2018, nothing_held=True)
    tables = kinds.AnnualExchange(title="X", author=russia, issued_at="2016-12-10", year=2017, given_in="a book")
    requests = [visit(issued_at=f"{year}-02-03T06:00Z", visit="evaluation") for year in (2019, 2018, 2017)]
    found = facts_of_record(
        [filed_alone(one, f"{index}") for index, one in enumerate([exchange, empty, tables, *requests])]
    )
    assert [one.values.get("units_reported") for one in found] == [130, 0, None, 130, 0, None]
    assert found[0].year == 2019


def test_a_stay_beyond_a_strait_ends_with_the_passage_back_or_nobody_knows_when() -> None:
    period = Period(start="2018-05-01", end="2018-05-03")
    given: dict[str, Any] = {
        "title": "X", "author": Party(id="fr", name="F", state="FR"), "issued_at": "2018-04-01", "mode": "sea",
        "period": period, "strait": "Bosphorus", "outward_at": "2018-05-02",
        "movers": (Mover(type="frigate", count=1),),
    }  # fmt: skip
    gone = facts(kinds.Movement(**given))
    back = facts(kinds.Movement(**given, return_at="2018-05-20"))
    assert (gone.start, gone.end) == (span("2018-05-02"), None)
    assert back.end == span("2018-05-20")


def test_a_request_reaches_when_the_record_says_so_else_when_it_was_said() -> None:
    request = visit()
    told = Told(
        not_before=at("2019-05-03T06:00:00"),
        not_before_clock="fi",
        not_after=at("2019-05-03T06:05:00"),
        not_after_clock="witness",
        author_clock=at("2019-05-03T06:00:00"),
    )
    delivered = Delivery(party="ru", state="delivered", at=at("2019-05-03T07:00:00"), clock="ru")
    elsewhere = Delivery(party="se", state="delivered", at=at("2019-05-03T06:30:00"), clock="se")
    [one] = facts_of_record(
        [Filed(notice=request, ref="r", told=told, deliveries=(elsewhere, delivered), from_line=True)]
    )
    assert one.requested == exactly(at("2019-05-03T07:00:00"))
    assert one.told is not None
    assert one.told.not_after_clock == "witness"
    [one] = facts_of_record([Filed(notice=request, ref="r", told=told)])
    assert one.requested is not None
    assert one.requested.latest == at("2019-05-03T06:05:00")
    [one] = facts_of_record([Filed(notice=request, ref="r")])
    assert (one.told, one.requested) == (None, None)
    open_ended = Told(author_clock=at("2019-05-03T06:00:00"))
    [one] = facts_of_record([Filed(notice=request, ref="r", told=open_ended)])
    assert one.requested is None


def test_a_position_alone_is_a_place() -> None:
    assert facts(incident()).places[0] == (57.0, 19.0)
    round_area = facts(area(areas=(Area(shape=Circle(centre=HERE, radius_m="1000")),)))
    assert round_area.places == ((57.0, 19.0),)
    assert msgspec.structs.asdict(facts(incident()))["kind"] == "incident"
