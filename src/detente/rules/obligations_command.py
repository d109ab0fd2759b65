"""The verb ``obligations``: notices in; what they owe, to whom and by when, and what deserves a question, out."""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from detente import __version__, words
from detente.door import terminal
from detente.door.files import writing
from detente.notices.errors import NoticeRefused
from detente.notices.filed import Filed
from detente.notices.moments import parse_moment
from detente.notices.parties import STATES
from detente.rules import shelf
from detente.rules.agreement import Agreement
from detente.rules.errors import RequestMistake
from detente.rules.evaluating import evaluate
from detente.rules.facts import Facts
from detente.rules.files import standing_now
from detente.rules.loopholes import Finding, findings
from detente.rules.procedures import Progress, progresses
from detente.rules.reading import facts_of_record
from detente.rules.settings import SETTINGS_MAX, Settings, parse_settings
from detente.rules.verdict import Judged, Outcome, Reason, Verdict
from detente.rules.wording import (
    clause_words,
    due_words,
    event_words,
    finding_words,
    flag_words,
    in_words,
    moment_words,
    outcome_words,
    reason_words,
    told_words,
    verified_words,
)

__all__ = ["Asked", "add_options", "describe", "examples", "prepared", "refuse", "show_obligations"]

say = words.speaker("rules")

_ORDER = (
    Outcome.OWED,
    Outcome.BEYOND,
    Outcome.UNDECIDABLE,
    Outcome.COUNTED,
    Outcome.NORM,
    Outcome.NOT_OWED,
)


@dataclass(frozen=True, slots=True)
class _Account:
    """All that one run found, in the order of the notices."""

    plans: list[Facts]
    judged: list[list[Judged]]
    found: list[Finding]
    procedures: list[Progress]
    doubtful: list[str]
    adrift: list[str]
    now: datetime | None

    def clause(self, agreement: str, name: str) -> str:
        """Return a clause of an agreement that was judged by, in words."""
        [found] = [
            each
            for one in self.judged[0]
            if one.agreement.id == agreement
            for each in one.agreement.clauses
            if each.id == name
        ]
        return clause_words(agreement, found.paragraph, found.title)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the options ask for, checked."""

    party: str
    now: datetime | None
    agreements: list[Agreement]
    settings: Settings
    calendar: Path | None
    is_json: bool
    show_all: bool
    named: bool


def describe() -> str:
    """Return the paragraph of ``--help``."""
    return say(
        "What notices owe under agreements: for each plan and each clause whether something is owed, by\n"
        "when and to whom, not owed and why, or which fact is missing; and how what was owed compares with\n"
        "what was told. Shows what deserves a question, to both sides alike; it calls nothing a breach."
    )


def examples() -> str:
    """Return lines that a reader can paste."""
    return (
        "  detente obligations examples/notices/zapad-2017.toml --agreement vd11\n"
        "  detente obligations plan.toml areas.geojson --party LV --at 2018-04-01T00:00Z\n"
        "  detente obligations *.toml --all --json\n"
        "  detente obligations plan.toml --ics due.ics\n"
        "  detente line log west --json > log.jsonl; detente obligations log.jsonl --party LV"
    )


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that say for whom, when, under which agreements and where to."""
    parser.add_argument(
        "--party",
        metavar="STATE",
        help=say("a state's two-letter code: what it owes, what is owed to it, and its yearly dates"),
    )
    parser.add_argument(
        "--at", metavar=say("TIME"), help=say("look at the record at this moment; without it, as complete")
    )
    parser.add_argument(
        "--agreement",
        action="append",
        metavar="ID",
        help=say("judge by this agreement only (may be repeated); an id, or the path of a .toml file"),
    )
    parser.add_argument("--settings", metavar="FILE", help=say("a TOML file of cut-offs for what is flagged"))
    parser.add_argument("--all", action="store_true", help=say("show what is not owed too, and why"))
    parser.add_argument("--ics", metavar="FILE", type=Path, help=say("write what is still due as a calendar"))


def prepared(arguments: argparse.Namespace) -> Asked:
    """Return what the options ask for; raises a DetenteError that names the option, or the place in its file."""
    names = tuple(dict.fromkeys(arguments.agreement or shelf.names()))
    return Asked(
        party=_party(arguments.party),
        now=parse_moment(arguments.at, where="--at") if arguments.at else None,
        agreements=[shelf.agreement(name) for name in names],
        settings=_settings(arguments.settings),
        calendar=arguments.ics,
        is_json=arguments.json,
        show_all=arguments.all,
        named=bool(arguments.agreement),
    )


