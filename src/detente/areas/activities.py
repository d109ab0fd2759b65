"""What is done in an area, from the words that say it."""

from __future__ import annotations

import re

__all__ = ["activity_of"]

_KINDS = (
    ("debris", r"\b(?:SPACE DEBRIS|DEBRIS|RE-?ENTRY|SPLASHDOWN|ELEMENTS FALL|FALLOUT|FRAGMENTS)\b"),
    ("missile", r"\bMISSILES?\b|\bANTIBALLISTIC\b"),
    ("rocket-launch", r"\bROCKETS? .{0,40}LAUNCH|\bLAUNCH(?:ING|ED)? .{0,40}ROCKET|\bSPACE LAUNCH"),
    (
        "firing",
        r"\b(?:FIRINGS?|FRNG|GUNNERY|SHOOTING|ARTILLERY|TORPEDO|LIVE ORDNANCE|USE OF WEAPONS?|WEAPON TESTING)\b",
    ),
    ("exercise", r"\b(?:EXERCISES?(?! CAUTION| EXTREME| DUE)|EXER|MINEHUNTING|TRAINING)\b"),
    ("hazardous-operations", r"\bHAZARDOUS OP"),
    ("flight-restriction", r"\bRESTRICTION ON THE FLYING\b"),
    ("unmanned-aircraft", r"\bDRONE|\bUNMANNED\b|\bUAS\b"),
    ("naval-operations", r"\bNAVAL OPERATIONS?\b"),
    ("military-activity", r"\bMIL(?:ITARY)? (?:ACTIVIT|OPERATION)"),
)
_NOT = re.compile(r"\(WITHOUT FIRINGS?\)|\bFIRING PRACTICE AREA\b")
_LISTED = re.compile(r"(?m)^ *[A-Z]\. (?P<kind>[A-Z][A-Z ,]{3,60}?) IN AREA")


def activity_of(text: str) -> str:
    """Return the kind of activity as a slug; "unspecified" when the text does not say it."""
    listed = {_kind(found["kind"]) for found in _LISTED.finditer(text)}
    if len(listed) > 1:  # each area its own: only what holds for all of them can be said
        return "hazardous-operations" if "HAZARDOUS OP" in text else "unspecified"
    return _kind(text)


def _kind(text: str) -> str:
    plain = _NOT.sub("", text.replace("\n", " "))
    return next((kind for kind, pattern in _KINDS if re.search(pattern, plain)), "unspecified")
