"""Collect the sentences of each room into its Russian catalogue and compile the catalogues.

python tools/compile_words.py            compile what is there
python tools/compile_words.py --collect  first bring each .po up to date with the code; new sentences
                                         stand there untranslated, sentences gone from the code are dropped
"""

from __future__ import annotations

import sys
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

HEADER = "# Russian words of détente. Edit with any gettext editor; compile with: make words\n"
KEYWORDS = {"say": None, "many": (1, 2)}


def compile_all(words: Path) -> None:
    """Write a .mo beside every .po below the folder; untranslated sentences fall back to English."""
    for source in sorted(words.glob("*/*.po")):
        with source.open("rb") as text:
            catalogue = read_po(text, locale=source.parent.name)
        with source.with_suffix(".mo").open("wb") as binary:
            write_mo(binary, catalogue)


def rooms(package: Path) -> dict[str, Path]:
    """Return room name -> folder or file whose sentences go into that room's catalogue."""
    folders = {path.name: path for path in sorted(package.iterdir()) if (path / "__init__.py").is_file()}
    folders.pop("words", None)
    return folders


def collect(package: Path, language: str = "ru") -> None:
    """Bring each room's catalogue up to date with the sentences in its code."""
    for room, folder in rooms(package).items():
        template = Catalog(domain=room, project="detente", charset="utf-8", locale=language)
        for _, _, message, comments, context in extract_from_dir(
            folder, method_map=[("**.py", "python")], keywords=KEYWORDS
        ):
            template.add(message, None, [], auto_comments=comments, context=context)
        if room == "door":
            _add_argparse(template)
        target = package / "words" / language / f"{room}.po"
        catalogue = Catalog(
            domain=room, project="detente", charset="utf-8", locale=language, header_comment=HEADER
        )
        if target.exists():
            with target.open("rb") as text:
                catalogue = read_po(text, locale=language, domain=room)
        catalogue.update(template, no_fuzzy_matching=True)
        catalogue.obsolete.clear()
        catalogue.fuzzy = False
        if len(catalogue):
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("wb") as out:
                write_po(out, catalogue, sort_output=True, omit_header=False, no_location=True, width=110)


def _add_argparse(template: Catalog) -> None:
    """Add the sentences that the standard library's argparse says, which are part of what a person reads."""
    import argparse  # noqa: PLC0415
    import inspect  # noqa: PLC0415
    import io  # noqa: PLC0415

    from babel.messages.extract import extract  # noqa: PLC0415

    source = io.BytesIO(inspect.getsource(argparse).encode())
    for _, message, comments, context in extract("python", source, keywords={"_": None, "ngettext": (1, 2)}):
        template.add(message, None, [], auto_comments=comments, context=context)


if __name__ == "__main__":
    root = Path(__file__).parent.parent / "src" / "detente"
    if "--collect" in sys.argv[1:]:
        collect(root)
    compile_all(root / "words")
