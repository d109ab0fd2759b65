"""Write the first inputs of every reader of notices: ``python -m tests.fuzz.notice_corpus``."""

from __future__ import annotations

from pathlib import Path

from tests.fuzz.notice_readers import first_inputs

CORPUS = Path(__file__).parent / "corpus"


def main() -> None:
    """Write them."""
    for name, some in first_inputs().items():
        folder = CORPUS / f"notice_{name}"
        folder.mkdir(parents=True, exist_ok=True)
        for number, data in enumerate(some):
            (folder / f"made_{number}").write_bytes(data)


if __name__ == "__main__":
    main()
