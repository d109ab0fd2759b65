"""Fuzz a reader of notices: ``python tests/fuzz/notice_fuzz.py READER --runs N``; READER is record, form or feature.

Any bytes must be a notice or be refused with faults that name their places; anything else is a crash, as is more
memory than RESIDENT_MIB. What is taken has one spelling and can be shown. Deterministic for a seed.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["detente.notices"]):  # type: ignore[attr-defined] # its stub omits it
    from tests.fuzz.notice_readers import READERS

RESIDENT_MIB = 1024
LONGEST = 16_384
CORPUS = Path(__file__).parent / "corpus"


def main() -> None:
    """Parse, and hand over to libFuzzer, which ends the process."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("reader", choices=[*READERS])
    parser.add_argument("--runs", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=int, default=0, help="end after this time too; 0: only after the runs")
    chosen = parser.parse_args()
    warnings.simplefilter("error")
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    reader = READERS[chosen.reader]
    good = [path.read_bytes() for path in sorted((CORPUS / f"notice_{chosen.reader}").iterdir())]
    found = tempfile.mkdtemp()
    arguments = [
        sys.argv[0],
        f"-runs={chosen.runs}",
        f"-seed={chosen.seed}",
        f"-max_len={LONGEST}",
        f"-rss_limit_mb={RESIDENT_MIB}",
        "-timeout=20",
        f"-max_total_time={chosen.seconds}",
        "-verbosity=0",
        f"-artifact_prefix={found}/",
        found,
        str(CORPUS / f"notice_{chosen.reader}"),
    ]
    atheris.Setup(arguments, _spliced(reader, good))  # type: ignore[attr-defined] # its stub omits both
    atheris.Fuzz()  # type: ignore[attr-defined]


def _spliced(reader: Callable[[bytes], None], good: list[bytes]) -> Callable[[bytes], None]:
    """Return the reader of an input, or of a good notice in which one value is replaced by the input as text."""

    def one(data: bytes) -> None:
        if len(data) % 2 or len(data) < 4:
            reader(data)
            return
        whole = good[data[0] % len(good)]
        at = int.from_bytes(data[1:3], "big") % len(whole)
        end = whole.find(b",", at)
        inner = json.dumps(data[3:].decode("utf-8", "replace")).encode() if data[0] & 128 else data[3:]
        reader(whole[:at] + inner + (whole[end:] if end > 0 else b""))

    return one


if __name__ == "__main__":
    main()
