"""Collect the sentences of each room into its Russian catalogue and compile the catalogues.

python tools/compile_words.py            compile what is there
python tools/compile_words.py --collect  first bring each .po up to date with the code: new sentences stand
                                         there untranslated, sentences gone from the code are dropped
python tools/compile_words.py --check    exit 1 when a sentence in the code is not in its catalogue
"""

from __future__ import annotations

import argparse
import inspect
import io
import json
import re
import sys
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract, extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

HEADER = "# Russian words of détente. Edit with any gettext editor; compile with: make words\n"
KEYWORDS = {"say": None, "many": (1, 2), "term": None, "about": None, "word": None}
DEMO = {
    "tools/demo.py": KEYWORDS,
    "tools/demo_archive.py": KEYWORDS,
    # sentences that it holds as data, each at its place among the arguments; the demo says them
    "examples/baltic/scenario.py": {"Planted": (5,), "Lure": (4,)},
}
"""Programs outside the package whose sentences are the catalogue ``demo``."""
METHODS = [("**.py", "python"), ("**.html", "jinja2"), ("**.svg", "jinja2")]
LANGUAGE = "ru"
WEB = "web/src"
"""TypeScript whose sentences are the catalogue ``web``; tools/build_web.py writes it as what the scripts load."""
COMMENT = re.compile(r"/\*\*.*?\*/|^\s*//[^\n]*", re.DOTALL | re.MULTILINE)
STRING = r'"((?:[^"\\\n]|\\.)*)"'
SAID = re.compile(rf"(?<![\w.])(?:say\(\s*{STRING}|many\(\s*{STRING}\s*,\s*{STRING})")
UNREADABLE = re.compile(rf'(?<![\w.])(?:say|many)\((?:\s*(?![\s"])|\s*{STRING}\s*(?![\s,)]))')
PROGRAMMERS_ONLY = (
    "%r is not callable",
    "'required' is an invalid",
    ".__call__() not defined",
    "cannot ",
    "conflicting ",
    "dest= is required",
    "invalid conflict_resolution",
    "invalid option string",
    "mutually exclusive arguments must",
)


def compile_all(words: Path) -> None:
    """Write each ``ru/<room>.po`` as ``ru/LC_MESSAGES/<room>.mo``, where gettext looks for it.

    Sentences without a translation fall back to English.
    """
    for source in sorted(words.glob("*/*.po")):
        with source.open("rb") as text:
            catalogue = read_po(text, locale=source.parent.name)
        target = source.parent / "LC_MESSAGES" / f"{source.stem}.mo"
        target.parent.mkdir(exist_ok=True)
        with target.open("wb") as binary:
            write_mo(binary, catalogue)


def sentences(package: Path) -> dict[str, Catalog]:
    """Return room name -> the sentences in its code and templates; the door's include ``__main__``.

    ``demo`` is no room: its sentences are those of the programs in DEMO.
    """
    found: dict[str, Catalog] = {}
    for folder in sorted(path for path in package.iterdir() if (path / "__init__.py").is_file()):
        if folder.name == "words":
            continue
        room = found.setdefault(folder.name, Catalog(locale=LANGUAGE))
        for _, _, message, comments, context in extract_from_dir(folder, method_map=METHODS, keywords=KEYWORDS):
            room.add(message, None, [], auto_comments=comments, context=context)
    with (package / "__main__.py").open("rb") as main:
        for _, message, comments, context in extract("python", main, keywords=KEYWORDS):
            found["door"].add(message, None, [], auto_comments=comments, context=context)
    demo = found["demo"] = Catalog(locale=LANGUAGE)
    for name, keywords in DEMO.items():
        with (package.parent.parent / name).open("rb") as program:
            for _, message, comments, context in extract("python", program, keywords=keywords):
                demo.add(message, None, [], auto_comments=comments, context=context)
    found["web"] = picture_sentences(package.parent.parent / WEB)
    return found


def picture_sentences(folder: Path) -> Catalog:
    """Return what the picture's scripts say. Raises SystemExit for a sentence that is not written out in place."""
    found = Catalog(locale=LANGUAGE)
    for source in sorted([*folder.rglob("*.ts"), *folder.rglob("*.tsx")]):
        text = COMMENT.sub(lambda one: "\n" * one.group().count("\n"), source.read_text(encoding="utf-8"))
        if source.name != "words.ts" and (hidden := UNREADABLE.search(text)):
            line = text.count("\n", 0, hidden.start()) + 1
            sys.exit(f"{source}:{line}: say and many take sentences written out in double quotes")
        for one in SAID.finditer(text):
            said, first, several = (None if part is None else json.loads(f'"{part}"') for part in one.groups())
            found.add(said if said is not None else (first, several))
    return found


def argparse_sentences() -> Catalog:
    """Return what the standard library's argparse says to a person who mistyped, not to a programmer."""
    found = Catalog(locale=LANGUAGE)
    source = io.BytesIO(inspect.getsource(argparse).encode())
    for _, message, comments, context in extract("python", source, keywords={"_": None, "ngettext": (1, 2)}):
        first = message[0] if isinstance(message, tuple) else message
        if not first.startswith(PROGRAMMERS_ONLY):
            found.add(message, None, [], auto_comments=comments, context=context)
    return found


def translated(catalogue: Catalog) -> list[Message]:
    """Return the messages of a catalogue that have a translation."""
    return [message for message in catalogue if message.id and any(message.string)]


def collect(package: Path) -> None:
    """Bring each room's catalogue up to date with the sentences in its code."""
    for room, template in sentences(package).items():
        target = package / "words" / LANGUAGE / f"{room}.po"
        old = Catalog(locale=LANGUAGE)
        if target.exists():
            with target.open("rb") as text:
                old = read_po(text, locale=LANGUAGE)
        new = Catalog(
            domain=room,
            project="detente",
            locale=LANGUAGE,
            header_comment=HEADER,
            creation_date=datetime(2026, 1, 1, tzinfo=UTC),
            revision_date=datetime(2026, 1, 1, tzinfo=UTC),
            last_translator="",
            language_team="",
            fuzzy=False,
        )
        # argparse says other sentences in other Python versions: once translated they stay
        kept = [argparse_sentences(), translated(old)] if room == "door" else []
        for message in (message for part in (template, *kept) for message in part if message.id):
            known = old.get(message.id, context=message.context)
            string = known.string if known and known.string else None
            new.add(message.id, string, auto_comments=message.auto_comments, context=message.context)
        if len(new):
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("wb") as out:
                write_po(out, new, sort_output=True, no_location=True, width=110)


def unknown(package: Path) -> list[str]:
    """Return the sentences in the code that have no place in their catalogue yet."""
    missing = []
    for room, template in sentences(package).items():
        target = package / "words" / LANGUAGE / f"{room}.po"
        known = Catalog(locale=LANGUAGE)
        if target.exists():
            with target.open("rb") as text:
                known = read_po(text, locale=LANGUAGE)
        missing += [f"{room}: {m.id!r}" for m in template if m.id and known.get(m.id, context=m.context) is None]
    return missing


if __name__ == "__main__":
    root = Path(__file__).parent.parent / "src" / "detente"
    if "--collect" in sys.argv[1:]:
        collect(root)
    if "--check" in sys.argv[1:] and (missing := unknown(root)):
        sys.exit("not in the catalogue; say make words:\n" + "\n".join(missing))
    compile_all(root / "words")
