"""Verdicts, flags and procedures in plain words, in the language in use."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from detente import words
from detente.notices.spoken import amount
from detente.notices.terms import term_of
from detente.rules.agreement import Agreement, Clause, Deadline, Text, Texts
from detente.rules.loopholes import Finding, Flag
from detente.rules.measures import fact_words
from detente.rules.spans import Span
from detente.rules.verdict import Crossing, Outcome, Reason, Told, ToldOutcome, Verdict

__all__ = [
    "Value",
    "addressees_words",
    "binding_words",
    "clause_words",
    "deadline_words",
    "due_words",
    "duty_words",
    "event_words",
    "finding_words",
    "flag_words",
    "in_words",
    "length_words",
    "list_words",
    "moment_words",
    "number",
    "outcome_words",
    "reason_words",
    "to_words",
    "told_words",
    "value_words",
    "verified_words",
]

say = words.speaker("rules")

_TO_SHOWN = 6
Value = bool | int | str


def in_words(text: Text) -> str:
    """Return a text of an agreement's file in the language in use."""
    return text.ru if words.language() == "ru" else text.en


def clause_words(agreement: str, paragraph: str, title: Text) -> str:
    """Return a clause as a reader finds it again: its agreement, its paragraph, its title."""
    return f"{agreement} {paragraph}: {in_words(title)}"


def value_words(value: Value) -> str:
    """Return a value that a fact may have."""
    if isinstance(value, bool):
        return say("yes") if value else say("no")
    if isinstance(value, int):
        return number(value)
    return say("the Turkish Straits") if value == "turkish_straits" else term_of(value)


def list_words(texts: Texts) -> tuple[str, ...]:
    """Return a list of an agreement's file in the language in use."""
    return texts.ru if words.language() == "ru" else texts.en


def number(value: int) -> str:
    """Return a whole number as its reader groups it, with blanks that a terminal shows."""
    return amount(value).replace("\N{NO-BREAK SPACE}", " ")


def moment_words(moment: datetime) -> str:
    """Return a moment in UTC to the minute, or to the second where it has some."""
    moment = moment.astimezone(UTC)
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC" if moment.second else f"{moment:%Y-%m-%d %H:%M} UTC"


def due_words(due: Span | None) -> str:
    """Return by when something is due; a day alone where no more is known; "" where nothing is."""
    if due is None:
        return ""
    if due.latest - due.earliest >= timedelta(days=1):
        last = due.latest - timedelta(microseconds=1)
        first_day, last_day = f"{due.earliest:%Y-%m-%d}", f"{last:%Y-%m-%d}"
        return first_day if first_day == last_day else f"{first_day} - {last_day}"
    return moment_words(due.earliest)


def length_words(seconds: int) -> str:
    """Return a length of time in days, hours and minutes, at most two of them."""
    days, rest = divmod(abs(seconds), 86400)
    hours, rest = divmod(rest, 3600)
    minutes = rest // 60
    parts = [
        say("{count} d", count=number(days)) if days else "",
        say("{count} h", count=hours) if hours else "",
        say("{count} min", count=minutes) if minutes else "",
    ]
    said = [part for part in parts if part]
    return " ".join(said[:2]) if said else say("less than a minute")


def outcome_words(outcome: Outcome) -> str:
    """Return what an outcome is called."""
    return {
        Outcome.OWED: say("owed"),
        Outcome.NORM: say("norm"),
        Outcome.BEYOND: say("beyond a limit"),
        Outcome.COUNTED: say("counts"),
        Outcome.NOT_OWED: say("not owed"),
        Outcome.UNDECIDABLE: say("undecidable"),
    }[outcome]


def verified_words(mark: str) -> str:
    """Return how far a clause was verified."""
    return {
        "primary": say("seen in the text"),
        "secondary": say("seen in a secondary source"),
        "unverified": say("unverified"),
    }[mark]


def binding_words(binding: str) -> str:
    """Return how an agreement binds."""
    return {
        "law": say("binding in law"),
        "political": say("politically binding"),
        "recommended": say("recommended"),
        "voluntary": say("voluntary"),
    }[binding]


def duty_words(duty: str) -> str:
    """Return what kind of duty a clause holds."""
    return {
        "tell": say("to tell"),
        "invite": say("to invite"),
        "answer": say("to answer"),
        "accept": say("to accept"),
        "limit": say("limit"),
        "quota": say("quota"),
        "contact": say("to make contact"),
    }[duty]


def deadline_words(deadline: Deadline) -> str:
    """Return when something is due, as the agreement's file says it."""
    length = _length(deadline.value, deadline.unit)
    if deadline.kind == "before_start" and deadline.desirable is not None:
        return say(
            "{length} before the start, {desirable} desirable",
            length=length,
            desirable=_length(deadline.desirable, deadline.unit),
        )
    if deadline.kind == "calendar":
        return say(
            "by {day:02}.{month:02} of the year {years} before",
            day=deadline.day,
            month=deadline.month,
            years=deadline.years_before,
        )
    return {
        "before_start": say("{length} before the start", length=length),
        "after_start": say("{length} after the start", length=length),
        "after_end": say("{length} after the end", length=length),
        "after_request": say("{length} after the request is received", length=length),
        "at_start": say("when it starts"),
        "in_advance": say("before the start; the text gives no number"),
        "without_delay": say("without delay; the text gives no number"),
    }[deadline.kind]


