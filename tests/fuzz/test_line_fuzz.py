"""Every decoder of hostile bytes against thousands of inputs, and against the worst shapes that a person thinks of."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import tracemalloc
from pathlib import Path

import pytest

from detente.line.errors import Refused
from tests.fuzz.line_decoders import DECODERS, first_inputs

HERE = Path(__file__).parent
needs_fuzzer = pytest.mark.skipif(
    importlib.util.find_spec("atheris") is None, reason="no fuzzer: atheris is not installed"
)
PLACES = os.pathsep.join([str(HERE.parent.parent), *filter(None, [os.environ.get("PYTHONPATH")])])


def _fuzz(decoder: str, runs: int, seed: int, seconds: int = 0) -> None:
    done = subprocess.run(
        [
            # begun by this process itself, the fuzzer would take the peak of our memory for its own
            "timeout",
            "290",
            sys.executable,
            str(HERE / "line_fuzz.py"),
            decoder,
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
        env=os.environ | {"PYTHONPATH": PLACES},
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]


@needs_fuzzer
@pytest.mark.timeout(180)
@pytest.mark.parametrize("decoder", DECODERS)
def test_no_input_of_two_thousand_makes_a_decoder_fail(decoder: str) -> None:
    _fuzz(decoder, 2_000, seed=1)


@needs_fuzzer
@pytest.mark.prove_full
@pytest.mark.timeout(300)
@pytest.mark.parametrize("decoder", DECODERS)
def test_no_input_of_fifty_thousand_makes_a_decoder_fail(decoder: str) -> None:
    _fuzz(decoder, 50_000, seed=2)


@pytest.mark.parametrize("decoder", DECODERS)
def test_every_decoder_has_its_corpus_and_refuses_or_takes_each_of_it(decoder: str) -> None:
    made = first_inputs()[decoder]
    kept = sorted((HERE / "corpus" / decoder).glob("made_*"))
    assert [path.read_bytes() for path in kept] == made
    for data in made:
        try:
            DECODERS[decoder](data)
        except Refused:
            assert decoder in {"line_envelope", "line_sealed", "line_act"}


WORST = {
    "a million lists": b"[" * 1_000_000,
    "a million objects": b'{"a":' * 200_000,
    "a closed nest": b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "a number of a million digits": b'{"a":' + b"9" * 1_000_000 + b"}",
    "a million keys": b"{" + b",".join(b'"k%07d":0' % number for number in range(20_000)) + b"}",
    "a text of a million": b'{"a":"' + b"x" * 1_000_000 + b'"}',
    "a million escapes": b'{"a":"' + rb"\u0000" * 40_000 + b'"}',
    "a million signatures": b'{"payload":"","payloadType":"","signatures":[' + b",".join([b"{}"] * 20_000) + b"]}",
    "a million acts": b'{"acts":['
    + b",".join([b'""'] * 60_000)
    + b'],"evidence":["",""],"format":1,"kind":"heads","path":[]}',
    "a million lines": b"detente/a/1/b/0\n1\n" + b"A" * 43 + b"=\n\n" + "— a AA==\n".encode() * 6_000,
    "zeroes": bytes(100_000),
    "records without content": b"\x3f" + b"?\0\0\0\0" * 20_000,
    "a record that says four gigabytes": b"\x3fE\xff\xff\xff\xff" + bytes(100),
}  # fmt: skip


@pytest.mark.parametrize("decoder", DECODERS)
@pytest.mark.parametrize("worst", WORST)
def test_work_and_memory_are_bounded_by_the_input(decoder: str, worst: str) -> None:
    data = WORST[worst]
    tracemalloc.start()
    try:
        DECODERS[decoder](data)
    except Refused:
        pass
    finally:
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak <= 64 * len(data) + 4_000_000
