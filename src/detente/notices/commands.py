"""The verb ``notice``: ``new``, ``check``, ``show``, ``write``."""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from detente import words
from detente.door import terminal
from detente.door.errors import ArgumentMistake
from detente.door.files import writing
from detente.door.options import add_inner
from detente.notices.codec import Checked
from detente.notices.export import is_line_only
from detente.notices.faults import Fault
from detente.notices.forms import FORM_MAX, read_notice
from detente.notices.kinds import KINDS, kind_of
from detente.notices.templates import form_of, template
from detente.notices.terms import kind_name
from detente.notices.text import notice_text

__all__ = ["NOTICE", "fault_documents", "tell_faults", "tell_warnings"]

say = words.speaker("notices")


class _Notice:
    """The verb ``notice``."""

    def describe(self) -> str:
        """Return the paragraph of ``--help``."""
        return say(
            "Notices: what is said about exercises, movements, launches, danger areas, incidents, visits,\n"
            "contacts. Fill in a form, check it (every fault at once, each at its place), see it as text\n"
            "in the layout of risk-reduction centres, on a map or in a calendar, and send it:\n"
            "detente line send HOME --notice FILE."
        )

    def examples(self) -> str:
        """Return lines that a reader can paste."""
        return (
            "  detente notice new exercise > plan.toml\n"
            "  detente notice new danger-area --areas drawn.geojson > area.toml\n"
            "  detente notice check plan.toml\n"
            "  detente notice show plan.toml --language ru\n"
            "  detente notice show plan.toml --geojson > plan.geojson\n"
            "  detente notice write plan.toml > plan.json\n"
            "  detente notice new correction --of plan.json > mended.toml"
        )

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the verbs under ``notice``."""
        parser.set_defaults(notice_parser=parser, notice_run=None)
        verbs = parser.add_subparsers(dest="notice_verb", metavar=say("VERB"), title=say("verbs"))
        new = _verb(verbs, "new", say("write a commented form to fill in"), _new)
        new.add_argument(
            "kind",
            metavar="KIND",
            choices=[kind.replace("_", "-") for kind in KINDS],
            type=lambda text: text.replace("_", "-"),
            help=", ".join(kind.replace("_", "-") for kind in KINDS),
        )
        new.add_argument("--example", action="store_true", help=say("fill it in with a fictional example"))
        new.add_argument(
            "--of", metavar="FILE", type=Path, help=say("for a correction: the notice that is said again")
        )
        new.add_argument(
            "--areas",
            metavar="FILE",
            type=Path,
            help=say("fill in its areas from a map drawn elsewhere (GeoJSON)"),
        )
        check = _verb(verbs, "check", say("name every fault of a form or a record; 0 when there is none"), _check)
        show = _verb(verbs, "show", say("show it as text, on a map or in a calendar"), _show)
        forms = show.add_mutually_exclusive_group()
        forms.add_argument("--geojson", action="store_true", help=say("its places as GeoJSON"))
        forms.add_argument("--kml", action="store_true", help=say("its places as KML"))
        forms.add_argument("--ics", action="store_true", help=say("its periods as iCalendar"))
        write = _verb(verbs, "write", say("write its one spelling, the bytes that are signed"), _write)
        for verb in (check, show, write):
            verb.add_argument(
                "file", metavar="FILE", help=say("a form (TOML or JSON) or a record; - is standard input")
            )
        for verb in (new, show, write):
            verb.add_argument("--out", metavar="OUT", type=Path, help=say("file to write; else standard output"))

    def run(self, arguments: argparse.Namespace) -> int:
        """Run the verb that was named; 2 and its help when there is none."""
        if arguments.notice_run is None:
            arguments.notice_parser.print_help()
            return 2
        return int(arguments.notice_run(arguments))


def _verb(verbs: Any, name: str, summary: str, run: Any) -> argparse.ArgumentParser:
    made: argparse.ArgumentParser = verbs.add_parser(name, help=summary, description=summary, allow_abbrev=False)
    add_inner(made)
    made.set_defaults(notice_run=run)
    return made


def _new(arguments: argparse.Namespace) -> int:
    kind = str(arguments.kind).replace("-", "_")
    filled: Any = None
    if arguments.of is not None:
        filled = _said_again(kind, arguments.of)
    elif arguments.example:
        filled = form_of(msgspec.to_builtins(_example(kind)))
    if arguments.areas is not None:
        filled = {**(filled or {}), "areas": _drawn(kind, arguments.areas)}
    _put(template(kind, filled=filled), arguments.out)
    return 0


def _drawn(kind: str, path: Path) -> list[Any]:
    """Return the areas of a GeoJSON file in the spelling of forms."""
    from detente.notices.geojson import areas_of  # noqa: PLC0415 - only this option pays for it

    if "areas" not in KINDS[kind].__struct_fields__:
        raise ArgumentMistake(
            expected=say("a kind of notice that has areas"),
            came=kind,
            where="--areas",
            remedy=say("leave it out; see: detente notice new KIND"),
        )
    try:
        document = msgspec.json.decode(_octets(str(path)))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        document = None  # no JSON: said as what it is by the reader of areas
    return [form_of(msgspec.to_builtins(one)) for one in areas_of(document)]


def _example(kind: str) -> Any:
    from detente.notices.examples import EXAMPLES  # noqa: PLC0415 - only this option pays for it

    return EXAMPLES[kind]


def _said_again(kind: str, path: Path) -> dict[str, Any]:
    """Return a correction's form with the old notice in it."""
    checked, faults = read_notice(_octets(str(path)))
    if kind != "correction" or checked is None:
        first = f"{faults[0]}" if faults else kind
        raise ArgumentMistake(
            expected=say("a correction, and a notice without faults that it corrects"),
            came=first,
            where="--of",
            remedy=say("see: detente notice check FILE"),
        )
    old = form_of(msgspec.to_builtins(checked.notice))
    return {"author": old["author"], "title": old["title"], "corrected": old}


