"""The verb ``areas``: announcements in, danger areas and their account out; and notices into announcements."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from detente import words
from detente.areas.errors import AnnouncedMistake, WritingMistake
from detente.areas.meanings import meaning
from detente.areas.outcomes import Doubt, Outcome, Reading, Reason, Refusal
from detente.door import terminal
from detente.door.errors import ArgumentMistake, MissingExtra
from detente.door.files import writing

__all__ = ["AREAS"]

say = words.speaker("areas")

_FORMS = (".geojson", ".json", ".kml", ".ics", ".parquet")


class _Areas:
    """Reads announcements into danger areas; writes notices as announcements."""

    def describe(self) -> str:
        """Return what the verb does."""
        return say(
            "Reads NOTAM, navigational warnings and GeoJSON into danger areas in space and time. Each text is read,\n"
            "doubtful (values with the doubt and the words that raise it) or refused (with the words that could not\n"
            "be placed); nothing is guessed. Writes a danger-area notice as a NOTAM or a warning for a civil office.\n"
            "What is read and what is refused: docs/danger-areas.md."
        )

    def examples(self) -> str:
        """Return lines of shell."""
        return (
            "  detente areas read notams.txt warnings.json --out areas.geojson\n"
            "  curl -s https://example.org/warnings | detente areas read - --json\n"
            "  detente areas write notice.json --as notam --fir EFIN"
        )

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the two acts and their options."""
        parser.add_argument(
            "act", choices=("read", "write"), help=say("read announcements, or write a notice as one")
        )
        parser.add_argument(
            "files", nargs="+", metavar="FILES", help=say("files of texts or notices; - is standard input")
        )
        parser.add_argument(
            "--out", metavar=say("FILE"), help=say("write the areas to this .geojson, .kml, .ics or .parquet")
        )
        parser.add_argument("--as", dest="form", choices=("notam", "warning"), help=say("the form to write"))
        parser.add_argument(
            "--number", default="", metavar=say("NUMBER"), help=say("the number that the text is to bear")
        )
        parser.add_argument(
            "--fir", default="", metavar="FIR", help=say("the flight information region of a NOTAM, four letters")
        )

    def run(self, arguments: argparse.Namespace) -> int:
        """Read or write; 0 done, 1 when no text of several gave an area, 2 for bad input."""
        return _read(arguments) if arguments.act == "read" else _write(arguments)


AREAS = _Areas()


def _octets(files: list[str]) -> Iterator[tuple[str, bytes]]:
    for name in files:
        yield name, sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()


def _read(arguments: argparse.Namespace) -> int:
    target = _target(arguments.out)
    try:
        from detente.areas.reading import counts, read_octets  # noqa: PLC0415 - the geodesic library comes with an extra
    except ImportError as absent:
        raise _missing(absent) from None
    _check_geodesics()
    readings = [
        reading
        for name, octets in _octets(arguments.files)
        for reading in read_octets(octets, "" if name == "-" else Path(name).name)
    ]
    if target is not None:
        _save(readings, target)
    if arguments.json:
        from detente.areas.geojson import reading_json  # noqa: PLC0415

        terminal.result_json([reading_json(reading) for reading in readings])
    else:
        _show(readings)
    told = counts(readings)
    terminal.note(
        say(
            "{given} texts: {read} read, {doubtful} doubtful, {refused} refused",
            given=told.given,
            read=told.read,
            doubtful=sum(told.doubtful.values()),
            refused=sum(told.refused.values()),
        )
    )
    for name, by_reason in ((say("doubtful"), told.doubtful), (say("refused"), told.refused)):
        for reason, count in sorted(by_reason.items(), key=lambda item: (-item[1], item[0])):
            terminal.note(f"  {name}: {count} {reason} ({meaning(Reason(reason))})")
    if target is not None:
        terminal.note(say("written: {file}", file=terminal.visible(str(target))))
    return 0 if any(reading.outcome is not Outcome.REFUSED for reading in readings) else 1


def _check_geodesics() -> None:
    try:
        import pyproj  # noqa: F401, PLC0415
    except ImportError as absent:
        raise _missing(absent) from None


def _missing(absent: ImportError) -> MissingExtra:
    return MissingExtra(
        expected=say("the part of detente that reads and draws areas"),
        came=say("{library} is not installed", library=absent.name or "pyproj"),
        remedy='pip install "detente[watch]"',
    )


def _target(out: str | None) -> Path | None:
    if out is None:
        return None
    target = Path(out)
    if target.suffix.lower() not in _FORMS:
        raise ArgumentMistake(
            expected=say("a file that ends in one of {forms}", forms=", ".join(_FORMS)),
            came=repr(out[:200]),
            where="--out",
            remedy=say("write for example {example}", example="--out areas.geojson"),
        )
    return target


def _save(readings: list[Reading], target: Path) -> None:
    with writing(target) as temporary:
        if target.suffix.lower() == ".parquet":
            from detente.areas.table import write_table  # noqa: PLC0415

            write_table(readings, temporary)
            return
        if target.suffix.lower() == ".kml":
            from detente.areas.kml import kml as pieces  # noqa: PLC0415
        elif target.suffix.lower() == ".ics":
            from detente.areas.ics import ics as pieces  # noqa: PLC0415
        else:
            from detente.areas.geojson import collection as pieces  # noqa: PLC0415
        with temporary.open("w", encoding="utf-8", newline="") as file:
            file.writelines(pieces(readings))


