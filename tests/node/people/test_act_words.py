"""Acts of the trail in words: every act that is noted anywhere has a sentence in both languages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import detente
from detente import words
from detente.node.desk_door import act_words
from detente.node.desk_door.act_words import act_sentence

SOURCES = Path(detente.__file__).parent


def noted() -> set[str]:
    """Return the name of every act that the sources note."""
    found: set[str] = set()
    for path in [*SOURCES.joinpath("node", "desk_door").rglob("*.py"), *SOURCES.joinpath("desk").rglob("*.py")]:
        text = path.read_text(encoding="utf-8")
        found |= set(re.findall(r'\bnote\((?:[^"()]|\([^()]*\))*?"([a-z][a-z-]+)"', text))
        found |= set(re.findall(r'_note\([^"()]*"([a-z][a-z-]+)"', text))
        found |= set(re.findall(r'ActNoted\((?:actor=\w+, )?act="([a-z-]+)"', text))
        found |= set(re.findall(r'_append\(\("", ""\), "([a-z-]+)"', text))
    return found | {"draft-kept", "draft-changed"}


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_every_act_that_is_noted_has_a_sentence_in_each_language(language: str) -> None:
    before = words.language()
    words.choose(language)
    try:
        acts = {one for one in noted() if "-" in one or one in {"enrolled", "released", "sent"}}
        assert {"signed-in", "person-added", "released", "sent", "acts-left-out", "shelf-kept"} <= acts
        for act in acts:
            told = act_sentence(act, {"how": "link", "reason": "challenge", "name": "Anna", "type": "notice.x"})
            assert act in act_words._SENTENCES, act
            assert "{" not in told
            assert (language == "ru") == bool(re.search("[а-я]", told)), (act, told)
    finally:
        words.choose(before)


def test_details_of_a_stranger_are_made_visible_and_missing_ones_are_a_dash() -> None:
    assert act_sentence("person-removed", {"name": "Anna\u202e\n"}) == "removed Anna\\u202e\\n"
    assert act_sentence("person-removed", {}) == "removed -"
    assert act_sentence("draft-kept", {"line": "baltic", "state": "unfinished"}).startswith("kept an unfinished")
    assert (
        act_sentence("draft-kept", {"line": "baltic", "type": "message"}) == "kept a draft of message for baltic"
    )


def test_an_act_of_a_newer_version_is_told_by_its_name() -> None:
    assert act_sentence("moon-\u202elanded", {}) == "moon \\u202elanded"


@pytest.mark.parametrize(
    ("act", "name", "values"),
    [
        ("signed-in", "how", ["passkey", "link", "oidc", "other"]),
        ("sign-in-refused", "reason",
         ["challenge", "copy", "link", "oidc", "outsider", "passkey", "person", "server"]),
    ],
)  # fmt: skip
def test_each_way_in_and_each_reason_has_words_of_its_own(act: str, name: str, values: list[str]) -> None:
    assert len({act_sentence(act, {name: value}) for value in values}) == len(values)
