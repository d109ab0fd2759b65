"""An agreement's text in, an ``Agreement`` out: strict, with every fault named at its place.

Pure: the bytes come from ``shelf`` or from a test. An unknown key, a duplicate clause, a threshold over a fact
that does not exist or an operator that does not fit refuses the whole file: half an agreement would acquit.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Iterator
from typing import Any

import msgspec

from detente import words
from detente.notices.kinds import KINDS as NOTICE_KINDS
from detente.notices.syntax import malformed_words, misfit_words
from detente.rules.agreement import KINDS, Agreement, Clause, Condition, Deadline, Procedure
from detente.rules.errors import AgreementMistake
from detente.rules.measures import FACTS, MARKS, NUMBERS, SIZES, TEXTS

__all__ = ["BYTES_MAX", "parse_agreement"]

say = words.speaker("rules")

BYTES_MAX = 1 << 20
"""An agreement is written by hand: a megabyte of it is something else."""
_FAULTS_SHOWN = 20
_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_STATE = re.compile(r"[A-Z]{2}")
_CASES = "\n[[cases]]\n"
_NEEDS_VALUE = {"before_start", "after_start", "after_end", "after_request"}


def parse_agreement(content: bytes, *, where: str = "", with_cases: bool = True) -> Agreement:
    """Return the agreement that a file's bytes hold, with the SHA-256 of all of them.

    with_cases: False leaves the file's own test cases, which stand last in it, unread: they judge nothing.
    Raises AgreementMistake with every fault and its place in the file.
    """
    if len(content) > BYTES_MAX:
        raise _mistake([say("more than {bytes} bytes", bytes=BYTES_MAX)], where)
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _mistake([say("not text in UTF-8 at byte {place}", place=error.start)], where) from None
    if not with_cases:
        text = text.partition(_CASES)[0]
    try:
        document = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # a number of thousands of digits is a ValueError alone
        raise _mistake([say("not TOML: {fault}", fault=malformed_words(error, text))], where) from None
    document["sha256"] = hashlib.sha256(content).hexdigest()
    try:
        agreement = msgspec.convert(document, Agreement)
    except msgspec.ValidationError as error:
        raise _mistake([_placed(error, document)], where) from None
    faults = list(_faults(agreement))
    if faults:
        raise _mistake(faults, where)
    return agreement


def _mistake(faults: list[str], where: str) -> AgreementMistake:
    shown = faults[:_FAULTS_SHOWN]
    if len(faults) > len(shown):
        shown.append(say("and {count} more", count=len(faults) - len(shown)))
    return AgreementMistake(
        expected=say("an agreement as docs/agreements.md describes it"),
        came=say.many(
            "{count} fault: {faults}", "{count} faults: {faults}", count=len(faults), faults="; ".join(shown)
        ),
        where=where,
        remedy=say("correct the places named; nothing was judged under this file"),
    )


def _placed(fault: msgspec.ValidationError, document: dict[str, Any]) -> str:
    """Return what does not fit with the place first, and the clause's id where the place is a clause."""
    path, sentence = misfit_words(fault)
    numbered = re.match(r"clauses\[(\d+)\]", path)
    if numbered:
        clause = document["clauses"][int(numbered[1])]
        name = clause.get("id") if isinstance(clause, dict) else None
        if isinstance(name, str):
            path = f"{numbered[0]} ({name}){path[len(numbered[0]) :]}"
    return f"{path}: {sentence}" if path else sentence


def _faults(agreement: Agreement) -> Iterator[str]:
    """Yield what the types cannot say."""
    if not _SLUG.fullmatch(agreement.id):
        yield _at("id", say("small letters, digits and hyphens are expected"))
    if agreement.until is not None and agreement.until <= agreement.since:
        yield _at("until", say("it ends before it begins"))
    if not (agreement.parties or agreement.everyone):
        yield _at("parties", say("nobody is bound: name the parties, or say everyone = true"))
    for index, parties in enumerate(agreement.parties):
        place = f"parties[{index}]"
        yield from (
            _at(place, say("{state} is no two-letter code of a state", state=repr(state)))
            for state in parties.states
            if not _STATE.fullmatch(state)
        )
        if parties.until is not None and parties.until <= parties.since:
            yield _at(place, say("it ends before it begins"))
    states = {state for parties in agreement.parties for state in parties.states}
    yield from _unknown("hub", agreement.hub, states)
    if not agreement.clauses:
        yield _at("clauses", say("an agreement without a clause"))
    seen: set[str] = set()
    for index, clause in enumerate(agreement.clauses):
        place = f"clauses[{index}] ({clause.id})"
        if clause.id in seen:
            yield _at(place, say("this clause stands twice"))
        seen.add(clause.id)
        yield from _clause_faults(clause, place)
    for procedure in agreement.procedures:
        yield from _procedure_faults(procedure, seen)
    yield from _references(agreement, seen)


def _references(agreement: Agreement, known: set[str]) -> Iterator[str]:
    for index, suspension in enumerate(agreement.suspensions):
        yield from _unknown(f"suspensions[{index}]", suspension.clauses, known)
    for index, case in enumerate(agreement.cases):
        place = f"cases[{index}] ({case.name})"
        yield from _unknown(place, tuple(one.clause for one in case.expect), known)
        yield from _unknown(place, tuple(case.facts), FACTS)
        for other in case.beside:
            yield from _unknown(f"{place}.beside", tuple(other.facts), FACTS)
        yield from _unknown(place, (case.kind,), KINDS)