def _show(readings: list[Reading]) -> None:
    """Show one line a text: what came of it, areas and windows, and the first words of each doubt or refusal."""
    rows = []
    outcomes = {Outcome.READ: say("read"), Outcome.DOUBTFUL: say("doubtful"), Outcome.REFUSED: say("refused")}
    for reading in readings:
        said: list[Refusal | Doubt] = [*reading.refusals, *reading.doubts]
        why = "; ".join(f"{meaning(item.reason)}: {item.words[:60]}" for item in said[:3])
        rows.append(
            (reading.text_id, outcomes[reading.outcome], str(len(reading.areas)), str(len(reading.windows)), why)
        )
    head = (say("text"), say("outcome"), say("areas"), say("windows"), say("why"))
    terminal.table(head, rows, numeric=(False, False, True, True, False))


def _write(arguments: argparse.Namespace) -> int:
    """Write each notice as a text; 1 when some of several cannot be put into the form, which are named."""
    if arguments.form is None:
        raise ArgumentMistake(
            expected=say("the form to write"),
            came=say("none"),
            where="--as",
            remedy=say("add --as notam or --as warning"),
        )
    _check_geodesics()
    _check_names(arguments)
    texts = []
    unwritten: list[WritingMistake] = []
    readings = _notices(arguments.files)
    for reading in readings:
        try:
            texts.append({"id": reading.text_id, "text": _one_text(reading, arguments)})
        except WritingMistake as mistake:
            if len(readings) == 1:
                raise
            unwritten.append(mistake)
            terminal.note(
                say(
                    "{id}: not written: {came}; {remedy}",
                    id=reading.text_id,
                    came=mistake.came,
                    remedy=mistake.remedy,
                )
            )
    if arguments.json:
        terminal.result_json(texts)
    elif texts:
        terminal.result("\n\n".join(item["text"] for item in texts))
    return 1 if unwritten else 0


def _check_names(arguments: argparse.Namespace) -> None:
    """Refuse a number or a region that the form has no room for, and a file that only reading writes."""
    from detente.areas.writing import NOTAM_NUMBER, WARNING_NUMBER  # noqa: PLC0415

    is_notam = arguments.form == "notam"
    number, example = (NOTAM_NUMBER, "A1234/26") if is_notam else (WARNING_NUMBER, "NAVAREA I 12/26")
    if arguments.number and not number.fullmatch(arguments.number):
        raise ArgumentMistake(
            expected=say("a number as that form has it"),
            came=repr(arguments.number[:60]),
            where="--number",
            remedy=say("write for example {example}", example=f'--number "{example}"'),
        )
    if arguments.fir and not (is_notam and re.fullmatch("[A-Z]{4}", arguments.fir)):
        raise ArgumentMistake(
            expected=say("the four capital letters of a flight information region, for a NOTAM"),
            came=repr(arguments.fir[:60]),
            where="--fir",
            remedy=say("write for example {example}", example="--as notam --fir EFIN"),
        )
    if arguments.out is not None:
        raise ArgumentMistake(
            expected=say("a file of areas, which reading alone writes"),
            came=repr(arguments.out[:200]),
            where="--out",
            remedy=say("send what is written into a file: > notam.txt"),
        )


def _one_text(reading: Reading, arguments: argparse.Namespace) -> str:
    """Return the text of one notice, and tell what rounding moved and what is doubtful in it."""
    from detente.areas.writing import notam_text, warning_text  # noqa: PLC0415

    written = (
        notam_text(reading, number=arguments.number, fir=arguments.fir)
        if arguments.form == "notam"
        else warning_text(reading, number=arguments.number)
    )
    if written.moved_m >= 0.02:
        terminal.note(
            say(
                "{id}: rounding moved a position by up to {moved} m",
                id=reading.text_id,
                moved=f"{written.moved_m:.1f}",
            )
        )
    for doubt in reading.doubts:
        terminal.note(
            say(
                "{id}: doubtful: {why}",
                id=reading.text_id,
                why=f"{meaning(doubt.reason)}: {terminal.visible(doubt.words)}",
            )
        )
    return written.text


def _notices(files: list[str]) -> list[Reading]:
    from detente.areas.containers import from_json  # noqa: PLC0415
    from detente.areas.notice_files import notice_in  # noqa: PLC0415

    made: list[Reading] = []
    for name, octets in _octets(files):
        source = "" if name == "-" else Path(name).name
        notice = notice_in(octets, source)
        if notice is not None:
            made.append(notice)
            continue
        told = from_json(octets.decode("utf-8", errors="replace"), source)
        made += [item.reading for item in told if item.reading is not None and not item.reading.refusals]
    if not made:
        raise AnnouncedMistake(
            expected=say("danger-area notices, or the GeoJSON that areas read writes"),
            came=say("none in these files"),
            remedy=say("read announcements first: detente areas read FILES --out areas.geojson"),
        )
    return made
