"""A faulty agreement is refused whole, each fault named at its place.

Goal: half an agreement never acquits. Method: a table of faults, one planted at a time in a sound file.
"""

from __future__ import annotations

import pytest

from detente.rules.errors import AgreementMistake
from detente.rules.loading import BYTES_MAX, parse_agreement
from tests.rules.plans import CLAUSE, agreement_of, text_of

PROCEDURE = """
[[procedures]]
id = "asking"
title = { en = "Asking", ru = "Запрос" }
paragraph = "2"
begin = "none"
final = ["done"]
steps = [{ state = "none", on = "request", to = "done", due_clause = "only", answers = ["reply"] }]
"""
EXCEPTION = """
[[clauses.exceptions]]
when = [{ fact = "alert_without_notice", op = "=", value = true }]
effect = "deadline"
deadline = { kind = "at_start", clock = "activity" }
text = { en = "later", ru = "позже" }
"""
SUSPENSION = """
[[suspensions]]
state = "RU"
since = 2020-01-01
clauses = ["only"]
verified = "unverified"
source = "invented"
text = { en = "not now", ru = "не сейчас" }
"""
CASE = """
[[cases]]
name = "a case"
kind = "exercise"
expect = [{ clause = "only", outcome = "owed" }]
"""


def changed(old: str, new: str) -> str:
    assert old in CLAUSE
    return CLAUSE.replace(old, new)