def _length(value: int | None, unit: str | None) -> str:
    return say("{count} d", count=value) if unit == "d" else say("{count} h", count=value)


def addressees_words(clause: Clause) -> str:
    """Return to whom a clause owes."""
    if clause.to == "named":
        return ", ".join(_service(name) for name in clause.named)
    return {
        "parties": say("all other parties"),
        "asker": say("the state that asked"),
        "counted": say("nobody in particular"),
    }[clause.to]


def to_words(states: tuple[str, ...]) -> str:
    """Return those to whom something is owed: each by name when they are few, else their number."""
    if len(states) > _TO_SHOWN:
        return say.many("{count} state", "{count} states", count=len(states))
    return ", ".join(_service(state) for state in states)


def _service(name: str) -> str:
    known = {
        "hcoc-centre": lambda: say("the Immediate Central Contact in Vienna"),
        "navarea-coordinator": lambda: say("the NAVAREA coordinator"),
        "ais-office": lambda: say("the aeronautical information service"),
        "ocha": lambda: say("OCHA"),
    }.get(name)
    return known() if known else name


def reason_words(verdict: Verdict, agreement: Agreement) -> str:
    """Return what is asked and why, or why nothing is: one paragraph."""
    parts = [_ground(verdict, agreement)]
    if verdict.reason not in {
        Reason.OTHER_KIND,
        Reason.OUTSIDE_ZONE,
        Reason.CONDITION,
        Reason.BELOW,
        Reason.USED_UP,
        Reason.MISSING,
    }:
        parts.insert(0, in_words(verdict.clause.what))
    if verdict.outcome in {Outcome.OWED, Outcome.NORM} and verdict.reason is not Reason.RELIEVED:
        if verdict.outcome is Outcome.OWED and verdict.to:
            parts.append(say("to {states}", states=to_words(verdict.to)))
        if verdict.norm_to and agreement.hub:
            parts.append(say("nothing owed to {states}: none between them", states=", ".join(verdict.norm_to)))
        elif verdict.norm_to:
            parts.append(say("nothing owed to {states}: not a party", states=", ".join(verdict.norm_to)))
    parts += [in_words(one.text) for one in verdict.reliefs]
    parts += [in_words(one.text) for one in verdict.suspensions]
    return "; ".join(part for part in parts if part)


def _ground(verdict: Verdict, agreement: Agreement) -> str:
    crossed = ", ".join(_pair(one) for one in verdict.crossed)
    if verdict.together:
        crossed = say(
            "{sum}, together with {notices}",
            sum=crossed,
            notices=_notices(verdict.together, verdict.together_more),
        )
    if verdict.reason is Reason.BELOW:
        return ", ".join(_pair(one) for one in verdict.below) or say("no threshold applies to it")
    if verdict.reason is Reason.USED_UP:
        return say("more than need be taken: {number}", number=", ".join(_pair(one) for one in verdict.below))
    if verdict.reason is Reason.MISSING:
        names = ", ".join(fact_words(name) for name in verdict.missing)
        return _joined(crossed, say("not stated: {facts}", facts=names))
    if verdict.reason is Reason.NOT_A_PARTY:
        return _joined(crossed, say("{states}: not a party", states=", ".join(verdict.by) or "-"))
    if verdict.reason is Reason.NOT_IN_FORCE:
        ended = agreement.until.isoformat() if agreement.until else "-"
        since = agreement.since.isoformat()
        return _joined(crossed, say("not in force then: from {since} until {until}", since=since, until=ended))
    said = {
        Reason.OTHER_KIND: say("about other kinds of notice"),
        Reason.OUTSIDE_ZONE: say("outside the zone of application"),
        Reason.CONDITION: say("not the case: {fact}", fact=fact_words(verdict.failed)),
        Reason.NOBODY_ELSE: say("no other party"),
        Reason.RECOMMENDED: say("recommended, so owed by nobody"),
    }.get(verdict.reason, "")
    return _joined(crossed, said)


def _notices(refs: tuple[str, ...], beside: int) -> str:
    """Return the first of some notices, and how many more there are, those beside them included."""
    said = ", ".join(refs[:_TO_SHOWN])
    more = max(len(refs) - _TO_SHOWN, 0) + beside
    return say("{notices} and {count} more", notices=said, count=more) if more > 0 else said


def _joined(*parts: str) -> str:
    return "; ".join(part for part in parts if part)


def _pair(pair: Crossing) -> str:
    over, same = pair.value > pair.limit, pair.value == pair.limit
    holds = {">=": over or same, ">": over, "<=": not over, "<": not (over or same)}[pair.op]
    signs = {">=": "≥<", ">": ">≤", "<=": "≤>", "<": "<≥"}[pair.op]
    sign = signs[0] if holds else signs[1]
    return f"{fact_words(pair.metric)} {number(pair.value)} {sign} {number(pair.limit)}"


