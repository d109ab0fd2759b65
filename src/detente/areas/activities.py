"""What is done in an area, from the words that say it."""

from __future__ import annotations

import re

__all__ = ["activity_of"]

_KINDS = (
    ("debris", r"\b(?:SPACE DEBRIS|DEBRIS|RE-?ENTRY|SPLASHDOWN|ELEMENTS FALL|FALLOUT|FRAGMENTS)\b"),
    ("rocket-launch", r"\bROCKETS?\b.{0,40}\bLAUNCH|\bLAUNCH(?:ING|ED)?\b.{0,40}\bROCKET|\bSPACE LAUNCH|ROCKET LAUNCH|ROCKET HAZARD|SCIENTIFIC ROCKET"),
    ("missile", r"\bMISSILES?\b|\bANTIBALLISTIC\b"),
    ("firing", r"\b(?:FIRINGS?|FRNG|GUNNERY|SHOOTING|ARTILLERY|TORPEDO|LIVE ORDNANCE|USE OF WEAPON|WEAPON)\b"),
    ("exercise", r"\b(?:EXERCISES?|EXER|MINEHUNTING|TRAINING)\b|\bNAVAL OPERATIONS?\b|\bMILITARY\b|\bMIL\b"),
    ("hazardous-operations", r"\bHAZARDOUS OP"),
    ("unmanned-aircraft", r"\bDRONE|\bUNMANNED\b|\bUAS\b"),
    ("aviation", r"\bFLYING\b|\bAIR DISPLAY\b"),
)
_NOT = re.compile(r"\(WITHOUT FIRINGS?\)")


def activity_of(text: str) -> str:
    """Return the kind of activity as a slug; "unspecified" when the text does not say it."""
    plain = _NOT.sub("", text.replace("\n", " "))
    return next((kind for kind, pattern in _KINDS if re.search(pattern, plain)), "unspecified")