def _check(arguments: argparse.Namespace) -> int:
    checked, faults = read_notice(_octets(arguments.file), now=datetime.now(UTC))
    if arguments.json:
        document: dict[str, Any] = {
            "file": arguments.file,
            "valid": checked is not None,
            "faults": fault_documents(faults),
            "warnings": fault_documents(checked.warnings if checked else ()),
        }
        if checked is not None:
            document |= {"kind": kind_of(checked.notice), "unknown_fields": dict(checked.unknown)}
        terminal.result_json(document)
    elif checked is None:
        tell_faults(faults)
    else:
        tell_warnings(checked)
        terminal.result(say("{kind}: no fault", kind=kind_name(kind_of(checked.notice))))
        terminal.note(
            say("send it: detente line send HOME --notice {file}", file=terminal.visible(arguments.file))
        )
    return 0 if checked is not None else _refused(faults)


def _show(arguments: argparse.Namespace) -> int:
    checked = _read(arguments)
    if checked is None:
        return 2
    uid = hashlib.sha256(checked.octets).hexdigest()[:32]
    if arguments.geojson:
        from detente.notices.geojson import features_of  # noqa: PLC0415 - only a map pays for the ellipsoid

        text = json.dumps(features_of(checked), ensure_ascii=False) + "\n"
    elif arguments.kml:
        from detente.notices.kml import kml_text  # noqa: PLC0415

        text = kml_text(checked, description=notice_text(checked))
    elif arguments.ics:
        from detente.notices.ics import calendar_text, events_of  # noqa: PLC0415

        text = calendar_text(events_of(checked, uid=uid))
    elif arguments.json:
        text = json.dumps(msgspec.json.decode(checked.octets), ensure_ascii=False, indent=2) + "\n"
    else:
        text = notice_text(checked)
    _put(text, arguments.out)
    return 0


def _write(arguments: argparse.Namespace) -> int:
    checked = _read(arguments)
    if checked is None:
        return 2
    _put(checked.octets.decode(), arguments.out)
    return 0


def _read(arguments: argparse.Namespace) -> Checked | None:
    """Return the checked notice of the file; None when its faults were told."""
    checked, faults = read_notice(_octets(arguments.file))
    if checked is None:
        tell_faults(faults)
        return None
    tell_warnings(checked)
    return checked


def tell_faults(faults: list[Fault]) -> None:
    """Say every fault, one a line, each at its place."""
    for fault in faults:
        terminal.note(terminal.visible(str(fault)))
    terminal.note(say.many("{count} fault", "{count} faults", count=len(faults)))


def tell_warnings(checked: Checked) -> None:
    """Say what is suspicious about a notice that has no fault, and what is not known here."""
    for warning in checked.warnings:
        terminal.note(say("look again: {warning}", warning=terminal.visible(str(warning))))
    for path in checked.unknown:
        terminal.note(say("field not known here, kept: {field}", field=terminal.visible(path)))
    if is_line_only(checked.notice):
        terminal.note(
            say("a humanitarian notice is a notice and no protection; it goes on a sealed line of its own")
        )


def fault_documents(faults: Any) -> list[dict[str, str]]:
    """Return faults or warnings as JSON has them."""
    return [
        {"where": one.where, "code": one.code, "expected": one.expected, "came": one.came, "remedy": one.remedy}
        for one in faults
    ]


def _refused(faults: list[Fault]) -> int:
    """Return 2 for what is no form at all, 1 for a form with faults."""
    return 2 if any(fault.code == "form" for fault in faults) else 1


def _octets(source: str) -> bytes:
    """Return a file's bytes, or standard input's for "-"; at most one byte more than a form may have."""
    if source == "-":
        return sys.stdin.buffer.read(FORM_MAX + 1)
    with Path(source).open("rb") as file:
        return file.read(FORM_MAX + 1)


def _put(text: str, out: Path | None) -> None:
    if out is None:
        sys.stdout.write(text)
        return
    with writing(out) as path:
        path.write_text(text, encoding="utf-8", newline="")
    terminal.note(say("written: {file}", file=terminal.visible(str(out))))


NOTICE = _Notice()
