"""A notice from the form to the other side's screen, as its people see it, and what is refused on the way."""

from __future__ import annotations

import json

from detente.node.book import Book
from detente.node.filed_record import filed_of
from detente.node.home import open_reading
from detente.notices.codec import decode
from tests.stories.shell import Shell


def form(shell: Shell, kind: str, *changes: tuple[str, str], name: str = "form.toml") -> str:
    """Write an example's form with some text in it changed; returns the file's name."""
    text = shell.run(f"notice new {kind} --example")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    (shell.folder / name).write_text(text)
    return name


def test_a_form_is_checked_sent_carried_and_shown_in_its_layout(shell: Shell) -> None:
    shell.pair()
    plan = form(shell, "exercise")
    assert "no fault" in shell.run(f"notice check {plan}")
    sent = shell.json(f"line send west --notice {plan}")
    assert sent["type"] == "notice.exercise"
    shell.exchange("west", "east")

    entry = shell.log("east")[-1]
    assert (entry["type"], entry["understood"]) == ("notice.exercise", True)
    assert entry["body"]["media_type"] == "application/vnd.detente.notice+json"
    assert entry["body"]["content"]["designation"] == "Northern Birch"
    shown = shell.run("line log east")
    assert "PRECEDENCE: ROUTINE" in shown
    assert "Troops: 7,200" in shown
    assert "7. END OF MESSAGE 12/30" in shown
    russian = shell.run("line log east --language ru")
    assert "с 1 мая 2030 г. по 12 мая 2030 г." in russian
    assert "69°30′00″ с. ш. 030°00′00″ в. д." in russian

    mended = shell.run("notice new correction --of form.toml")
    mended = mended.replace('issued_at = ""', 'issued_at = "2030-03-05"', 1).replace(
        'corrects = ""', 'corrects = "west/0"'
    )
    mended = mended.replace('reason = ""', 'reason = "One brigade more."').replace(
        "troops = 7200", "troops = 9400"
    )
    (shell.folder / "mended.toml").write_text(mended)
    again = shell.json("line send west --notice mended.toml")
    assert again["type"] == "notice.correction"
    shell.exchange("west", "east")
    told = [entry for entry in shell.log("east") if entry["type"].startswith("notice.")]
    assert [entry["type"] for entry in told] == ["notice.exercise", "notice.correction"]
    assert told[1]["in_reply_to"] == told[0]["ref"] == "west/0"
    assert told[0]["body"]["content"]["forces"][0]["troops"] == 7200

    shell.run("line reply east --to west/0 understood")
    now = shell.json("line notices east")["activities"]
    assert [(one["activity"], len(one["notices"])) for one in now] == [("northern-birch-2030", 1)]
    stands = now[0]["notices"][0]
    assert (stands["ref"], stands["state"], stands["changed_by"]) == ("west/0", "corrected", [told[1]["ref"]])
    assert stands["notice"]["forces"][0]["troops"] == 9400
    full = shell.run("line notices east --activity northern-birch-2030")
    assert f"[corrected by {told[1]['ref']}]" in full
    assert "Troops: 9,400" in full
    shell.run("line notices east --activity nothing-such", code=1)


def test_what_the_record_tells_of_a_notice_is_by_whose_clock_and_how_far(shell: Shell) -> None:
    shell.pair()
    plan = form(shell, "exercise")
    shell.run(f"line send west --notice {plan}")
    shell.run("line send west --type notice.exercise --reveal later --body", plan)
    shell.exchange("west", "east")
    shell.run("line reply east --to west/0 read")
    shell.run("line reply east --to west/0 accepted")
    shell.exchange("west", "east")
    with open_reading(shell.folder / "west") as opened:
        book = Book.open(opened.member, opened.record(opened.lines()[0]))
        book.index()
        filed, unread = filed_of(book)
    with open_reading(shell.folder / "east") as opened:
        book = Book.open(opened.member, opened.record(opened.lines()[0]))
        book.index()
        _, lacking = filed_of(book)
    assert lacking == [("west/1", "its content is not held here")]
    assert unread == []
    one = filed[0]
    assert (one.ref, one.from_line) == ("west/0", True)
    assert one.told is not None
    assert (one.told.not_before_clock, one.told.not_after_clock) == ("west", "east")
    assert one.told.not_before == one.told.author_clock
    assert one.told.not_after is not None
    assert one.told.author_clock <= one.told.not_after
    assert [(each.party, each.state, each.clock) for each in one.deliveries] == [
        ("east", "delivered", "east"),
        ("east", "read", "east"),
        ("east", "answered", "east"),
    ]