def show_obligations(filed: list[Filed], doubtful: list[str], asked: Asked) -> int:
    """Judge and show a record's notices, as asked; returns the exit code.

    doubtful: references of the notices whose reading left doubts.
    """
    account = _account(filed, doubtful, asked)
    if asked.calendar is not None:
        _write_calendar(account, asked.calendar)
    if asked.is_json:
        _show_document(account, asked.settings)
    else:
        _show(account, show_all=asked.show_all, named=asked.named, party=asked.party)
    return 0


def refuse(refusal: NoticeRefused) -> int:
    """Show every fault, each at its place: whoever mends a form mends all of it at once; returns the exit code."""
    from detente.notices.commands import tell_faults  # noqa: PLC0415 - only a faulty file pays for it

    tell_faults(list(refusal.faults))
    return refusal.exit_code


def _party(text: str | None) -> str:
    if text is None:
        return ""
    state = text.upper()
    if state not in STATES:
        raise RequestMistake(
            expected=say("a state's two-letter code (ISO 3166-1), such as LV"),
            came=repr(text[:64]),
            where="--party",
            remedy=say("write for example {example}", example="--party LV"),
        )
    return state


def _settings(name: str | None) -> Settings:
    if name is None:
        return Settings()
    return parse_settings(shelf.read_bounded(Path(name), SETTINGS_MAX), where=name)


def _account(filed: list[Filed], doubtful: list[str], asked: Asked) -> _Account:
    standing, adrift = standing_now(filed)
    told = facts_of_record(standing)
    plans = [*told, *_yearly(asked.party, asked.now, told)]
    concerned = (asked.party,) if asked.party else ()
    judged = evaluate(plans, asked.agreements, now=asked.now, concerned=concerned)
    return _Account(
        plans=plans,
        judged=judged,
        found=findings(plans, judged, asked.settings, now=asked.now),
        procedures=progresses(plans, asked.agreements, now=asked.now),
        doubtful=doubtful,
        adrift=adrift,
        now=asked.now,
    )


def _yearly(party: str, now: datetime | None, told: list[Facts]) -> list[Facts]:
    """Return the exchange of information that a party owes for the coming year, if the record does not hold it."""
    if not party or now is None or now.year >= 9999:
        return []
    year = now.year + 1
    if any((one.kind, one.state, one.year) == ("annual_exchange", party, year) for one in told):
        return []
    return [
        Facts(
            ref=say("yearly"),
            kind="annual_exchange",
            title=say("information for {year}", year=year),
            state=party,
            year=year,
        )
    ]


def _write_calendar(account: _Account, target: Path) -> None:
    from detente.notices.ics import calendar_text  # noqa: PLC0415 - only this option pays for it
    from detente.rules.due_calendar import due_events  # noqa: PLC0415

    text = calendar_text(due_events(account.plans, account.judged, account.now))
    with writing(target) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="")
    terminal.note(say("written: {file}", file=terminal.visible(str(target))))


def _show_document(account: _Account, settings: Settings) -> None:
    import msgspec  # noqa: PLC0415

    from detente.rules.documents import (  # noqa: PLC0415
        finding_document,
        judged_document,
        progress_document,
    )

    terminal.result_json(
        {
            "detente": __version__,
            "at": account.now.isoformat() if account.now else None,
            "settings": msgspec.to_builtins(settings),
            "notices": [
                judged_document(plan, each) for plan, each in zip(account.plans, account.judged, strict=True)
            ],
            "flags": [finding_document(one) for one in account.found],
            "procedures": [progress_document(one) for one in account.procedures],
            "doubtful": account.doubtful,
            "changes_adrift": account.adrift,
        }
    )


