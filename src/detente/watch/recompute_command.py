"""The verb ``recompute``: evidence of one side or of both in, the same figures out, or what differs."""

from __future__ import annotations

import argparse
from pathlib import Path

from detente import words
from detente.door import terminal
from detente.door.errors import ArgumentMistake
from detente.encounters.compiled import compile_kernels
from detente.watch.evidence.comparing import SAME_PLACE_M
from detente.watch.evidence.figures import LENGTH_TOLERANCE_M, TIME_TOLERANCE_S, Difference
from detente.watch.evidence.reading import read
from detente.watch.evidence.recompute_page import write_page
from detente.watch.evidence.recomputing import Alone, Between, Outcome, document, recompute

__all__ = ["RECOMPUTE"]

say = words.speaker("watch")


class _Recompute:
    """Computes the figures of evidence anew."""

    def describe(self) -> str:
        """Return what the verb does and what its exit codes say."""
        return say(
            "Computes the figures of an incident anew from its evidence: from one side's, or from both sides',\n"
            "each alone and all fixes together. It says that the figures are the same, with the tolerances, or\n"
            "which inputs differ: fixes that only one side has, positions or times that disagree, clocks that\n"
            "are apart, other definitions or programs. Evidence is a folder with a manifest.json and its files,\n"
            "the files under any names, a draft, or the exported evidence of an entry. A file whose bytes are\n"
            "not those that the manifest states is refused and named. spec/evidence.md says it exactly.\n"
            "\n"
            "Exit codes: 0 the same, 1 something differs, 2 evidence that cannot be used."
        )

    def examples(self) -> str:
        """Return lines of shell."""
        return (
            "  detente recompute incident-west\n"
            "  detente recompute incident-west incident-east --report comparison.html\n"
            "  detente recompute manifest.json tracks.csv records.jsonl drawing.svg drawing-bw.svg --json"
        )

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add files and options."""
        parser.add_argument(
            "evidence",
            nargs="+",
            metavar="EVIDENCE",
            help=say("folders or files of evidence, of one side or more"),
        )
        parser.add_argument(
            "--report", metavar="FILE.html", help=say("write the comparison as a page that needs no network")
        )

    def run(self, arguments: argparse.Namespace) -> int:
        """Read, compute, say; 1 when anything differs."""
        target = _target(arguments.report)
        evidences = read([Path(name) for name in arguments.evidence])
        compile_kernels(terminal.note)
        outcome = recompute(evidences)
        if target is not None:
            write_page(target, outcome)
        if arguments.json:
            terminal.result_json(document(outcome))
        else:
            _show(outcome)
        return 0 if outcome.is_same else 1


RECOMPUTE = _Recompute()


def _target(name: str | None) -> Path | None:
    if name is None:
        return None
    path = Path(name)
    if path.suffix.lower() not in {".html", ".htm"} or not path.parent.is_dir():
        raise ArgumentMistake(
            expected=say("a file name that ends in .html, in a folder that exists"),
            came=repr(name),
            where="--report",
            remedy=say("write for example {example}", example="comparison.html"),
        )
    return path


def _show(outcome: Outcome) -> None:
    for one in outcome.alone:
        terminal.result(terminal.visible(one.evidence.name))
        for line in alone_lines(one):
            terminal.result(f"  {line}")
        _table(one.differs, say("stated"), say("recomputed"))
    if outcome.pairs_differ:
        terminal.result(say("The evidences speak of different movers: they were not put together."))
    for laid in outcome.between:
        terminal.result(
            say("{one} and {other}", one=terminal.visible(laid.one.name), other=terminal.visible(laid.other.name))
        )
        for line in between_lines(laid):
            terminal.result(f"  {line}")
        _table(laid.figures, say("the first"), say("the other"))
    if outcome.together is not None:
        together = outcome.together
        terminal.result(
            say.many(
                "all together, {count} fix, in the clock of the first",
                "all together, {count} fixes, in the clock of the first",
                count=together.rows.height,
            )
        )
        _table(together.differs, say("the first alone"), say("together"))
    terminal.result(verdict(outcome))


def _table(differs: tuple[Difference, ...], one: str, other: str) -> None:
    if differs:
        head = (say("figure"), one, other, say("tolerance"))
        terminal.table(head, [(each.figure, each.one, each.other, each.tolerance) for each in differs])


def verdict(outcome: Outcome) -> str:
    """Return the last sentence."""
    if outcome.is_same:
        return say(
            "The figures are the same (within {length} m, {time} s or the time in which the two move that far).",
            length=f"{LENGTH_TOLERANCE_M:g}",
            time=f"{TIME_TOLERANCE_S:g}",
        )
    return say("Not all figures are the same; what differs stands above.")


def alone_lines(one: Alone) -> list[str]:
    """Return what is to say of one evidence by itself."""
    manifest = one.evidence.manifest
    lines = [
        say(
            "{a} and {b}; detente {version}, kernel {kernel}",
            a=terminal.visible(manifest.a.mover),
            b=terminal.visible(manifest.b.mover),
            version=terminal.visible(manifest.made.detente),
            kernel=terminal.visible(manifest.made.kernel),
        )
    ]
    if one.figures is None:
        return [*lines, say("its fixes give no encounter at the time that it states")]
    if manifest.not_told:
        names = terminal.visible(", ".join(manifest.not_told))
        lines.append(say("its fixes do not give these figures, and it says so: {names}", names=names))
    lines.append(
        say("its fixes do not give the figures that it states")
        if one.differs
        else say("its fixes give the figures that it states")
    )
    return lines


def between_lines(one: Between) -> list[str]:
    """Return what is to say of two evidences beside each other."""
    lines = [
        say(
            "{what}: {one} and {other}",
            what=what,
            one=terminal.visible(first) or "–",
            other=terminal.visible(second) or "–",
        )
        for what, first, second in one.stated
    ]
    clock = one.clock
    if clock is None:
        lines.append(say("how far apart their clocks are, the fixes do not tell"))
    else:
        basis = (
            say.many(
                "{count} transmission that both heard", "{count} transmissions that both heard", count=clock.fixes
            )
            if clock.by == "transmissions"
            else say.many("the motion at {count} fix", "the motion at {count} fixes", count=clock.fixes)
        )
        lines.append(
            say(
                "clock of the other: {offset} s later (spread {spread} s, from {basis}); taken off: {taken} s",
                offset=words.number(clock.offset_s, 3),
                spread=words.number(clock.spread_s, 3),
                basis=basis,
                taken=words.number(one.offset_s, 3),
            )
        )
    if clock is not None and clock.aside_m >= SAME_PLACE_M:
        lines.append(say("its positions lie {metres} m aside throughout", metres=words.number(clock.aside_m, 1)))
    counts = one.fixes.counts
    lines.append(
        say(
            "fixes: {same} the same, {first} only in the first, {second} only in the other, "
            "{places} at other positions, {times} at other times, {beyond} of a time that the other does not reach",
            same=words.number(one.fixes.same),
            first=words.number(counts["only_one"]),
            second=words.number(counts["only_other"]),
            places=words.number(counts["positions_differ"]),
            times=words.number(counts["times_differ"]),
            beyond=words.number(counts["beyond"]),
        )
    )
    return lines
