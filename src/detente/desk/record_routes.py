"""Reading the lines and their record: what was said, by whom, how it stands, what is owed."""

from __future__ import annotations

import asyncio
from typing import Annotated

import msgspec
from msgspec import Meta
from starlette.responses import Response

from detente import words
from detente.desk.asking import Told
from detente.desk.errors import bad_input, not_offered
from detente.desk.operations import PREFIX, Call, Operation
from detente.desk.pdf_page import font_files, pdf_page
from detente.desk.picture.documents import Moment
from detente.desk.print_page import print_page
from detente.node.desk_door import record_questions as record

__all__ = ["RECORD", "EntriesQuery", "saved", "span_checked"]

say = words.speaker("desk")

SPAN_MS_MAX = 3 * 366 * 86_400_000
"""The longest time that one question about a span may cover."""

LineName = Annotated[str, Meta(max_length=100)]
Text = Annotated[str, Meta(max_length=300)]


class LineQuery(msgspec.Struct, frozen=True):
    """line: of one line only; "" for all."""

    line: LineName = ""


class EntriesQuery(msgspec.Struct, frozen=True):
    """Which entries; what is left out asks for all. before: as the last page's ``next``."""

    line: LineName = ""
    member: LineName = ""
    kind: LineName = ""
    text: Text = ""
    activity: Text = ""
    before: Text = ""
    from_ms: Moment | None = None
    until_ms: Moment | None = None
    with_control: bool = False
    has_open_answer: bool = False
    limit: Annotated[int, Meta(ge=1, le=200)] = 50


class Span(msgspec.Struct, frozen=True):
    """Between two moments."""

    from_ms: Moment
    until_ms: Moment


class ObligationsQuery(msgspec.Struct, frozen=True):
    """at_ms: as things stand at this moment; now when it is left out."""

    line: LineName = ""
    at_ms: Moment | None = None


class PrintQuery(msgspec.Struct, frozen=True):
    """language: of the page or the file."""

    language: Annotated[str, Meta(pattern="^(en|ru)$")] = "en"


def span_checked(span: Span) -> Span:
    """Return a span; raises RefusedRequest (400) for one that ends before it begins, or is too long."""
    if not 0 <= span.until_ms - span.from_ms <= SPAN_MS_MAX:
        raise bad_input(
            say("a time of at most three years that ends after it begins"), say("another"), "until_ms"
        )
    return span


async def lines(call: Call) -> Told:
    """Tell how every line stands, and the whole node."""
    return await call.room.node.told(record.LinesAsked())


async def entries(call: Call) -> Told:
    """Give a page of entries, newest first."""
    query: EntriesQuery = call.query
    if query.text or query.activity:
        call.room.limits.spend(call.actor, "search", call.room.clock_s())
    return await call.room.node.told(record.EntriesAsked(**msgspec.structs.asdict(query)))


async def entry(call: Call) -> Told:
    """Give one entry in full."""
    return await call.room.node.told(record.EntryAsked(line=call.path["line"], ref=call.path["ref"]))


async def content(call: Call) -> Response:
    """Give the bytes of a body (0) or an attachment (from 1 on), to be saved: a browser never shows them."""
    question = record.ContentAsked(line=call.path["line"], ref=call.path["ref"], index=int(call.path["index"]))
    found: record.ContentDocument = await call.room.node.ask(question)
    return saved(found, f"{call.path['ref'].replace('/', '-')}-{call.path['index']}")


def saved(found: record.ContentDocument, name: str) -> Response:
    """Return bytes of a stranger as a file to be saved under a plain name, whatever its author says that it is."""
    kept = "".join(letter for letter in name if letter.isalnum() or letter in "-_.")
    return Response(
        found.octets,
        media_type="application/octet-stream",
        headers={
            "Content-Disposition": f'attachment; filename="{kept}"',
            "X-Stated-Media-Type": "".join(one for one in found.media_type[:100] if " " < one < "\x7f"),
        },
    )


async def activities(call: Call) -> Told:
    """Give every activity as it stands now."""
    return await call.room.node.told(record.ActivitiesAsked(line=call.query.line))


