"""Fuzz one decoder of the line: ``python tests/fuzz/line_fuzz.py DECODER --runs N``; DECODER may be ``every``.

Any bytes must be decoded or refused; anything else is a crash, as is more memory than RESIDENT_MIB. An input of odd
length is first spliced into a good one, so that what lies behind the first check is reached. Deterministic for a seed.
"""

from __future__ import annotations

import argparse
import contextlib
import resource
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

import atheris

with atheris.instrument_imports(  # type: ignore[attr-defined] # its stub omits it
    include=["detente.line", "detente.node.sealing", "detente.node.signing.frames"]
):
    from tests.fuzz.line_decoders import DECODERS, Refused

RESIDENT_MIB = 1024
LONGEST = 32_768
CORPUS = Path(__file__).parent / "corpus"


def main() -> None:
    """Parse, and hand over to libFuzzer, which ends the process."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("decoder", choices=[*DECODERS, "every"])
    parser.add_argument("--runs", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=int, default=0, help="end after this time too; 0: only after the runs")
    chosen = parser.parse_args()
    if chosen.decoder == "every":
        sys.exit(_every(sys.argv[2:]))
    warnings.simplefilter("error")
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    decode = DECODERS[chosen.decoder]
    good = [path.read_bytes() for path in sorted((CORPUS / chosen.decoder).iterdir())]
    found = tempfile.mkdtemp()

    def one(data: bytes) -> None:
        with contextlib.suppress(Refused):
            decode(_spliced(data, good) if len(data) % 2 else data)

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
        str(CORPUS / chosen.decoder),
    ]
    atheris.Setup(arguments, one)  # type: ignore[attr-defined] # its stub omits both
    atheris.Fuzz()  # type: ignore[attr-defined]


def _every(options: list[str]) -> int:
    """Fuzz one decoder after the other, each in a process of its own; returns how many failed."""
    failed = 0
    for name in DECODERS:
        done = subprocess.run([sys.executable, __file__, name, *options], check=False)
        print(f"{name}: {'failed' if done.returncode else 'no fault'}", flush=True)  # noqa: T201 - its work
        failed += done.returncode != 0
    return failed


def _spliced(data: bytes, good: list[bytes]) -> bytes:
    """Return a good input in which a few bytes, at a place that the first ones draw, are the rest of the data."""
    whole = good[data[0] % len(good)]
    at = int.from_bytes(data[1:3], "big") % (len(whole) + 1)
    piece = data[3:19]
    return whole[:at] + piece + whole[at + len(piece) :]


if __name__ == "__main__":
    main()
