"""The verb ``rules``: ``list`` and ``show``."""

from __future__ import annotations

import argparse
from typing import Any

import msgspec

from detente import words
from detente.door import terminal
from detente.door.options import add_inner
from detente.notices.terms import kind_name
from detente.rules import shelf
from detente.rules.agreement import Agreement, Clause, Condition, Parties
from detente.rules.measures import fact_words
from detente.rules.wording import (
    Value,
    addressees_words,
    binding_words,
    deadline_words,
    duty_words,
    in_words,
    list_words,
    number,
    value_words,
    verified_words,
)

__all__ = ["RULES"]

say = words.speaker("rules")


class _Rules:
    """The verb ``rules``."""

    def describe(self) -> str:
        """Return the paragraph of ``--help``."""
        return say(
            "What agreements ask of states: each clause with its trigger, thresholds, deadline, addressees,\n"
            "paragraph, source, and how far it was verified. They are files that anybody can read and correct."
        )

    def examples(self) -> str:
        """Return lines that a reader can paste."""
        return "  detente rules list\n  detente rules show vd11\n  detente rules show my-agreement.toml --json"

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the verbs under ``rules``."""
        parser.set_defaults(rules_parser=parser, rules_run=None)
        verbs = parser.add_subparsers(dest="rules_verb", metavar=say("VERB"), title=say("verbs"))
        _verb(verbs, "list", say("list the agreements that come with détente"), _list)
        show = _verb(verbs, "show", say("show one agreement, clause by clause"), _show)
        show.add_argument("agreement", metavar="AGREEMENT", help=say("its id, or the path of a .toml file"))

    def run(self, arguments: argparse.Namespace) -> int:
        """Run the verb that was named; 2 and its help when there is none."""
        if arguments.rules_run is None:
            arguments.rules_parser.print_help()
            return 2
        return int(arguments.rules_run(arguments))


def _verb(verbs: Any, name: str, summary: str, run: Any) -> argparse.ArgumentParser:
    made: argparse.ArgumentParser = verbs.add_parser(name, help=summary, description=summary, allow_abbrev=False)
    add_inner(made)
    made.set_defaults(rules_run=run)
    return made


def _list(arguments: argparse.Namespace) -> int:
    agreements = shelf.shelved()
    if arguments.json:
        terminal.result_json(
            [
                {
                    "agreement": one.id,
                    "title": in_words(one.title),
                    "binding": one.binding,
                    "since": one.since.isoformat(),
                    "until": one.until.isoformat() if one.until else None,
                    "parties": len(_party_states(one)),
                    "everyone": one.everyone,
                    "clauses": len(one.clauses),
                    "verified": one.verified,
                    "sha256": one.sha256,
                }
                for one in agreements
            ]
        )
        return 0
    head = (
        say("agreement"),
        say("title"),
        say("since"),
        say("until"),
        say("parties"),
        say("clauses"),
        say("binding"),
    )
    rows = [
        (
            one.id,
            in_words(one.title),
            one.since.isoformat(),
            one.until.isoformat() if one.until else "",
            _parties(one),
            str(len(one.clauses)),
            binding_words(one.binding),
        )
        for one in agreements
    ]
    terminal.table(head, rows, numeric=(False, False, False, False, True, True, False))
    return 0


def _party_states(agreement: Agreement) -> list[str]:
    """Return the states that were parties at any time."""
    return sorted({state for one in agreement.parties for state in one.states})


def _parties(agreement: Agreement) -> str:
    if agreement.everyone:
        return say("all")
    many = number(len(_party_states(agreement)))
    return many if agreement.complete else say("{count} and more", count=many)


def _show(arguments: argparse.Namespace) -> int:
    agreement = shelf.agreement(arguments.agreement)
    if arguments.json:
        document = msgspec.to_builtins(agreement)
        document.pop("cases")
        terminal.result_json(document)
        return 0
    terminal.result(terminal.visible(in_words(agreement.title)))
    lines = [
        (say("id"), agreement.id),
        (say("binding"), binding_words(agreement.binding)),
        (say("in force"), f"{agreement.since} - {agreement.until or ''}"),
        (say("source"), f"{agreement.source} ({verified_words(agreement.verified)})"),
        (say("SHA-256"), agreement.sha256),
    ]
    if agreement.zone is not None:
        lines.append((say("zone"), in_words(agreement.zone.text)))
    if agreement.note is not None:
        lines.append((say("note"), in_words(agreement.note)))
    lines += [(say("parties"), _joined_words(one)) for one in agreement.parties]
    if agreement.hub:
        lines.append((say("between"), say("{states} and each of the others", states=", ".join(agreement.hub))))
    if agreement.outsiders:
        lines.append((say("no parties"), ", ".join(agreement.outsiders)))
    lines += [(say("suspension"), f"{in_words(one.text)} ({one.source})") for one in agreement.suspensions]
    terminal.table((say("name"), say("value")), lines)
    for clause in agreement.clauses:
        terminal.result("")
        terminal.table((clause.id, terminal.visible(in_words(clause.title))), _clause_lines(clause))
    return 0


def _joined_words(parties: Parties) -> str:
    """Return from when to when some states are parties, how far that was verified, and by what."""
    day = str(parties.since)
    since = say("{day} at the latest", day=day) if parties.at_latest else day
    states, mark = ", ".join(parties.states), verified_words(parties.verified)
    return f"{since} - {parties.until or ''}: {states} ({mark}: {parties.source})"


def _clause_lines(clause: Clause) -> list[tuple[str, str]]:
    thresholds = [
        f"{fact_words(one.metric)} {one.op} {number(one.value)}"
        + "".join(f" [{_condition(need)}]" for need in one.needs)
        for one in clause.thresholds
    ]
    joiner = say("or") if clause.combine == "any" else say("and")
    rows = [
        (say("paragraph"), clause.paragraph),
        (say("duty"), f"{duty_words(clause.duty)}: {in_words(clause.what)}"),
        (say("about"), ", ".join(kind_name(kind) for kind in clause.kinds)),
        (
            say("where"),
            "; ".join(map(_condition, clause.requires)),
        ),
        (say("thresholds"), f" {joiner} ".join(thresholds)),
        (say("sum"), _sum_words(clause)),
        (say("quota"), _allowance_words(clause)),
        (say("when"), deadline_words(clause.deadline)),
        (say("to"), addressees_words(clause)),
        (say("contents"), "; ".join(list_words(clause.contents))),
        *((say("exception"), f"{in_words(one.text)} ({one.paragraph})") for one in clause.exceptions),
        (say("may shrink"), clause.shrinks),
        (say("source"), clause.source),
        (say("verified"), verified_words(clause.verified)),
    ]
    return [(name, text) for name, text in rows if text]


def _condition(condition: Condition) -> str:
    sign = {"in": say("one of:"), "not in": say("none of:")}.get(condition.op, condition.op)
    return f"{fact_words(condition.fact)} {sign} {_value(condition.value)}"


def _sum_words(clause: Clause) -> str:
    if clause.together is None:
        return ""
    if clause.together.during == "passage":
        return say.many(
            "of all notices whose passages, of at most {count} hour each, may fall together",
            "of all notices whose passages, of at most {count} hours each, may fall together",
            count=clause.together.hours,
        )
    if clause.together.whose == "state":
        return say("of all notices of one state that are under way at one time")
    return say("of all notices that are under way at one time")


def _allowance_words(clause: Clause) -> str:
    if clause.allowance is None:
        return ""
    said = say(
        "one for every {per} or part of them ({of}), at most {most}",
        per=number(clause.allowance.per),
        of=fact_words(clause.allowance.of),
        most=number(clause.allowance.most),
    )
    if not clause.allowance.part:
        return said
    return say(
        "{quota}; for the same state no more than one in {part} of them, at least one",
        quota=said,
        part=number(clause.allowance.part),
    )


def _value(value: Value | tuple[str, ...]) -> str:
    return ", ".join(map(_value, value)) if isinstance(value, tuple) else value_words(value)


RULES = _Rules()
"""What the door loads for ``detente rules``."""