def test_a_notice_with_faults_is_never_sent_and_every_fault_is_told(shell: Shell) -> None:
    shell.pair()
    plan = form(
        shell, "exercise", ('end = "2030-05-12"', 'end = "2029-05-12"'), ("troops = 7200", "troops = -7200")
    )
    shell.run(f"notice check {plan}", code=1)
    assert "forces[0].troops: -7200" in shell.err
    assert "period.end: 2029-05-12" in shell.err
    before = len(shell.log("west"))
    shell.run(f"line send west --notice {plan}", code=2)
    assert "forces[0].troops: -7200" in shell.err
    assert "period.end: 2029-05-12" in shell.err
    assert len(shell.log("west")) == before


def test_a_type_named_by_hand_gets_the_same_check(shell: Shell) -> None:
    shell.pair()
    plan = form(shell, "incident")
    shell.run(f"line send west --type notice.exercise --body {plan}", code=2)
    assert "--type" in shell.err
    assert shell.json(f"line send west --type notice.incident --body {plan}")["type"] == "notice.incident"
    shell.run("line send west --type notice.incident --body -", text="Hello", code=2)
    shell.run(f"line send west --notice {plan} --type message", code=2)
    shell.run("line send west --type message", code=2)


def test_a_member_speaks_for_itself_only(shell: Shell) -> None:
    shell.pair()
    plan = form(shell, "incident")
    shell.run(f"line send east --notice {plan}", code=2)
    assert "author.id" in shell.err


def test_the_record_that_is_signed_is_the_one_spelling(shell: Shell) -> None:
    plan = form(shell, "launch")
    octets = shell.run(f"notice write {plan}").encode()
    assert decode(octets).octets == octets
    shell.run(f"notice write {plan} --out plan.json")
    assert (shell.folder / "plan.json").read_bytes() == octets
    assert json.loads(shell.run("notice show plan.json --json")) == json.loads(octets)


def test_humanitarian_notices_go_on_a_sealed_line_of_their_own_and_nothing_else_does(shell: Shell) -> None:
    shell.found("west", "east")
    for name in ("west", "east"):
        shell.run(f"line join {name} --line humanitarian-north west.card east.card")
        shell.run(f"line join {name} --line baltic west.card east.card")
    site = form(shell, "humanitarian-site", ('id = "relief"', 'id = "west"'), name="site.toml")
    plan = form(shell, "exercise")
    shell.run(f"line send west --line baltic --notice {site}", code=2)
    assert "humanitarian" in shell.err
    shell.run(f"line send west --line humanitarian-north --notice {plan}", code=2)
    shell.run("line send west --line humanitarian-north --type exercise --body -", text="Plan", code=2)
    shell.run("line send west --line humanitarian-north --type message --body -", text="Two sites follow.")
    shell.run(f"line send west --line humanitarian-north --notice {site}")
    assert "no protection" in shell.err

    packed = shell.json("line pack west --to east --line humanitarian-north north.bundle")
    assert packed["sealed"] is True
    assert b"hospital" not in (shell.folder / "north.bundle").read_bytes()
    shell.run("line take east north.bundle")
    shown = shell.run("line log east --line humanitarian-north")
    assert "This is a notice and no protection." in " ".join(shown.replace("|", " ").split())
    for export in ("--geojson", "--kml", "--ics"):
        shell.run(f"notice show site.toml {export}", code=1)
        assert shell.out == ""
