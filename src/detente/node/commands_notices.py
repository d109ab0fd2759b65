"""The verb ``line notices``: every activity of a line as it stands now; the record itself never changes."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from detente import words
from detente.door import terminal
from detente.node.asking import add_home, add_line, show, with_line

if TYPE_CHECKING:
    from detente.notices.activities import Activity, Current

__all__ = ["NOTICES"]

say = words.speaker("node")


class _Notices:
    """``detente line notices``."""

    name = "notices"

    def summary(self) -> str:
        """Return the line in the list of verbs."""
        return say("the notices of a line as they stand now")

    def describe(self) -> str:
        """Return the paragraph of ``--help``."""
        return say(
            "Tells each activity, incident or meeting with its notices as they stand now: corrected,\n"
            "cancelled, or as they were said. This is a view: every entry stays in the record, and the log\n"
            "tells it. --activity shows one in full."
        )

    def examples(self) -> str:
        """Return lines that a reader can paste."""
        return "  detente line notices west\n  detente line notices west --activity northern-birch-2030"

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the verb's arguments."""
        add_home(parser)
        add_line(parser)
        parser.add_argument("--activity", metavar="NAME", help=say("only this activity, in full"))

    def run(self, arguments: argparse.Namespace) -> int:
        """Tell them; 0, or 1 when the named activity has none."""
        # only this verb pays for loading what notices are
        from detente.node.filed_record import filed_of  # noqa: PLC0415
        from detente.notices.activities import activities  # noqa: PLC0415

        with with_line(arguments) as (_, book):
            book.index()
            filed, unread = filed_of(book)
        found = activities(filed)
        if arguments.activity is not None:
            found = {name: one for name, one in found.items() if name == arguments.activity}
        document = {
            "activities": [_document(one) for one in found.values()],
            "unread": [{"ref": ref, "reason": reason} for ref, reason in unread],
        }
        show(arguments, document, lambda: _tell(found, in_full=arguments.activity is not None))
        for ref, reason in unread:
            terminal.note(say("{ref} is left out: {reason}", ref=ref, reason=terminal.visible(reason)))
        if not found:
            terminal.note(say("no such notice was said on this line"))
        return 1 if arguments.activity is not None and not found else 0


def _document(one: Activity) -> dict[str, Any]:
    return {
        "activity": one.name,
        "notices": [
            {
                "ref": each.first.ref,
                "state": each.state,
                "changed_by": [change.ref for change in each.changes],
                "notice": msgspec.json.decode(msgspec.json.encode(each.notice)),
            }
            for each in one.notices
        ],
        "adrift": [change.ref for change in one.adrift],
    }


def _tell(found: Mapping[str, Activity], *, in_full: bool) -> None:
    from detente.notices.codec import check  # noqa: PLC0415
    from detente.notices.kinds import kind_of  # noqa: PLC0415
    from detente.notices.terms import kind_name  # noqa: PLC0415
    from detente.notices.text import lines_of  # noqa: PLC0415

    for activity in found.values():
        terminal.result(activity.name or say("without the name of an activity"))
        for one in activity.notices:
            terminal.result(
                say(
                    "  {ref}  {kind}: {title}  [{state}]",
                    ref=one.first.ref,
                    kind=kind_name(kind_of(one.notice)),
                    title=terminal.visible(one.notice.title),
                    state=_state(one),
                )
            )
            checked, _ = check(one.notice) if in_full else (None, [])
            for line in lines_of(checked, ref=one.first.ref) if checked else ():
                terminal.result("    " + terminal.visible(line.replace("\N{NO-BREAK SPACE}", " ")))
        for change in activity.adrift:
            terminal.result(say("  {ref} refers to no entry that its author may change", ref=change.ref))


def _state(one: Current) -> str:
    """Return how a notice stands, and by which entries it came so."""
    by = ", ".join(change.ref for change in one.changes)
    if one.state == "corrected":
        return say("corrected by {refs}", refs=by)
    return say("cancelled by {refs}", refs=by) if one.state == "cancelled" else say("as it was said")


NOTICES = _Notices()
