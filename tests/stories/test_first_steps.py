"""A newcomer's wrong turns on the way to two running nodes: each is told what is missing, in the order of the work."""

from __future__ import annotations

import pytest

from detente.node.couriers.advice import what_is_missing
from detente.node.home import open_reading
from detente.node.settings.reading import read_settings
from detente.store import record as store_record
from detente.store.schema import MIGRATIONS
from tests.stories.shell import Shell

HTTPS = """[courier]
listen = "127.0.0.1:8442"
[[line.{line}.courier.east]]
kind = "https"
certificate = "certificates/east.pem"
"""


def missing(shell: Shell, home: str) -> list[str]:
    """Return what serve would say before its log begins."""
    path = shell.folder / home
    with open_reading(path) as opened:
        return what_is_missing(opened, read_settings(path))


def test_cards_that_are_none_or_too_few_are_named(shell: Shell) -> None:
    shell.found("west")
    shell.run("line join west --line baltic west.card", code=2)
    assert "the cards of at least two members" in shell.err
    assert "detente line card" in shell.err
    (shell.folder / "empty.card").write_bytes(b"")
    shell.run("line join west --line baltic west.card empty.card", code=2)
    assert "empty.card: an empty file" in shell.err
    for other in ("keeper-west/west.root-1.key", "west/home.json", "secret"):
        shell.run(f"line join west --line baltic west.card {other}", code=2)
        assert f"{other}: another kind of file" in shell.err
        assert "DecodeError" not in shell.err


def test_what_is_missing_is_said_in_the_order_of_the_work(shell: Shell) -> None:
    shell.pair()
    settings = shell.folder / "west" / "settings.toml"
    (alone,) = missing(shell, "west")
    assert "names no courier for east" in alone
    settings.write_text(HTTPS.format(line="balti"), encoding="utf-8")
    said = missing(shell, "west")
    assert "settings.toml: line balti: this home has joined no such line" in said[0]
    assert "names no courier for east" in said[1]
    assert "no such file yet: detente cert new makes it" in said[2]
    settings.write_text(HTTPS.format(line="baltic"), encoding="utf-8")
    assert [one.partition(": ")[0] for one in missing(shell, "west")] == ["FAILS", "FAILS"]
    shell.run("cert new west")
    (peer,) = missing(shell, "west")
    assert "certificates/east.pem: no such file" in peer
    shell.run("cert new east")
    pem = (shell.folder / "east" / "certificates" / "east.pem").read_bytes()
    (shell.folder / "west" / "certificates" / "east.pem").write_bytes(pem)
    assert missing(shell, "west") == []
    assert "good: east on line" in shell.run("cert check west")


def test_a_home_without_a_line_is_told_so_by_everything_that_needs_one(shell: Shell) -> None:
    shell.found("west")
    (alone,) = missing(shell, "west")
    assert "joined no line yet: see detente line join" in alone
    shell.run("cert check west", code=1)
    assert "no such file yet: detente cert new makes it" in shell.out
    assert "joined no line yet" in shell.err


def test_a_table_for_no_line_is_told_by_settings_and_by_the_check_of_certificates(shell: Shell) -> None:
    shell.pair()
    (shell.folder / "west" / "settings.toml").write_text(HTTPS.format(line="balti"), encoding="utf-8")
    for verb, code in (("settings west", 0), ("cert check west", 1)):
        shell.run(verb, code=code)
        assert "settings.toml: line balti: this home has joined no such line" in shell.err


def test_unlock_says_that_nobody_serves(shell: Shell) -> None:
    shell.found("west")
    shell.run("unlock west", code=2)
    assert "nobody serves this home" in shell.err
    assert "detente serve west" in shell.err


def test_the_warning_about_root_keys_is_given_once(shell: Shell) -> None:
    shell.pair()
    (shell.folder / "west.root-1.key").write_bytes(b"")
    shell.send("west", "one")
    assert shell.err.count("root key lies beside") == 1


def test_a_bundle_of_a_later_form_is_called_so_and_one_cut_in_its_first_line_is_not(shell: Shell) -> None:
    shell.pair()
    shell.run("line pack west --to east a.bundle")
    whole = (shell.folder / "a.bundle").read_bytes()
    for first, why in (
        (whole.replace(b"bundle/1", b"bundle/2", 1), "made by a newer d"),
        (b"detente-sealed/7\n" + whole, "made by a newer d"),
        (whole[:10], "cut short"),
        (b"another", "another kind of file"),
    ):
        (shell.folder / "b.bundle").write_bytes(first)
        shell.run("line take east b.bundle", code=1)
        assert why in shell.out
        assert (shell.folder / "b.bundle").read_bytes() == first


@pytest.mark.parametrize("verb", ["line status west", "line send west --type notice --body -"])
def test_the_first_verb_after_an_upgrade_brings_the_record_up_to_date(shell: Shell, verb: str) -> None:
    shell.pair()
    shell.send("west", "one")
    step = "CREATE TABLE later (id INTEGER PRIMARY KEY) STRICT"
    with pytest.MonkeyPatch.context() as upgraded:
        upgraded.setattr(store_record, "MIGRATIONS", (*MIGRATIONS, step))
        shell.run(verb, text="two")
        assert shell.log("west")[0]["ref"] == "west/0"
    shell.run(verb, text="three", code=2)
    assert "made by a newer d" in shell.err
