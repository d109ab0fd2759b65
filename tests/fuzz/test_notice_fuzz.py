"""Every reader of notices against thousands of inputs; what was found before stays in the corpus."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fuzz.notice_readers import READERS, first_inputs

HERE = Path(__file__).parent
CORPUS = HERE / "corpus"
needs_fuzzer = pytest.mark.skipif(
    importlib.util.find_spec("atheris") is None, reason="no fuzzer: atheris is not installed"
)


def _fuzz(reader: str, runs: int, seed: int, seconds: int = 0) -> None:
    program = [sys.executable, str(HERE / "notice_fuzz.py"), reader, "--runs", str(runs), "--seed", str(seed)]
    done = subprocess.run(
        [*program, "--seconds", str(seconds)],
        capture_output=True,
        text=True,
        timeout=170,
        check=False,
        cwd=HERE.parent.parent,
        env=os.environ
        | {"PYTHONPATH": os.pathsep.join([str(HERE.parent.parent), os.environ.get("PYTHONPATH", "")])},
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]


@needs_fuzzer
@pytest.mark.timeout(180)
@pytest.mark.parametrize("reader", READERS)
def test_no_input_of_two_thousand_makes_a_reader_of_notices_fail(reader: str) -> None:
    _fuzz(reader, 2_000, seed=1)


@needs_fuzzer
@pytest.mark.prove
@pytest.mark.timeout(180)
@pytest.mark.parametrize("reader", READERS)
def test_no_input_of_many_thousands_makes_a_reader_of_notices_fail(reader: str) -> None:
    _fuzz(reader, 50_000, seed=2, seconds=8)


@pytest.mark.parametrize("reader", READERS)
def test_the_corpus_of_notices_is_every_kind_and_each_of_it_is_read(reader: str) -> None:
    made = first_inputs()[reader]
    kept = [CORPUS / f"notice_{reader}" / f"made_{number}" for number in range(len(made))]
    assert [path.read_bytes() for path in kept] == made
    for path in sorted((CORPUS / f"notice_{reader}").iterdir()):
        READERS[reader](path.read_bytes())
