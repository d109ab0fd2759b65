"""Evidence that is sound in form and absurd in content is refused in words or computed, and nothing else."""

from __future__ import annotations

import contextlib
import hashlib
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detente.errors import DetenteError
from detente.watch.evidence import tracks_csv
from detente.watch.evidence.drafting import incident_draft
from detente.watch.evidence.errors import EvidenceRefused
from detente.watch.evidence.reading import evidence_of
from detente.watch.evidence.recompute_page import page
from detente.watch.evidence.recomputing import document, recompute
from tests.watch.evidence_worlds import CROSSING, context, heard, met

DRAFT = incident_draft(met(heard(CROSSING)), context(heard(CROSSING)))
SOUND = json.loads(DRAFT.attachments[0].octets)
LINES = DRAFT.attachments[1].octets.decode().splitlines()
MOVERS = (SOUND["a"]["mover"], SOUND["b"]["mover"])

DECIMALS = st.sampled_from(
    ["0", "-180", "180", "90", "-90", "0.0000000001", "179.9999999", "999999999999", "-0.5", "1852", "89.99"]
)
TIMES = st.sampled_from(
    [
        "0001-01-01T00:00:00.000000Z", "9999-12-31T23:59:59.999999Z", "2199-12-31T23:59:59.999999Z",
        "1900-01-01T00:00:00.000000Z", "2018-04-04T11:57:00.000000Z", "2018-04-04T12:00:00.000000Z",
        "2018-04-04T12:00:00.000001Z", "2018-04-04T12:00:10.000000Z", "2018-04-04T12:03:00.000000Z",
    ]
)  # fmt: skip
ROWS = st.lists(
    st.tuples(
        st.sampled_from(MOVERS), TIMES, DECIMALS, DECIMALS, st.sampled_from(["", "0", "-500", "1e3", "30000"]),
        st.sampled_from(["", "pressure", "ground"]), DECIMALS, DECIMALS, DECIMALS,
        st.sampled_from(["ship", "aircraft", "other", ""]), st.sampled_from(["", "moored", "x"]),
        st.sampled_from(["", "true"]), st.sampled_from(["", "0", "1000"]), st.sampled_from(["", "8"]),
        st.sampled_from(["", "0", "100000"]), st.sampled_from(["", "csv:x", '"a,b"']),
    ),
    max_size=12,
)  # fmt: skip
FIGURES = st.dictionaries(
    st.sampled_from(sorted(SOUND["figures"])),
    st.one_of(TIMES, DECIMALS, st.booleans(), st.integers()),
    max_size=3,
)
LIMITS = st.dictionaries(st.sampled_from(["within_m", "vertical_m", "max_gap_s"]), DECIMALS, max_size=2)


def sealed(stated: dict[str, Any], tracks: bytes) -> list[bytes]:
    """Return manifest and tracks whose hash is right."""
    (bound,) = [one for one in stated["files"] if one["name"] == "tracks.csv"]
    bound["sha256"], bound["size_bytes"] = hashlib.sha256(tracks).hexdigest(), len(tracks)
    stated["files"] = [bound]
    octets = json.dumps(stated, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    return [octets, tracks]


def judged(stated: dict[str, Any], tracks: bytes) -> None:
    """Read and recompute, alone and beside the sound one; only the declared errors may come."""
    sound = evidence_of([one.octets for one in DRAFT.attachments], name="sound")
    with contextlib.suppress(DetenteError):
        strange = evidence_of(sealed(stated, tracks), name="strange")
        for given_both in ([strange], [strange, sound], [sound, strange]):
            outcome = recompute(given_both)
            json.dumps(document(outcome))
            page(outcome)


@settings(max_examples=40, deadline=None)
@given(ROWS, st.booleans())
def test_absurd_fixes(rows: list[tuple[str, ...]], among: bool) -> None:
    added = [",".join(row) for row in rows]
    lines = [LINES[0], *added, *(LINES[1:] if among else [])]
    judged(json.loads(json.dumps(SOUND)), ("\n".join(lines) + "\n").encode())


@settings(max_examples=40, deadline=None)
@given(FIGURES, LIMITS)
def test_absurd_figures_and_limits(figures: dict[str, Any], limits: dict[str, str]) -> None:
    stated = json.loads(json.dumps(SOUND))
    stated["figures"] |= figures
    stated["definition"] |= limits
    judged(stated, DRAFT.attachments[1].octets)


@pytest.mark.parametrize("count", [0, 1, 2])
def test_hardly_any_fixes(count: int) -> None:
    judged(json.loads(json.dumps(SOUND)), ("\n".join(LINES[: 1 + count]) + "\n").encode())


def test_more_fixes_than_are_taken_and_fixes_of_another_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracks_csv, "FIXES_MAX", 50)
    evidence_of(sealed(json.loads(json.dumps(SOUND)), ("\n".join(LINES[:51]) + "\n").encode()), name="x")
    with pytest.raises(EvidenceRefused, match="at most 50"):
        evidence_of(sealed(json.loads(json.dumps(SOUND)), ("\n".join(LINES[:52]) + "\n").encode()), name="x")
    with pytest.raises(EvidenceRefused, match="one fix for each time"):
        evidence_of(
            sealed(json.loads(json.dumps(SOUND)), "\n".join([*LINES[:9], LINES[8], ""]).encode()), name="x"
        )
    late = LINES[40].replace("2018-04-04", "2018-04-05")
    with pytest.raises(EvidenceRefused, match="between these moments"):
        evidence_of(
            sealed(json.loads(json.dumps(SOUND)), f"{LINES[0]}\n{LINES[40]}\n{late}\n".encode()), name="x"
        )
