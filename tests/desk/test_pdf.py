"""An entry as a PDF file: its letters in it, TRAINING on every page, a stranger's text as text, the same bytes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from reportlab.pdfgen.canvas import Canvas

from detente.desk.pdf_page import FontFiles, font_files, pdf_page
from detente.desk.process import STATIC
from detente.node.desk_door.record_questions import EntryDocument, LineDocument, LinesDocument
from tests.desk.asker import Asker
from tests.desk.desks import RunningDesk
from tests.desk.door import LINE, entry

HOSTILE = "<b>not bold</b>\n\u202etxt.exe\u202c \x1b[31m\u200b and \u4e2d"


@pytest.fixture
def fonts() -> FontFiles:
    found = font_files(STATIC)
    if found is None:
        pytest.skip("the pages of the desk are not built: make web")
    return found


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return every text that is drawn from now on."""
    texts: list[str] = []
    for name, at in (("drawString", 2), ("drawRightString", 2), ("drawCentredString", 2)):
        true = getattr(Canvas, name)

        def kept(self: Any, *given: Any, true: Any = true, at: int = at, **how: Any) -> Any:
            texts.append(given[at])
            return true(self, *given, **how)

        monkeypatch.setattr(Canvas, name, kept)
    return texts


def stands(*, is_training: bool) -> LinesDocument:
    line = LineDocument(
        line=LINE, name="baltic", is_training=is_training, is_humanitarian=False, run="running", reason="", held=0,
        last_test_ms=None, two_person_release=(), parties=(),
    )  # fmt: skip
    return LinesDocument(member="west", version="1", now_ms=0, ready=True, lines=(line,))


def made(found: EntryDocument, fonts: FontFiles, language: str = "en", *, is_training: bool = False) -> bytes:
    return pdf_page(found, stands(is_training=is_training), language, fonts)


def pages(octets: bytes) -> int:
    return octets.count(b"/Type /Page\n")


def test_the_same_entry_is_the_same_bytes_and_has_its_letters_in_it(fonts: FontFiles) -> None:
    one = entry("west/1", "Учение на море")
    octets = made(one, fonts, "ru")
    assert octets == made(one, fonts, "ru")
    assert octets != made(one, fonts, "en")
    assert octets.startswith(b"%PDF-")
    assert b"/FontFile2" in octets
    assert b"/JavaScript" not in octets
    assert b"/URI" not in octets


def test_it_speaks_both_languages(fonts: FontFiles, drawn: list[str]) -> None:
    one = entry("west/1", "An exercise at sea.")
    made(one, fonts, "ru")
    russian = list(drawn)
    drawn.clear()
    made(one, fonts, "en")
    assert "[ru] An exercise at sea." in russian
    assert "An exercise at sea." in drawn
    assert "написано" in russian
    assert "written" in drawn


def test_every_text_of_a_stranger_is_drawn_as_text(fonts: FontFiles, drawn: list[str]) -> None:
    made(entry("west/1", HOSTILE, title="=\u2066x\nnext"), fonts)
    assert "<b>not bold</b>" in drawn
    assert "\\u202etxt.exe\\u202c \\x1b[31m\\u200b and \\u4e2d" in drawn
    assert "=\\u2066x" in drawn
    assert all(letter.isprintable() for text in drawn for letter in text)


def test_every_page_of_a_training_line_says_so(fonts: FontFiles, drawn: list[str]) -> None:
    long = entry("west/1", "\n".join(f"line {number} of a long text" for number in range(200)))
    count = pages(made(long, fonts, is_training=True))
    assert count >= 4
    assert drawn.count("TRAINING") == 2 * count
    assert [text for text in drawn if text.startswith("page ")] == [
        f"page {number + 1}" for number in range(count)
    ]
    assert [text for text in drawn if text.startswith("line ") and "long" in text] == [
        f"line {number} of a long text" for number in range(200)
    ]
    drawn.clear()
    made(long, fonts)
    assert "TRAINING" not in drawn


def test_no_word_is_lost_where_lines_are_broken(fonts: FontFiles, drawn: list[str]) -> None:
    words = [f"word{number}" for number in range(300)]
    one = entry("west/1", " ".join(words) + "\n" + "x" * 500)
    made(one, fonts)
    assert " ".join(drawn).split(" ") != words
    told = " ".join(text for text in drawn if text.startswith("word"))
    assert told.split(" ") == words
    assert sum(len(text) for text in drawn if set(text) == {"x"}) == 500


def test_a_desk_gives_the_file_under_the_entrys_name(desk: RunningDesk, ask: Asker, fonts: FontFiles) -> None:
    (desk.static / "fonts").mkdir(parents=True)
    for path in (fonts.plain, fonts.even):
        (desk.static / "fonts" / path.name).symlink_to(path)
    answer = ask.get(f"pdf/{LINE}/west%2F3?language=ru", role="viewer")
    assert answer.status == 200
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["content-disposition"] == 'attachment; filename="west-3.pdf"'
    assert answer.octets == ask.get(f"pdf/{LINE}/west%2F3?language=ru").octets
    assert ask.get(f"pdf/{LINE}/west%2F3?language=de").status == 400
    assert ask.get(f"pdf/{LINE}/west%2F99").status == 404


def test_a_desk_without_letters_says_how_to_get_them(desk: RunningDesk, ask: Asker, tmp_path: Path) -> None:
    answer = ask.get(f"pdf/{LINE}/west%2F3")
    assert (answer.status, answer.kind) == (404, "not-offered")
    assert "make web" in answer.json["error"]["remedy"]


def test_no_space_that_a_text_must_not_break_at_comes_as_a_number(fonts: FontFiles, drawn: list[str]) -> None:
    made(entry("west/1", "10\u00a0мая 2030\u202fг."), fonts)
    assert "10 мая 2030 г." in drawn


def test_states_and_kinds_are_told_in_the_files_language(fonts: FontFiles, drawn: list[str]) -> None:
    made(entry("west/1", standing="corrected", precedence="flash"), fonts, "ru")
    assert {"исправлено", "молния", "доставлено"} <= set(drawn)
    assert any(text.endswith("(notice.exercise)") for text in drawn)


def test_a_line_as_long_as_a_body_is_broken_without_end(fonts: FontFiles, drawn: list[str]) -> None:
    made(entry("west/1", "x" * 200_000 + " " + " " * 5_000 + "end"), fonts)
    assert sum(len(text) for text in drawn if set(text) == {"x"}) == 200_000
    assert "end" in drawn