def _show(account: _Account, *, show_all: bool, named: bool, party: str) -> None:
    clock = datetime.now(UTC) if account.now is None else None
    for plan, judged in zip(account.plans, account.judged, strict=True):
        _show_head(plan, clock)
        _show_plan(plan, judged, show_all=show_all, named=named, party=party)
    if account.found:
        terminal.note("")
        terminal.note(say("what deserves a question, for both sides to see; nothing here is called a breach:"))
        terminal.table(
            (say("flag"), say("notices"), say("agreement"), say("what")),
            [
                (
                    flag_words(one.flag),
                    ", ".join(one.refs),
                    "; ".join(account.clause(agreement, name) for agreement, name in one.clauses),
                    finding_words(one),
                )
                for one in account.found
            ],
        )
    if account.procedures:
        terminal.note("")
        terminal.table(
            (say("procedure"), say("agreement"), say("state"), say("waits for"), say("by"), say("told")),
            [row for one in account.procedures for row in _procedure_rows(one, account)],
        )
    for ref in account.doubtful:
        terminal.note(say("{ref}: read with doubts, so judged with doubts", ref=terminal.visible(ref)))
    for ref in account.adrift:
        terminal.note(say("{ref}: corrects or cancels nothing that is known here", ref=terminal.visible(ref)))


def _procedure_rows(progress: Progress, account: _Account) -> list[tuple[str, ...]]:
    lead = (in_words(progress.procedure.title), progress.agreement, event_words(progress.state))
    rows: list[tuple[str, ...]] = [
        (*lead, account.clause(progress.agreement, one.clause), due_words(one.due), told_words(one.told))
        for one in progress.dues
    ]
    return rows or [(*lead, "", "", "")]


def _show_head(plan: Facts, clock: datetime | None) -> None:
    """Show which plan it is, whose word tells it, and, where nobody said --at, that it lies in the past."""
    terminal.note("")
    terminal.note(
        say(
            "{ref}: {title} ({state})",
            ref=terminal.visible(plan.ref),
            title=terminal.visible(plan.title),
            state=plan.state or "-",
        )
    )
    if plan.told is not None and plan.told.role(plan.told.not_after_clock) == "author":
        told = plan.told.not_before
        terminal.note(
            say(
                "told by its author's word alone: {moment}",
                moment=moment_words(told.astimezone(UTC)) if told else "-",
            )
        )
    if clock is None or plan.start is None or plan.start.latest > clock:
        return
    if plan.end is not None and plan.end.latest <= clock:
        past = say("its dates lie in the past: over since {day}", day=due_words(plan.end))
    else:
        past = say("its dates lie in the past: begun {day}", day=due_words(plan.start))
    terminal.note(say("{past}; without --at what nothing tells is missing, never still in time", past=past))


def _show_plan(plan: Facts, judged: list[Judged], *, show_all: bool, named: bool, party: str) -> None:
    pairs = [(one, verdict) for one in judged for verdict in one.verdicts]
    shown = [
        (one, verdict)
        for one, verdict in pairs
        if show_all or _is_shown(verdict, named=named, plan=plan, party=party)
    ]
    shown.sort(key=lambda pair: _ORDER.index(pair[1].outcome))
    if shown:
        head = (say("notice"), say("verdict"), say("clause"), say("what and why"), say("by"), say("told"))
        first = (
            1 if sys.stdout.isatty() else 0
        )  # a terminal has just named the notice; a pipe needs it in each line
        terminal.table(
            (*head, say("verified"))[first:], [_row(plan, one, verdict)[first:] for one, verdict in shown]
        )
    else:
        terminal.note(say("nothing is owed"))
    hidden = len(pairs) - len(shown)
    if hidden:
        terminal.note(
            say.many(
                "{count} more clause asks nothing of it; --all shows why",
                "{count} more clauses ask nothing of it; --all shows why",
                count=hidden,
            )
        )


def _is_shown(verdict: Verdict, *, named: bool, plan: Facts, party: str) -> bool:
    """Tell whether a verdict stands in the short list: what is asked, or could be, of or for the party."""
    if verdict.outcome is Outcome.NOT_OWED:
        return named and verdict.reason is not Reason.OTHER_KIND
    if verdict.outcome is Outcome.NORM and verdict.reason is Reason.NOT_IN_FORCE:
        return named
    if not party or verdict.outcome is Outcome.UNDECIDABLE:
        return True
    return party in {plan.state, *verdict.by, *verdict.to, *verdict.norm_to}


def _row(plan: Facts, judged: Judged, verdict: Verdict) -> tuple[str, ...]:
    clause = verdict.clause
    return (
        plan.ref,
        outcome_words(verdict.outcome),
        clause_words(judged.agreement.id, clause.paragraph, clause.title),
        reason_words(verdict, judged.agreement),
        due_words(verdict.due),
        told_words(verdict.told),
        verified_words(clause.verified),
    )
