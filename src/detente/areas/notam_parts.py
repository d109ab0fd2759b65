"""A NOTAM sent in parts, made one: the items of the first part, item E of all of them, F and G of the last."""

from __future__ import annotations

import re

from detente.areas.outcomes import Reading, Reason

__all__ = ["TRAILER", "one_text"]

TRAILER = re.compile(r"\n(?:CREATED|SOURCE):|\nUNITED STATES NOF|\n[A-Z0-9]{4,8} ADMIN MESSAGE")
"""What a service puts under a NOTAM: when and by whom it was made."""
_HEAD = re.compile(r"[A-Z][0-9]{4}/[0-9]{2} NOTAM[NRC]")
_PART = re.compile(r"(?<!END )PART (?P<part>[0-9]) OF (?P<of>[0-9])")
_END = re.compile(r"\n?\s*END PART [0-9] OF [0-9]\s*")
_ITEM_E = re.compile(r"(?:(?<=\s)|^)E\) ?")


def one_text(text: str, reading: Reading) -> str:
    """Return the text of a NOTAM in parts as one; a part that is missing raises a doubt, one sent twice counts once."""
    heads = list(_HEAD.finditer(text))
    if len(heads) < 2 or len({head.group() for head in heads}) > 1:
        return text
    stops = [head.start() for head in heads[1:]] + [len(text)]
    parts: dict[int, str] = {}
    trailer = ""
    whole = 0
    for head, stop in zip(heads, stops, strict=True):
        piece = text[head.start() : stop]
        said = _PART.search(piece)
        if said is None:
            return text
        whole = max(whole, int(said["of"]))
        under = TRAILER.search(piece)
        if under is not None:  # it ends a part, not the text
            trailer = trailer or "\n" + piece[under.start() :].strip()
            piece = piece[: under.start()]
        parts.setdefault(int(said["part"]), piece)
    missing = [str(part) for part in range(1, whole + 1) if part not in parts]
    if missing:
        reading.doubt(Reason.PARTS_MISSING, f"PART {', '.join(missing)} OF {whole}")
    ordered = [_PART.sub("", _END.sub("\n", parts[part])) for part in sorted(parts)]
    joined = ordered[0]
    for piece in ordered[1:]:
        item = _ITEM_E.search(piece)
        joined += "\n" + (piece[item.end() :] if item else piece)
    return joined + trailer