def _clause_faults(clause: Clause, place: str) -> Iterator[str]:
    if not _SLUG.fullmatch(clause.id):
        yield _at(place, say("small letters, digits and hyphens are expected"))
    if not clause.kinds:
        yield _at(place, say("nothing sets it off: name the kinds of notice"))
    yield from _unknown(place, clause.kinds, KINDS)
    yield from _unknown(place, clause.told_by, NOTICE_KINDS)
    yield from _unknown(place, tuple(limit.metric for limit in clause.thresholds), SIZES | {"inspectors"})
    if (clause.to == "named") != bool(clause.named):
        yield _at(place, say('"named" goes with to = "named", and only with it'))
    if (
        (clause.duty == "quota") != (clause.count is not None)
        or (clause.count is not None and clause.count < 1)
        or clause.years < 1
    ):
        yield _at(place, say("a quota, and only a quota, says a count of at least 1"))
    if clause.duty in {"quota", "limit"} and not clause.thresholds:
        yield _at(place, say("a limit without a threshold limits nothing"))
    if _has_upper_end(clause) != bool(clause.shrinks):
        yield _at(
            place, say('where a larger activity may owe less, "shrinks" quotes why; elsewhere it is absent')
        )
    yield from _sum_faults(clause, place)
    yield from _conditions_faults(clause, place)
    yield from _deadline_faults(clause.deadline, f"{place}.deadline")


def _sum_faults(clause: Clause, place: str) -> Iterator[str]:
    """Yield what does not fit of a sum over the record and of a yearly allowance."""
    together, allowance = clause.together, clause.allowance
    if together is not None:
        if clause.duty != "limit" or {limit.metric for limit in clause.thresholds} != {together.of}:
            yield _at(place, say("a sum goes with a limit whose thresholds are all of the number that is summed"))
        if any(limit.op not in {">", ">="} for limit in clause.thresholds):
            yield _at(place, say("a sum is limited from above only"))
        if (together.during == "passage") != (together.hours > 0):
            yield _at(place, say("a sum over passages, and only such a one, says how many hours one may take"))
    if allowance is not None:
        counted = (allowance.counted_of_one,) if allowance.part or allowance.counted_of_one else ()
        yield from _unknown(place, (allowance.counted, allowance.of, *counted), NUMBERS)
        if allowance.per < 1 or allowance.most < 1 or allowance.part < 0:
            yield _at(place, say("an allowance counts in steps of at least 1, up to at least 1"))


def _conditions_faults(clause: Clause, place: str) -> Iterator[str]:
    conditions = [*clause.requires]
    for limit in clause.thresholds:
        conditions += limit.needs
    for relief in clause.exceptions:
        conditions += relief.when
        if (relief.effect == "deadline") != (relief.deadline is not None):
            yield _at(place, say('an exception names its own deadline when its effect is "deadline"'))
        if relief.deadline is not None:
            yield from _deadline_faults(relief.deadline, f"{place}.exceptions")
    for condition in conditions:
        yield from _condition_faults(condition, place)


def _has_upper_end(clause: Clause) -> bool:
    return any(limit.op in {"<", "<="} for limit in clause.thresholds) or any(
        condition.fact in SIZES and condition.op in {"<", "<=", "="} for condition in clause.requires
    )


def _condition_faults(condition: Condition, place: str) -> Iterator[str]:
    fact, value = condition.fact, condition.value
    if fact not in FACTS:
        yield from _unknown(place, (fact,), FACTS)
        return
    if fact in MARKS:
        fits = condition.op == "=" and isinstance(value, bool)
    elif fact in TEXTS:
        fits = (condition.op == "=" and isinstance(value, str)) or (
            condition.op in {"in", "not in"} and isinstance(value, tuple)
        )
    else:
        fits = condition.op not in {"in", "not in"} and isinstance(value, int) and not isinstance(value, bool)
    if not fits:
        yield _at(
            place,
            say(
                "{operator} does not fit {fact} and {value}",
                operator=condition.op,
                fact=fact,
                value=repr(value),
            ),
        )


def _deadline_faults(deadline: Deadline, place: str) -> Iterator[str]:
    counts = deadline.kind in _NEEDS_VALUE
    if counts != (deadline.value is not None and deadline.unit is not None) or (
        deadline.value is not None and deadline.value < 1
    ):
        yield _at(
            place, say("{kind} takes a value of at least 1 and a unit, and only such do", kind=deadline.kind)
        )
    dated = deadline.kind == "calendar"
    month, day = deadline.month or 0, deadline.day or 0
    if dated != (1 <= month <= 12 and 1 <= day <= 28) or (not dated and (month or day or deadline.years_before)):
        yield _at(place, say("a calendar's deadline, and only it, has a month and a day from 1 to 28"))
    if deadline.desirable is not None and not (
        deadline.kind == "before_start" and deadline.value is not None and deadline.desirable > deadline.value
    ):
        yield _at(place, say("what is desirable is more than what is owed, before the start"))


def _procedure_faults(procedure: Procedure, clauses: set[str]) -> Iterator[str]:
    place = f"procedures ({procedure.id})"
    states = {step.state for step in procedure.steps} | {step.to for step in procedure.steps}
    if procedure.begin not in states:
        yield _at(place, say("no step leads on from its beginning"))
    yield from _unknown(place, procedure.final, states)
    yield from _unknown(place, tuple(step.due_clause for step in procedure.steps if step.due_clause), clauses)
    if any(bool(step.due_clause) != bool(step.answers) for step in procedure.steps):
        yield _at(place, say("what is due is met by answers: due_clause and answers go together"))
    arrows = [(step.state, step.on) for step in procedure.steps]
    if len(set(arrows)) != len(arrows):
        yield _at(place, say("two steps for one thing in one state"))


def _unknown(place: str, given: tuple[str, ...], known: Any) -> Iterator[str]:
    for one in given:
        if one not in known:
            yield _at(place, say("{word} is not known here", word=repr(one)))


def _at(place: str, fault: str) -> str:
    return f"{place}: {fault}"
