"""Write the first inputs of every line decoder's corpus: ``python -m tests.fuzz.line_corpus``."""

from __future__ import annotations

from pathlib import Path

from tests.fuzz.line_decoders import first_inputs

CORPUS = Path(__file__).parent / "corpus"


def main() -> None:
    """Write them."""
    for name, some in first_inputs().items():
        folder = CORPUS / name
        folder.mkdir(parents=True, exist_ok=True)
        for number, data in enumerate(some):
            (folder / f"made_{number}").write_bytes(data)


if __name__ == "__main__":
    main()
