"""When an alarm is told, told again, handed on and settled: the rules, without clock, disk or network."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from detente.line.effects import Alarm, Priority
from detente.node.alarms import rules
from detente.node.settings.structs import AlarmSettings, Duty, EscalationSettings, Settings, SmtpSettings
from detente.store.alarms import Delivery, KeptAlarm

DAY_MS = 86_400_000
NOON_MS = DAY_MS // 2
SETTINGS = Settings(
    alarms=AlarmSettings(
        webhook="https://hook.example/a",
        smtp=SmtpSettings(host="mail", from_="a@b.c", to=("d@e.f",)),
        again_s=600,
    ),
    duty=(
        Duty(name="day", mail="day@e.f", from_hour=6, to_hour=18),
        Duty(name="night", mail="night@e.f", webhook="https://hook.example/n", from_hour=18, to_hour=6),
        Duty(name="chief", mail="chief@e.f"),
    ),
    escalation=EscalationSettings(flash_s=60, immediate_s=300),
)
SILENT = Alarm("silent", Priority.ALARM, "east", (("count", "1"),))


def told(
    alarm: Alarm = SILENT, now_ms: int = NOON_MS, old: KeptAlarm | None = None, step_s: int = 300
) -> KeptAlarm:
    return rules.raised(old, "baltic-1", alarm, now_ms, SETTINGS, step_s=step_s)


def ways(kept: KeptAlarm) -> list[tuple[str, str]]:
    return [(one.channel, one.person) for one in kept.deliveries if one.due_ms is not None]


def sent(kept: KeptAlarm, now_ms: int, error: str = "") -> KeptAlarm:
    for one in kept.deliveries:
        if one.due_ms is not None:
            kept = rules.attempted(kept, one, now_ms, error)
    return kept


def test_one_alarm_is_told_once_however_often_it_is_raised() -> None:
    first = told()
    assert ways(first) == [("terminal", ""), ("webhook", ""), ("mail", "")]
    quiet = sent(first, NOON_MS)
    counted = told(Alarm("silent", Priority.ALARM, "east", (("count", "2"),)), NOON_MS + 1_000, quiet)
    assert (counted.id, counted.count, counted.detail, ways(counted)) == (first.id, 2, {"count": "2"}, [])
    assert rules.identity("baltic-1", Alarm("silent", Priority.ALARM, "south")) != first.id
    assert rules.identity("arctic-1", SILENT) != first.id
    entry = [rules.identity("", Alarm("unread", Priority.ALARM, "east", (("entry", one),))) for one in "ab"]
    assert len(set(entry)) == 2


def test_it_is_told_again_when_it_grows_graver_even_after_an_acknowledgement() -> None:
    known = rules.acknowledged(sent(told(), NOON_MS), NOON_MS + 1, "watch")
    assert ways(told(SILENT, NOON_MS + 2, known)) == []
    worse = told(Alarm("silent", Priority.EMERGENCY, "east"), NOON_MS + 3, known)
    assert worse.is_open
    assert len(ways(worse)) == 3
    assert worse.told == known.told + 1
    milder = told(Alarm("silent", Priority.CAUTION, "east"), NOON_MS + 4, sent(worse, NOON_MS + 3))
    assert (milder.priority, ways(milder)) == ("emergency", [])


def test_what_nobody_acknowledged_is_told_again_later_and_later() -> None:
    kept, now_ms, pauses = told(), NOON_MS, []
    for _ in range(12):
        kept = sent(kept, now_ms)
        assert kept.again_at_ms is not None
        pauses.append((kept.again_at_ms - now_ms) // 1000)
        assert not rules.wakes(kept, kept.again_at_ms - 1)
        now_ms = kept.again_at_ms
        assert rules.wakes(kept, now_ms)
        kept = rules.again(kept, now_ms, SETTINGS)
        assert len(ways(kept)) == 3
    assert pauses[:4] == [600, 1200, 2400, 4800]
    assert pauses[-1] == 86_400
    assert not rules.wakes(rules.acknowledged(kept, now_ms, ""), now_ms + 10 * DAY_MS)


def test_an_acknowledgement_holds_for_a_day_and_an_end_for_ever() -> None:
    known = rules.acknowledged(told(), NOON_MS, "watch")
    assert not told(SILENT, NOON_MS + DAY_MS - 1, known).is_open
    assert told(SILENT, NOON_MS + DAY_MS, known).is_open
    over = rules.ended(told(), NOON_MS)
    assert (over.is_open, ways(over)) == (False, [])
    assert ways(told(SILENT, NOON_MS + 1, over)) != []


def test_people_on_duty_are_asked_one_after_the_other() -> None:
    kept = told(step_s=300)
    kept = rules.ask_next(kept, NOON_MS, SETTINGS.duty)
    assert (kept.asked, ways(kept)[3:]) == (("day",), [("mail", "day")])
    kept = sent(kept, NOON_MS)
    assert rules.ask_next(kept, NOON_MS + 299_999, SETTINGS.duty) is kept
    kept = rules.ask_next(kept, NOON_MS + 300_000, SETTINGS.duty)
    assert (kept.asked, ways(kept)) == (("day", "chief"), [("mail", "chief")])
    kept = rules.ask_next(sent(kept, NOON_MS), NOON_MS + 900_000, SETTINGS.duty)
    assert kept.asked == ("day", "chief")  # the night's officer is not on duty at noon
    assert rules.again(kept, NOON_MS + 900_000, SETTINGS).asked == ()
    assert rules.ask_next(rules.acknowledged(told(), NOON_MS, ""), NOON_MS + DAY_MS, SETTINGS.duty).asked == ()
    assert rules.ask_next(told(step_s=0), NOON_MS + DAY_MS, SETTINGS.duty).asked == ()


def test_the_next_person_is_asked_at_once_when_every_way_to_the_one_before_failed() -> None:
    night_ms = DAY_MS - 3_600_000
    kept = rules.ask_next(told(now_ms=night_ms), night_ms, SETTINGS.duty)
    assert kept.asked == ("night",)
    mail, webhook = (
        next(one for one in kept.deliveries if (one.channel, one.person) == (c, "night"))
        for c in ("mail", "webhook")
    )
    kept = rules.attempted(kept, mail, night_ms, "no route")
    assert rules.ask_next(kept, night_ms + 1, SETTINGS.duty) is kept
    kept = rules.attempted(kept, webhook, night_ms, "404")
    assert rules.ask_next(kept, night_ms + 1, SETTINGS.duty).asked == ("night", "chief")


def test_somebody_is_asked_even_where_nobody_is_on_duty() -> None:
    early = (
        Duty(name="a", mail="a@e.f", from_hour=1, to_hour=2),
        Duty(name="b", mail="b@e.f", from_hour=2, to_hour=3),
    )
    assert [one.name for one in rules.on_duty(early, NOON_MS)] == ["a", "b"]
    assert [one.name for one in rules.on_duty(early, 2 * 3_600_000)] == ["b"]
    assert rules.on_duty((), NOON_MS) == []


@given(st.integers(0, 24), st.integers(0, 24), st.integers(0, 23))
def test_hours_of_duty_cover_what_they_say(start: int, end: int, hour: int) -> None:
    person, nobody = Duty(name="a", mail="a@e.f", from_hour=start, to_hour=end), Duty(name="b", mail="b@e.f")
    covered = {(start + passed) % 24 for passed in range((end - start) % 24 or 24)}
    found = [one.name for one in rules.on_duty((person, nobody), hour * 3_600_000)]
    assert ("a" in found) == (hour in covered)


def test_a_way_that_failed_is_tried_again_for_a_day() -> None:
    kept, now_ms, waits = told(), NOON_MS, []
    way = Delivery("mail")
    for _ in range(40):
        way = next(one for one in kept.deliveries if one.channel == "mail")
        if way.due_ms is None:
            break
        kept = rules.attempted(kept, way, now_ms, "no route")
        way = next(one for one in kept.deliveries if one.channel == "mail")
        waits.append(((way.due_ms or now_ms) - now_ms) // 1000)
        now_ms = way.due_ms or now_ms
    assert waits[:7] == [5, 15, 60, 300, 900, 3_600, 3_600]
    assert (way.due_ms, way.told_ms, way.error) == (None, None, "no route")
    assert now_ms - NOON_MS > DAY_MS


def test_mild_alarms_stay_on_the_terminal_and_nobody_is_reminded() -> None:
    mild = told(Alarm("clock-ahead", Priority.CAUTION, "east"), step_s=0)
    assert (ways(mild), mild.again_at_ms) == ([("terminal", "")], None)
    assert rules.step_of("emergency", SETTINGS.escalation) == 60
    assert rules.step_of("alarm", SETTINGS.escalation) == 300
    assert rules.step_of("warning", SETTINGS.escalation) == 0


def test_an_alarm_about_a_way_does_not_take_that_way() -> None:
    failing = told(Alarm("alarm-channel", Priority.WARNING, "", (("channel", "mail chief"), ("reason", "x"))))
    assert ways(failing) == [("terminal", ""), ("webhook", "")]


def test_the_gravest_go_first_and_the_next_look_is_when_something_is_due() -> None:
    grave = told(Alarm("fork", Priority.EMERGENCY, "east"))
    kept = {one.id: one for one in (told(), grave)}
    assert [name for name, _ in rules.due(kept, NOON_MS)][:3] == [grave.id] * 3
    assert rules.due(kept, NOON_MS - 1) == []
    quiet = sent(told(), NOON_MS)
    assert rules.next_look_ms([quiet], NOON_MS + 1, DAY_MS) == NOON_MS + 600_000
    assert rules.next_look_ms([rules.ended(quiet, 0)], NOON_MS, 1_000) == NOON_MS + 1_000
