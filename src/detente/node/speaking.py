"""What an officer says, made into drafts: contents by their kind, replies, reveals, suspensions.

A text or JSON body is read strictly before anything is signed: what one side can read, the other can too.
"""

from __future__ import annotations

import mimetypes
import os
import sys
from pathlib import Path

from detente import words
from detente.line import canonical
from detente.line.effects import Draft, Submitted
from detente.line.errors import LineMistake
from detente.line.state import Run
from detente.line.statement import ATTACHMENTS_MAX, ATTACHMENTS_TOTAL_MAX, BODY_MAX, Commitment
from detente.node.book import Book, Entry
from detente.node.host import Host
from detente.node.json_text import read_json
from detente.node.sentences import run_sentence

__all__ = ["attachments", "body_of", "new_submission", "read_bytes", "reveal_drafts", "submit"]

say = words.speaker("node")

_KNOWN_KINDS = {".json": "application/json", ".txt": "text/plain", ".geojson": "application/geo+json"}


def new_submission() -> str:
    """Return the identity of a new submission: 16 random bytes, hexadecimal."""
    return os.urandom(16).hex()


def body_of(source: str, media_type: str | None) -> tuple[str, bytes]:
    """Return media type and content of a body: a file's, or standard input's for "-".

    Content that begins like a JSON object, or is named application/json, must be JSON as both sides can read
    it, and is sent in its canonical spelling; other text must be UTF-8 and is sent as it is. Raises
    LineMistake.
    """
    content = read_bytes(source, BODY_MAX, "--body")
    kind = media_type or ("application/json" if content.lstrip()[:1] == b"{" else "text/plain")
    if kind == "application/json":
        return kind, read_json(
            content,
            source,
            say('mend it; write decimals as text ("12.5"); --media-type text/plain sends it as plain text'),
        )
    if kind.startswith("text/"):
        try:
            content.decode()
        except UnicodeDecodeError as fault:
            raise _mistake(
                say("text in UTF-8, or a JSON object"),
                say("a byte that is neither, at {place}", place=fault.start),
                source,
                say("send other kinds of files with --attach"),
            ) from None
    return kind, content


def attachments(paths: list[Path]) -> tuple[tuple[str, bytes], ...]:
    """Return media types and contents of attachments.

    Raises LineMistake over their limits, before reading them.
    """
    if len(paths) > ATTACHMENTS_MAX:
        raise _mistake(
            say("at most {count} attachments", count=ATTACHMENTS_MAX),
            str(len(paths)),
            "--attach",
            say("send them in several statements"),
        )
    found = []
    room = ATTACHMENTS_TOTAL_MAX
    for path in paths:
        content = read_bytes(str(path), room, "--attach")
        room -= len(content)
        guessed = mimetypes.guess_type(path.name, strict=True)[0]
        found.append((_KNOWN_KINDS.get(path.suffix, guessed or "application/octet-stream"), content))
    return tuple(found)


def read_bytes(source: str, size_max: int, where: str) -> bytes:
    """Return a file's bytes, or standard input's for "-", at most ``size_max``; raises LineMistake."""
    try:
        if source == "-":
            content = sys.stdin.buffer.read(size_max + 1)
        else:
            with Path(source).open("rb") as file:
                content = file.read(size_max + 1)
    except OSError as failure:
        raise _mistake(
            say("a file that can be read"), failure.strerror or str(failure), source, say("name the right file")
        ) from failure
    if len(content) > size_max:
        raise _mistake(
            say("at most {size} bytes", size=size_max),
            say("more"),
            source,
            say("attach what is larger, or send it in parts; nothing was sent")
            if where == "--body"
            else say("send it in several statements; nothing was sent"),
        )
    return content


def submit(host: Host, draft: Draft) -> Entry:
    """Send one draft and return its entry, held durably; the same submission again returns that entry.

    Raises LineMistake when this node may not write now: nothing was sent.
    """
    try:
        host.give(Submitted((draft,)))
    except LineMistake:
        if host.state.run is Run.RUNNING:
            raise
        raise _may_not(host) from None  # its own words for it name states as programs do
    reference = host.record.submission(draft.submission)
    if reference is None:
        raise _may_not(host)
    book = Book.open(host.home.member, host.record)
    origin = next(
        one
        for one in book.state.logs
        if (one.epoch, one.member, one.generation) == (reference.epoch, reference.member, reference.generation)
    )
    return book.entry(origin, reference.seq)


def reveal_drafts(book: Book, entry: Entry) -> list[Draft]:
    """Return the statements that reveal what an own entry held back: several when one cannot hold it all.

    Raises LineMistake when the entry is another's, holds nothing back, was revealed, or its contents are lost.
    """
    if entry.origin.member != book.state.me:
        raise _mistake(
            say("an entry of this member"), entry.origin.member, "--entry", say("only its author reveals it")
        )
    shown = book.reveals.get((entry.origin, entry.seq))
    waiting = [
        one
        for one in (entry.statement.body, *entry.statement.attachments)
        if one.reveal == "later" and (shown is None or one.hash not in shown.contents)
    ]
    if not waiting:
        raise _mistake(
            say("an entry sent with --reveal later, not revealed yet"),
            say("nothing held back"),
            "--entry",
            say("see: detente line log"),
        )
    contents: list[tuple[Commitment, bytes, bytes]] = []
    for one in waiting:
        held = book.record.body(one.hash)
        if held is None:
            raise _mistake(
                say("the content held here"), say("it was lost"), "--entry", say("it cannot be revealed any more")
            )
        contents.append((one, *held))
    return [_reveal(entry, group) for group in _groups(contents)]


def _groups(contents: list[tuple[Commitment, bytes, bytes]]) -> list[list[tuple[Commitment, bytes, bytes]]]:
    """Split what is revealed so that each statement is within the caps of attachments."""
    groups: list[list[tuple[Commitment, bytes, bytes]]] = [[]]
    for one in contents:
        size = sum(len(content) for _, _, content in groups[-1]) + len(one[2])
        if groups[-1] and (size > ATTACHMENTS_TOTAL_MAX or len(groups[-1]) == ATTACHMENTS_MAX):
            groups.append([])
        groups[-1].append(one)
    return groups


def _reveal(entry: Entry, contents: list[tuple[Commitment, bytes, bytes]]) -> Draft:
    listed = [{"hash": one.hash, "salt": salt.hex()} for one, salt, _ in contents]
    return Draft(
        type="reveal",
        media_type="application/json",
        content=canonical.encode({"contents": listed}),
        submission=new_submission(),
        attachments=tuple((one.media_type, content) for one, _, content in contents),
        in_reply_to=entry.reference,
    )


def _may_not(host: Host) -> LineMistake:
    came = run_sentence(host.state.run.value, host.state.reason)
    return _mistake(say("a node that may sign"), came, "", say("nothing was sent; see: detente line status"))


def _mistake(expected: str, came: str, where: str, remedy: str) -> LineMistake:
    return LineMistake(expected=expected, came=came, where=where, remedy=remedy)
