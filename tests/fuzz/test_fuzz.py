from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

from detente.tracks import detect

HERE = Path(__file__).parent
HAS_ATHERIS = importlib.util.find_spec("atheris") is not None
PLACES = os.pathsep.join([str(HERE.parent.parent), *filter(None, [os.environ.get("PYTHONPATH")])])
pytestmark = pytest.mark.skipif(not HAS_ATHERIS, reason="no fuzzer: atheris is not installed")


def _fuzz(reader: str, runs: int, seed: int, seconds: int = 0) -> None:
    done = subprocess.run(
        [
            # begun by this process itself, the fuzzer would take the peak of our memory for its own
            "timeout",
            "170",
            sys.executable,
            str(HERE / "run_fuzz.py"),
            reader,
            "--runs",
            str(runs),
            "--seed",
            str(seed),
            "--seconds",
            str(seconds),
        ],
        capture_output=True,
        text=True,
        check=False,
        cwd=HERE.parent.parent,
        env=os.environ | {"PYTHONPATH": PLACES, "POLARS_MAX_THREADS": "1", "RUST_BACKTRACE": "0"},
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]


@pytest.mark.timeout(180)
@pytest.mark.parametrize("reader", detect.READERS)
def test_no_input_of_two_thousand_makes_a_reader_fail(reader: str) -> None:
    _fuzz(reader, 2_000, seed=1)


@pytest.mark.prove
@pytest.mark.timeout(180)
@pytest.mark.parametrize("reader", detect.READERS)
def test_no_input_of_up_to_twenty_thousand_makes_a_reader_fail(reader: str) -> None:
    # as many as the time of this gate allows; make prove-full runs ten times as many to the end
    _fuzz(reader, 20_000, seed=2, seconds=12)


@pytest.mark.parametrize("reader", detect.READERS)
def test_every_reader_has_a_corpus(reader: str) -> None:
    assert list((HERE / "corpus" / reader).iterdir())
