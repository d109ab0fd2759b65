"""Track archives as the verbs read them: held for several passes, with progress, and with their account."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager

import polars as pl

from detente import words
from detente.door import terminal
from detente.encounters.held_tracks import held
from detente.encounters.inputs import hashed
from detente.encounters.report.subject import InputFile
from detente.tracks.commands import tally_lines
from detente.tracks.errors import OutOfOrder, TrackMistake
from detente.tracks.readers import Options
from detente.tracks.reading import stream
from detente.tracks.reasons import Tally
from detente.tracks.unpack import total_bytes

__all__ = ["hashes", "reading", "searching"]

say = words.speaker("encounters")


@contextmanager
def reading(files: Sequence[str], options: Options, *, clean: bool) -> Iterator[tuple[pl.LazyFrame, Tally]]:
    """Read the files in order of time; give the rows, to be gone through again and again, and their account.

    Reads as if rows were nearly in order, which costs least; when they are not, starts again and sorts.
    Raises TrackMistake when no row could be used, after saying why.
    """
    with ExitStack() as stack:
        try:
            nearly_in_order = "-" not in files  # standard input cannot be read twice
            tracks, tally = stack.enter_context(
                _read(files, options, clean=clean, nearly_in_order=nearly_in_order)
            )
        except OutOfOrder:
            terminal.note(say("the rows are far out of order: reading again, sorting through temporary files"))
            tracks, tally = stack.enter_context(_read(files, options, clean=clean, nearly_in_order=False))
        if not tally.kept:
            for line in tally_lines(tally):
                terminal.note(line)
            raise TrackMistake(
                expected=say("at least one row that can be used"),
                came=say.many("none of {count} row", "none of {count} rows", count=tally.rows),
                where=", ".join(files),
                remedy=say("the reasons are above; --columns and --time-zone help with plain tables"),
            )
        yield tracks, tally


@contextmanager
def _read(
    files: Sequence[str], options: Options, *, clean: bool, nearly_in_order: bool
) -> Iterator[tuple[pl.LazyFrame, Tally]]:
    tally = Tally()
    with ExitStack() as stack:
        with terminal.progress(say("reading"), total=total_bytes(files)) as advance:
            tally.progress = advance
            rows = stream(files, options, tally, clean=clean, nearly_in_order=nearly_in_order)
            tracks = stack.enter_context(held(stack.enter_context(closing(rows))))
        yield tracks, tally


def hashes(files: Sequence[str]) -> list[InputFile]:
    """Return the files by name, size and hash, showing how far it is."""
    with terminal.progress(say("hashing the inputs"), total=total_bytes(files)) as advance:
        return hashed(files, advance)


def _count(tracks: pl.LazyFrame) -> int:
    """Return how many rows there are."""
    return int(tracks.select(pl.len()).collect().item())


@contextmanager
def searching(tracks: pl.LazyFrame) -> Iterator[Callable[[int], None]]:
    """Show how far a search is; yields what it calls with the number of fixes read so far."""
    with terminal.progress(say("searching"), total=_count(tracks)) as advance:
        done = 0

        def told(fixes: int) -> None:
            nonlocal done
            advance(fixes - done)
            done = fixes

        yield told