def told_words(told: Told | None) -> str:
    """Return how what was told stands against what was due; "" where nothing was to be told."""
    if told is None:
        return ""
    lead = ""
    if told.lead_s is not None:
        length = length_words(told.lead_s)
        if told.lead_s >= 0:
            lead = say("{length} before the start", length=length)
        else:
            lead = say("{length} after the start", length=length)
    if told.outcome is ToldOutcome.LATE:
        said = say("late by {length}", length=length_words(told.late_by_s or 0))
    elif told.outcome is ToldOutcome.UNDECIDABLE:
        said = _why(told)
    else:
        said = {
            ToldOutcome.MET: say("in time, but later than is desirable")
            if told.short_of_desirable
            else say("in time"),
            ToldOutcome.MISSING: say("missing"),
            ToldOutcome.OPEN: say("not told yet, still in time"),
            ToldOutcome.NO_TIME: say("told"),
        }[told.outcome]
    return _joined(said, lead)


def _why(told: Told) -> str:
    return {
        "precision": say("undecidable: the moment is not known well enough"),
        "author_clock": say("in time by its author's clock alone, so undecidable"),
        "other_clock": say("in time by the clock of a third party that is not named neutral, so undecidable"),
        "addressee_clock_late": say("late by an addressee's clock alone, so undecidable"),
        "other_clock_late": say("late by the clock of a third party that is not named neutral, so undecidable"),
        "no_clock": say("undecidable: nobody's clock says when it was told"),
        "no_due": say("undecidable: what the time runs from is not known"),
        "": say("undecidable: the deadline lies within this moment"),
    }[told.why]


def flag_words(flag: Flag) -> str:
    """Return what a flag is called."""
    return {
        Flag.POSSIBLE_SPLIT: say("possible split"),
        Flag.SUB_DIVISION: say("divided between states"),
        Flag.NEAR_THRESHOLD: say("just under"),
        Flag.ALERT_ANNOUNCED: say("alert announced before"),
        Flag.ALERT_PLANNED: say("alert in the calendar"),
        Flag.ALERTS_OFTEN: say("many alerts"),
        Flag.OUTSIDE_CALENDAR: say("outside the calendar"),
        Flag.BLANKET_AREA: say("area kept up for long"),
        Flag.QUOTA_USED_UP: say("quota used up"),
    }[flag]


def finding_words(finding: Finding) -> str:
    """Return what was found, with its numbers and cut-offs; it asks, and asserts nothing."""
    metric, value, limit = fact_words(finding.metric), number(finding.value), number(finding.limit)
    if finding.flag in {Flag.POSSIBLE_SPLIT, Flag.SUB_DIVISION}:
        shared = ", ".join(_shared(one) for one in finding.shared)
        if finding.value > finding.limit:
            said = say("together {metric} {value} over {limit}", metric=metric, value=value, limit=limit)
        else:
            said = say("together {metric} {value}, just {limit}", metric=metric, value=value, limit=limit)
        said = say("{sum}, which none reaches alone; in common: {shared}", sum=said, shared=shared)
    elif finding.flag is Flag.NEAR_THRESHOLD:
        said = say(
            "{metric} {value}: {short} under {limit}",
            metric=metric,
            value=value,
            limit=limit,
            short=number(finding.limit - finding.value),
        )
    else:
        said = {
            Flag.ALERT_ANNOUNCED: say(
                "an alert without notice, announced {value} h before it began", value=value
            ),
            Flag.ALERT_PLANNED: say("an alert without notice that the year's calendar lists"),
            Flag.ALERTS_OFTEN: say("{value} alerts without notice in one quarter", value=value),
            Flag.OUTSIDE_CALENDAR: say("the calendar of its year does not list it"),
            Flag.BLANKET_AREA: say("the same area on {value} days", value=value),
            Flag.QUOTA_USED_UP: say("{value} of {limit}", value=value, limit=limit),
        }[finding.flag]
    cutoffs = ", ".join(f"{name} = {cut}" for name, cut in finding.cutoffs.items())
    return f"{said} ({cutoffs})" if cutoffs else said


def _shared(what: str) -> str:
    return {
        "activity": say("activity"),
        "command": say("command"),
        "forces": say("forces"),
        "name": say("name"),
        "state": say("state"),
    }[what]


def event_words(state: str) -> str:
    """Return what a procedure's state is called; the file's own word where it is not known here."""
    known = {
        "none": lambda: say("nothing asked"),
        "requested": lambda: say("asked"),
        "replied": lambda: say("answered"),
        "settled": lambda: say("settled"),
        "meeting_requested": lambda: say("meeting asked for"),
        "held": lambda: say("meeting held"),
        "meeting_refused": lambda: say("meeting refused"),
        "accepted": lambda: say("accepted"),
        "refused": lambda: say("refused"),
        "declined": lambda: say("declined"),
        "reported": lambda: say("reported"),
        "invited": lambda: say("invited"),
        "done": lambda: say("done"),
    }.get(state)
    return known() if known else state