async def incidents(call: Call) -> Told:
    """Give incidents with the accounts of every side."""
    return await call.room.node.told(record.IncidentsAsked(line=call.query.line))


async def contacts(call: Call) -> Told:
    """Give contacts with each side's readout."""
    return await call.room.node.told(record.ContactsAsked(line=call.query.line))


async def areas(call: Call) -> Told:
    """Give the areas in force between two moments."""
    span = span_checked(call.query)
    return await call.room.node.told(record.AreasAsked(from_ms=span.from_ms, until_ms=span.until_ms))


async def obligations(call: Call) -> Told:
    """Tell what is owed, by whom, by when."""
    return await call.room.node.told(record.ObligationsAsked(line=call.query.line, at_ms=call.query.at_ms))


async def timeline(call: Call) -> Told:
    """Give the bars and dots of the timeline between two moments."""
    span = span_checked(call.query)
    return await call.room.node.told(record.TimelineAsked(from_ms=span.from_ms, until_ms=span.until_ms))


async def handover(call: Call) -> Told:
    """Tell the next watch what happened, what is owed and what is open."""
    span = span_checked(call.query)
    return await call.room.node.told(record.HandoverAsked(from_ms=span.from_ms, until_ms=span.until_ms))


async def print_entry(call: Call) -> Response:
    """Give one entry as a page to print."""
    found, stands = await _in_full(call)
    page = print_page(found, stands, call.query.language, call.room.now_ms())
    return Response(page, media_type="text/html")


async def pdf_entry(call: Call) -> Response:
    """Give one entry as a PDF file; as long as the entry and its states are the same, so is every byte of it."""
    fonts = font_files(call.room.static)
    if fonts is None:
        raise not_offered(
            say("the pages of this desk, built with their letters"),
            say("build them on a machine with Node.js: make web"),
        )
    found, stands = await _in_full(call)
    async with call.room.papers:
        octets = await asyncio.to_thread(pdf_page, found, stands, call.query.language, fonts)
    name = "".join(one for one in found.row.ref.replace("/", "-") if one.isalnum() or one in "-_.")
    return Response(
        octets,
        media_type="application/pdf",
        headers={"Content-Disposition": f'attachment; filename="{name}.pdf"'},
    )


async def _in_full(call: Call) -> tuple[record.EntryDocument, record.LinesDocument]:
    found: record.EntryDocument = await call.room.node.ask(
        record.EntryAsked(line=call.path["line"], ref=call.path["ref"])
    )
    stands: record.LinesDocument = await call.room.node.ask(record.LinesAsked())
    return found, stands


RECORD = (
    Operation("GET", f"{PREFIX}/lines", lines, record.LinesDocument),
    Operation("GET", f"{PREFIX}/entries", entries, record.EntriesDocument, query=EntriesQuery),
    Operation("GET", f"{PREFIX}/entries/{{line}}/{{ref}}", entry, record.EntryDocument),
    Operation(
        "GET", f"{PREFIX}/entries/{{line}}/{{ref}}/content/{{index}}", content, media="application/octet-stream"
    ),
    Operation("GET", f"{PREFIX}/activities", activities, record.GroupsDocument, query=LineQuery),
    Operation("GET", f"{PREFIX}/incidents", incidents, record.GroupsDocument, query=LineQuery),
    Operation("GET", f"{PREFIX}/contacts", contacts, record.GroupsDocument, query=LineQuery),
    Operation("GET", f"{PREFIX}/areas", areas, record.AreasDocument, query=Span),
    Operation("GET", f"{PREFIX}/obligations", obligations, record.ObligationsDocument, query=ObligationsQuery),
    Operation("GET", f"{PREFIX}/timeline", timeline, record.TimelineDocument, query=Span, limit="search"),
    Operation("GET", f"{PREFIX}/handover", handover, record.HandoverDocument, query=Span, limit="search"),
    Operation("GET", f"{PREFIX}/print/{{line}}/{{ref}}", print_entry, query=PrintQuery, media="text/html"),
    Operation(
        "GET",
        f"{PREFIX}/pdf/{{line}}/{{ref}}",
        pdf_entry,
        query=PrintQuery,
        limit="search",
        media="application/pdf",
    ),
)
