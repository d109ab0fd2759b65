"""What a route is: its address, what it takes and gives, its limits, and who carries it out."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import msgspec
from msgspec import inspect as shapes
from starlette.requests import Request
from starlette.responses import Response

from detente import words
from detente.desk.asking import Told
from detente.desk.errors import bad_input, not_found, wrong_method
from detente.desk.limiting import LimitClass
from detente.desk.rights import RIGHT_OF, Right
from detente.desk.visitors import Visitor
from detente.door.terminal import visible
from detente.node.desk_door.people_questions import TokenDocument
from detente.node.desk_door.record_questions import FaultDocument

if TYPE_CHECKING:
    from detente.desk.room import Room

__all__ = [
    "BODY_BYTES_MAX",
    "PARAMETERS",
    "PREFIX",
    "Call",
    "Nothing",
    "Operation",
    "Router",
    "decoded",
    "read_query",
]

say = words.speaker("desk")

PREFIX = "/api/v1"
BODY_BYTES_MAX = 64_000
"""Bytes of a body where the route names no other cap."""
_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,18})", re.ASCII)

PARAMETERS: dict[str, str] = {
    "line": r"^[a-z][a-z0-9-]{0,99}$",
    "ref": r"^[!-~]{1,200}$",
    "index": r"^(0|[1-9][0-9]{0,2})$",
    "id": r"^[^\x00-\x1f\x7f]{1,200}$",
    "submission": r"^[0-9a-f]{32}$",
    "name": r"^[^\x00-\x1f\x7f/]{1,80}$",
}
"""What may stand at each place of an address; anything else is not there (404)."""


class Nothing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A body that says nothing: ``{}``."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request that passed every check of who may ask what, and how often."""

    room: Room
    request: Request
    path: Mapping[str, str]
    query: Any = None
    body: Any = None
    visitor: Visitor | None = None
    token: TokenDocument | None = None

    @property
    def actor(self) -> str:
        """Id of the person or the token behind it, for the trail of acts."""
        if self.visitor is not None:
            return self.visitor.person.id
        return "" if self.token is None else self.token.id

    @property
    def person(self) -> Visitor:
        """Who asks, where the route's right makes sure that somebody does."""
        assert self.visitor is not None  # noqa: S101 - the right of the route said so
        return self.visitor


Handler = Callable[[Call], Awaitable[Response | Told | msgspec.Struct]]


@dataclass(frozen=True, slots=True)
class Operation:
    """One route. answer: the struct of its JSON, None for another ``media``. limit: its class in ``limiting``.

    is_in_pieces: the header Range names what is asked for.
    """

    method: str
    path: str
    handler: Handler
    answer: type[msgspec.Struct] | None = None
    query: type[msgspec.Struct] | None = None
    body: type[msgspec.Struct] | None = None
    body_max: int = BODY_BYTES_MAX
    limit: LimitClass = "read"
    media: str = "application/json"
    status: int = 200
    name: str = ""
    is_in_pieces: bool = False
    right: Right = field(init=False, default="anyone")

    def __post_init__(self) -> None:
        """Take the name from the handler and the right from the one table; a route without one cannot be built."""
        name = self.name or self.handler.__name__
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "right", RIGHT_OF[name])


class Router:
    """Finds the operation of an address. A place of an address is one encoded segment, with whatever it encodes."""

    def __init__(self, operations: Sequence[Operation]) -> None:
        self.operations = tuple(operations)
        self._by_size: dict[int, list[tuple[tuple[str, ...], Operation]]] = {}
        for operation in operations:
            segments = tuple(operation.path.split("/"))
            self._by_size.setdefault(len(segments), []).append((segments, operation))

    def knows(self, raw_path: bytes) -> bool:
        """Tell whether this is an address of the API, and no file."""
        path = raw_path.decode("latin-1")
        return path.startswith(f"{PREFIX}/") or path == PREFIX or bool(self._at(path))

    def find(self, method: str, raw_path: bytes) -> tuple[Operation, dict[str, str]]:
        """Return the operation and what stands at its places; raises RefusedRequest (404, 405)."""
        path = raw_path.decode("latin-1")
        found = self._at(path)
        if not found:
            raise not_found(say("no such address"), visible(path[:200]))
        for operation, places in found:
            if operation.method == ("GET" if method == "HEAD" else method):
                return operation, places
        raise wrong_method(", ".join(sorted({one.method for one, _ in found})))

    def _at(self, path: str) -> list[tuple[Operation, dict[str, str]]]:
        segments = path.split("/")
        found = []
        for pattern, operation in self._by_size.get(len(segments), ()):
            places: dict[str, str] = {}
            for wanted, segment in zip(pattern, segments, strict=True):
                if wanted.startswith("{"):
                    name, text = wanted[1:-1], unquote(segment, errors="surrogateescape")
                    if not re.fullmatch(PARAMETERS[name][1:-1], text) or not _is_text(text):
                        break
                    places[name] = text
                elif wanted != segment:
                    break
            else:
                found.append((operation, places))
        return found


def read_query(request: Request, wanted: type[msgspec.Struct] | None) -> Any:
    """Return the query as its struct; raises RefusedRequest (400) with every fault."""
    given = request.query_params.multi_items()
    if wanted is None:
        if given:
            raise bad_input(say("no query"), visible(given[0][0][:100]))
        return None
    shape = shapes.type_info(wanted)
    assert isinstance(shape, shapes.StructType)  # noqa: S101
    kinds = {one.encode_name: _kind(one.type) for one in shape.fields}
    values: dict[str, Any] = {}
    for name, text in given:
        if name not in kinds or name in values:
            raise _query_fault(name, say("a name of the query, once"), name)
        if not _is_text(text):
            raise _query_fault(name, say("text in UTF-8"), ascii(text))
        values[name] = _valued(name, text, kinds[name])
    try:
        return msgspec.convert(values, wanted)
    except msgspec.ValidationError as fault:
        raise bad_input(say("a query as /openapi.json describes it"), visible(str(fault)[:300])) from None


def decoded(octets: bytes, wanted: type[msgspec.Struct]) -> Any:
    """Return a body as its struct; raises RefusedRequest (400)."""
    try:
        return msgspec.json.decode(octets or b"{}", type=wanted)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as fault:
        text = visible(str(fault)[:300]) if str(fault) else type(fault).__name__
        path = text.partition(" - at `")[2].rstrip("`")
        faults = (FaultDocument(path=path, message=text),) if path else ()
        raise bad_input(say("a body as /openapi.json describes it"), text, faults=faults) from None


def _kind(shape: shapes.Type) -> type[shapes.Type]:
    if isinstance(shape, shapes.UnionType):
        return next(type(one) for one in shape.types if not isinstance(one, shapes.NoneType))
    return type(shape)


def _valued(name: str, text: str, kind: type[shapes.Type]) -> Any:
    if kind is shapes.IntType:
        if not _INTEGER.fullmatch(text):
            raise _query_fault(name, say("a whole number"), text)
        return int(text)
    if kind is shapes.BoolType:
        if text not in {"true", "false"}:
            raise _query_fault(name, say("true or false"), text)
        return text == "true"
    return text


def _query_fault(name: str, expected: str, came: str) -> Exception:
    shown = visible(came[:200])
    fault = FaultDocument(path=visible(name[:100]), message=expected)
    return bad_input(expected, shown, visible(name[:100]), (fault,))


def _is_text(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\x00" not in text