FAULTS = {
    "unknown key": (text_of(head='colour = "red"\n'), ["the key colour is not known"]),
    "unknown key of a clause": (text_of(clause=CLAUSE + "thresold = 1\n"), ["clauses[0] (only)", "thresold"]),
    "clause without a name": (text_of(clause=changed('id = "only"\n', "")), ["clauses[0]: ", "id"]),
    "wrong type at the top": (text_of().replace("2000-01-01", '"soon"', 1), ["since"]),
    "clause is no table": (text_of(clause="", head="clauses = [3]\n"), ["clauses[0]: "]),
    "duplicate clause": (text_of(clause=CLAUSE + CLAUSE), ["clauses[1] (only): this clause stands twice"]),
    "bad operator": (
        text_of(clause=CLAUSE + 'thresholds = [{ metric = "troops", op = "=>", value = 1 }]\n'),
        ["clauses[0] (only).thresholds[0].op", "=>"],
    ),
    "operator that does not fit a mark": (
        text_of(clause=CLAUSE + 'requires = [{ fact = "emergency", op = ">", value = true }]\n'),
        ["> does not fit emergency"],
    ),
    "operator that does not fit a word": (
        text_of(clause=CLAUSE + 'requires = [{ fact = "place", op = "in", value = "sea" }]\n'),
        ["in does not fit place"],
    ),
    "operator that does not fit a number": (
        text_of(clause=CLAUSE + 'requires = [{ fact = "distance_m", op = "<", value = true }]\n'),
        ["< does not fit distance_m"],
    ),
    "unknown fact": (
        text_of(clause=CLAUSE + 'requires = [{ fact = "mood", op = "=", value = true }]\n'),
        ["'mood' is not known here"],
    ),
    "unknown metric": (
        text_of(clause=CLAUSE + 'thresholds = [{ metric = "trops", op = ">=", value = 1 }]\n'),
        ["'trops' is not known here"],
    ),
    "unknown kind": (text_of(clause=changed('["exercise"]', '["parade"]')), ["'parade' is not known here"]),
    "no kind": (text_of(clause=changed('["exercise"]', "[]")), ["nothing sets it off"]),
    "unknown teller": (text_of(clause=CLAUSE + 'told_by = ["rumour"]\n'), ["'rumour' is not known here"]),
    "bad id": (text_of().replace('id = "trial"', 'id = "Trial 1"'), ["id: small letters"]),
    "bad clause id": (text_of(clause=changed('"only"', '"Only One"')), ["small letters"]),
    "nobody bound": (text_of(parties=""), ["nobody is bound"]),
    "no clause": (text_of(clause="", head="clauses = []\n"), ["an agreement without a clause"]),
    "ends before it begins": (text_of(head="until = 1999-01-01\n"), ["until: it ends before it begins"]),
    "a party that ends before it begins": (
        text_of().replace('states = ["BY", "RU", "LV"]', 'states = ["BY"]\nuntil = 1999-01-01'),
        ["parties[0]: it ends before it begins"],
    ),
    "no state": (text_of().replace('"LV"', '"Latvia"'), ["'Latvia' is no two-letter code"]),
    "named without names": (text_of(clause=changed('"parties"', '"named"')), ['"named" goes with']),
    "names without named": (text_of(clause=CLAUSE + 'named = ["TR"]\n'), ['"named" goes with']),
    "quota without count": (
        text_of(
            clause=changed('"tell"', '"quota"') + 'thresholds = [{ metric = "troops", op = ">", value = 1 }]\n'
        ),
        ["a quota, and only a quota"],
    ),
    "count without quota": (text_of(clause=CLAUSE + "count = 3\n"), ["a quota, and only a quota"]),
    "limit without threshold": (text_of(clause=changed('"tell"', '"limit"')), ["limits nothing"]),
    "upper end without a reason": (
        text_of(clause=CLAUSE + 'thresholds = [{ metric = "troops", op = "<=", value = 1 }]\n'),
        ["a larger activity may owe less"],
    ),
    "upper end in a condition": (
        text_of(clause=CLAUSE + 'requires = [{ fact = "troops", op = "<=", value = 1 }]\n'),
        ["a larger activity may owe less"],
    ),
    "a reason without an upper end": (text_of(clause=CLAUSE + 'shrinks = "so"\n'), ["a larger activity"]),
    "exception without its deadline": (
        text_of(more=EXCEPTION.replace('deadline = { kind = "at_start", clock = "activity" }\n', "")),
        ["an exception names its own deadline"],
    ),
    "exception with a faulty deadline": (
        text_of(more=EXCEPTION.replace('"at_start",', '"after_end",')),
        ["after_end takes a value"],
    ),
    "deadline without a value": (
        text_of(clause=changed(", value = 2, unit", ", unit")),
        ["before_start takes a value"],
    ),
    "deadline of nothing": (text_of(clause=changed("value = 2", "value = 0")), ["before_start takes a value"]),
    "calendar without a day": (
        text_of(
            clause=changed(
                '"before_start", clock = "activity", value = 2, unit = "d"',
                '"calendar", clock = "calendar", month = 2',
            )
        ),
        ["a calendar's deadline"],
    ),
    "a month elsewhere": (
        text_of(clause=changed("value = 2", "month = 2, value = 2")),
        ["a calendar's deadline"],
    ),
    "desirable less than owed": (
        text_of(clause=changed("value = 2", "desirable = 1, value = 2")),
        ["what is desirable is more"],
    ),
    "procedure from nowhere": (
        text_of(more=PROCEDURE.replace('begin = "none"', 'begin = "before"')),
        ["no step leads on"],
    ),
    "procedure to nowhere": (text_of(more=PROCEDURE.replace('["done"]', '["gone"]')), ["'gone' is not known"]),
    "procedure by no clause": (
        text_of(more=PROCEDURE.replace('due_clause = "only"', 'due_clause = "none"')),
        ["'none' is not known here"],
    ),
    "due without answers": (
        text_of(more=PROCEDURE.replace(', answers = ["reply"]', "")),
        ["due_clause and answers go together"],
    ),
    "two steps for one thing": (
        text_of(
            more=PROCEDURE.replace("steps = [", 'steps = [{ state = "none", on = "request", to = "none" }, ')
        ),
        ["two steps for one thing"],
    ),
    "suspension of nothing": (
        text_of(more=SUSPENSION.replace('"only"', '"other"')),
        ["suspensions[0]", "'other'"],
    ),
    "case of no clause": (text_of(more=CASE.replace('"only"', '"other"')), ["cases[0] (a case)", "'other'"]),
    "case of no kind": (text_of(more=CASE.replace('"exercise"', '"parade"')), ["'parade'"]),
    "case with an unknown fact": (text_of(more=CASE + "facts = { mood = true }\n"), ["'mood'"]),
    "not TOML": ("format =", ["not TOML"]),
    "a duplicate key": (text_of(head='id = "again"\n'), ["not TOML"]),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_named_at_its_place(fault: str) -> None:
    text, named = FAULTS[fault]
    with pytest.raises(AgreementMistake) as raised:
        parse_agreement(text.encode(), where="trial.toml")
    for words in named:
        assert words in raised.value.came, raised.value.came
    assert raised.value.where == "trial.toml"


def test_a_sound_file_with_everything_in_it_is_taken() -> None:
    agreed = agreement_of(more=EXCEPTION + PROCEDURE + SUSPENSION + CASE)
    assert agreed.clauses[0].exceptions
    assert agreed.procedures
    assert len(agreed.sha256) == 64


def test_all_faults_are_named_at_once_up_to_a_bound() -> None:
    clauses = "".join(CLAUSE.replace('"only"', f'"Bad {number}"') for number in range(30))
    with pytest.raises(AgreementMistake) as raised:
        parse_agreement(text_of(clause=clauses).encode())
    assert raised.value.came.startswith("30 faults")
    assert "and 10 more" not in raised.value.came or "Bad 0" in raised.value.came
    assert raised.value.came.endswith("more")


def test_what_is_too_large_or_no_text_is_refused() -> None:
    with pytest.raises(AgreementMistake, match="more than"):
        parse_agreement(b"#" * (BYTES_MAX + 1))
    with pytest.raises(AgreementMistake, match="byte 2"):
        parse_agreement(b"# \xff")
    with pytest.raises(AgreementMistake, match="not TOML"):
        parse_agreement(b"a = " + b"[" * 100_000)
