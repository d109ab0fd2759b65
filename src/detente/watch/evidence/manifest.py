"""The manifest: one canonical JSON document that binds the files of an evidence and states its figures.

Canonical as spec/line/canonical.md has it: keys in order, no blanks, whole numbers and text only. A reader refuses
every other spelling, so that one evidence has one hash.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from detente import __version__, words
from detente.encounters.kernel_version import kernel_version
from detente.encounters.searching import BOUNDS
from detente.watch.evidence.errors import EvidenceRefused
from detente.watch.evidence.figures import fault_in, moment_text, written
from detente.watch.evidence.structs import Agreed, Attachment, Context, Definition, InputUsed
from detente.watch.evidence.tracks_csv import decimal, reach

__all__ = [
    "FORMAT",
    "MANIFEST_BYTES_MAX",
    "MANIFEST_NAME",
    "MEDIA_TYPE",
    "FileStated",
    "Manifest",
    "manifest_of",
    "read",
]

say = words.speaker("watch")

FORMAT = "detente-evidence-1"
MANIFEST_NAME = "manifest.json"
MEDIA_TYPE = "application/json"
MANIFEST_BYTES_MAX = 1_000_000
"""Bytes of a manifest that is read."""

_Hash = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$")]
_HashOrNone = Annotated[str, Meta(pattern=r"^([0-9a-f]{64})?$")]
_Line = Annotated[str, Meta(max_length=300)]
_Decimal = Annotated[str, Meta(pattern=r"^-?(0|[1-9][0-9]{0,15})(\.[0-9]{0,15}[1-9])?$")]
_Moment = Annotated[str, Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z$")]
_Count = Annotated[int, Meta(ge=0, le=2**53 - 1)]
_Counts = Annotated[dict[_Line, _Count], Meta(max_length=64)]
_Figures = Annotated[dict[_Line, str | int | bool], Meta(max_length=64)]


class _Part(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    pass


class FileStated(_Part, frozen=True, kw_only=True):
    """A file of the evidence. name: by which the manifest speaks of it; a copy may be called otherwise."""

    name: Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9._-]{0,62}$")]
    media_type: _Line
    size_bytes: _Count
    sha256: _Hash


class DefinitionStated(_Part, frozen=True, kw_only=True):
    """What counted as an encounter; rule: the name of the definition."""

    rule: _Line
    within_m: _Decimal
    vertical_m: _Decimal
    max_gap_s: _Decimal


class AgreedStated(_Part, frozen=True, kw_only=True):
    """The agreed limit beyond which a draft was made."""

    within_m: _Decimal
    vertical_m: _Decimal | None = None
    source: _Line = ""


class MoverStated(_Part, frozen=True, kw_only=True):
    """One of the two."""

    mover: _Line
    kind: _Line = ""
    name: _Line = ""
    side: _Line = ""


class InputStated(_Part, frozen=True, kw_only=True):
    """A file or feed that the fixes came from, as ``structs.InputUsed``."""

    kind: _Line
    name: _Line
    size_bytes: _Count
    received: _Count
    used: _Count
    sha256: _HashOrNone = ""
    rejected: _Counts = {}
    first_at: _Moment | None = None
    last_at: _Moment | None = None


class MadeStated(_Part, frozen=True, kw_only=True):
    """What made it, and when by its clock."""

    detente: _Line
    kernel: _Line
    at: _Moment


class CutStated(_Part, frozen=True, kw_only=True):
    """What was left out of a file so that it fits: how many of how many, and by which rule."""

    file: _Line
    rule: _Line
    left_out: _Count
    of: _Count


class FixStated(_Part, frozen=True, kw_only=True):
    """A fix that an anomaly rests on."""

    mover: _Line
    time: _Moment
    lon: _Decimal
    lat: _Decimal
    altitude_m: _Decimal | None = None


class AnomalyStated(_Part, frozen=True, kw_only=True):
    """Something odd about the two, as ``detente.watch.anomalies`` found it."""

    kind: _Line
    first_at: _Moment
    last_at: _Moment
    figures: Annotated[dict[_Line, _Decimal], Meta(max_length=32)]
    fixes: Annotated[tuple[FixStated, ...], Meta(max_length=64)] = ()
    mover: _Line = ""
    certain: bool = True


class Manifest(_Part, frozen=True, kw_only=True):
    """The whole document.

    figures: as ``figures.written``; not_told: figures that the attached fixes do not give again, because the
    tracks were cut or did not reach far enough. cleaned: what cleaning took from the two movers' rows, by reason.
    """

    format: Annotated[str, Meta(pattern=f"^{FORMAT}$")]
    made: MadeStated
    definition: DefinitionStated
    agreed: AgreedStated
    a: MoverStated
    b: MoverStated
    sides_sha256: _HashOrNone = ""
    figures: _Figures
    not_told: Annotated[tuple[_Line, ...], Meta(max_length=64)] = ()
    inputs: Annotated[tuple[InputStated, ...], Meta(max_length=64)] = ()
    fixes: _Counts
    cleaned: _Counts = {}
    cut: Annotated[tuple[CutStated, ...], Meta(max_length=8)] = ()
    anomalies: Annotated[tuple[AnomalyStated, ...], Meta(max_length=64)] = ()
    files: Annotated[tuple[FileStated, ...], Meta(max_length=16)]

    def encoded(self) -> bytes:
        """Return the one spelling."""
        return _encoder.encode(self)

    def definition_used(self) -> Definition:
        """Return the definition as numbers."""
        stated = self.definition
        return Definition(float(stated.within_m), float(stated.vertical_m), float(stated.max_gap_s))

    def reached(self) -> tuple[datetime, datetime]:
        """Return the time that the evidence reaches, by its own clock; no fix of it lies outside."""
        around = reach(float(self.definition.max_gap_s))
        entered, left = (datetime.fromisoformat(str(self.figures[name])) for name in ("entered", "left"))
        return entered - around, left + around


_encoder = msgspec.json.Encoder(order="sorted")
_decoder = msgspec.json.Decoder(Manifest)
RULE = "detente-encounters-1"


def manifest_of(
    row: Mapping[str, Any],
    context: Context,
    files: Iterable[Attachment],
    *,
    fixes: Mapping[str, int],
    cut: tuple[CutStated, ...],
    not_told: tuple[str, ...],
) -> Manifest:
    """Return the manifest of an encounter with these files."""
    return Manifest(
        format=FORMAT,
        made=MadeStated(detente=__version__, kernel=kernel_version(), at=moment_text(context.issued_at)),
        definition=_definition(context.definition),
        agreed=_agreed(context.agreed),
        a=_mover(row, "a"),
        b=_mover(row, "b"),
        sides_sha256=context.sides_sha256,
        figures=written(row),
        not_told=not_told,
        inputs=tuple(_input(one) for one in context.inputs[:64]),
        fixes=dict(fixes),
        cleaned={name: count for name, count in sorted(context.cleaned.items()) if count},
        cut=cut,
        anomalies=tuple(_anomaly(one) for one in context.anomalies[:64]),
        files=tuple(
            FileStated(
                name=one.name,
                media_type=one.media_type,
                size_bytes=len(one.octets),
                sha256=hashlib.sha256(one.octets).hexdigest(),
            )
            for one in files
        ),
    )


def read(octets: bytes, *, where: str) -> Manifest:
    """Return the manifest that these bytes spell; raises EvidenceRefused for everything else."""
    if len(octets) > MANIFEST_BYTES_MAX:
        raise _refused(say("at most {size} bytes", size=MANIFEST_BYTES_MAX), str(len(octets)), where)
    try:
        manifest = _decoder.decode(octets)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        raise _refused(say("a manifest of the form {form}", form=FORMAT), str(fault)[:200], where) from None
    if manifest.encoded() != octets:
        raise _refused(
            say("the one spelling: keys in order, no blanks, each once, none that this version does not know"),
            say("another spelling"),
            where,
        )
    if manifest.definition.rule != RULE:
        raise _refused(RULE, manifest.definition.rule, where)
    for name, (least, most) in BOUNDS.items():
        stated = getattr(manifest.definition, name)
        if not least <= float(stated) <= most:
            expected = say("{name} from {least} to {most}", name=name, least=f"{least:g}", most=f"{most:g}")
            raise _refused(expected, stated, where)
    unsound = fault_in(manifest.figures)
    if unsound:
        raise _refused(say("every figure, as the specification writes it"), unsound, where)
    return manifest


def _definition(one: Definition) -> DefinitionStated:
    return DefinitionStated(
        rule=RULE,
        within_m=decimal(one.within_m),
        vertical_m=decimal(one.vertical_m),
        max_gap_s=decimal(one.max_gap_s),
    )


def _agreed(one: Agreed) -> AgreedStated:
    vertical = None if one.vertical_m is None else decimal(one.vertical_m)
    return AgreedStated(within_m=decimal(one.within_m), vertical_m=vertical, source=one.source[:300])


def _mover(row: Mapping[str, Any], which: str) -> MoverStated:
    said = {name: str(row[f"{name}_{which}"] or "")[:300] for name in ("kind", "name", "side")}
    return MoverStated(mover=row[which], **said)


def _input(one: InputUsed) -> InputStated:
    first, last = (None if moment is None else moment_text(moment) for moment in (one.first_at, one.last_at))
    return InputStated(
        kind=one.kind,
        name=one.name[:300],
        sha256=one.sha256,
        size_bytes=one.size_bytes,
        received=one.received,
        used=one.used,
        rejected={name: count for name, count in sorted(one.rejected.items())[:64] if count},
        first_at=first,
        last_at=last,
    )


def _anomaly(one: Any) -> AnomalyStated:
    return AnomalyStated(
        kind=one.kind,
        mover=one.mover,
        first_at=moment_text(one.first_at),
        last_at=moment_text(one.last_at),
        figures={name: decimal(round(value, 6)) for name, value in sorted(one.figures.items())},
        fixes=tuple(
            FixStated(
                mover=fix.mover,
                time=moment_text(fix.time),
                lon=decimal(fix.lon_deg),
                lat=decimal(fix.lat_deg),
                altitude_m=None if fix.altitude_m is None else decimal(fix.altitude_m),
            )
            for fix in one.fixes[:64]
        ),
        certain=one.is_certain,
    )


def _refused(expected: str, came: str, where: str) -> EvidenceRefused:
    return EvidenceRefused(
        expected=expected, came=came, where=where, remedy=say("nothing of it was used; ask who gave it")
    )
