"""The settings file: defaults, every fault with its line, unknown names refused, every name documented."""

from __future__ import annotations

import tomllib
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detente import words
from detente.line.state import Settings as LineLimits
from detente.node.settings import documented, structs
from detente.node.settings.reading import SettingsMistake, parse_settings, read_settings
from detente.node.settings.structs import FolderTo, HttpsTo, LineSettings, Settings, host_and_port, path_in
from detente.node.settings.where import lines_of

FILE = Path("settings.toml")


def parsed(text: str) -> Settings:
    return parse_settings(text.encode(), FILE)


def faults(text: str | bytes) -> list[tuple[int, str]]:
    with pytest.raises(SettingsMistake) as raised:
        parse_settings(text if isinstance(text, bytes) else text.encode(), FILE)
    return [(fault.line, f"{fault.name}: {fault.what}; {fault.remedy}") for fault in raised.value.faults]


def test_a_home_without_a_file_runs_on_the_defaults(tmp_path: Path) -> None:
    assert read_settings(tmp_path) == Settings()
    with pytest.raises(SettingsMistake, match="no such file"):
        read_settings(tmp_path, tmp_path / "other.toml")


def test_the_defaults_of_a_line_are_those_of_its_machine() -> None:
    assert LineSettings().limits() == LineLimits()


def test_a_whole_file_is_read() -> None:
    made = parsed(
        """
        [courier]
        listen = "[::]:8442"
        [line.baltic]
        two_person_release = ["notice.launch"]
        test_every_s = 60
        [[line.baltic.courier.east]]
        kind = "https"
        address = "east.example:8442"
        certificate = "certificates/east.pem"
        [[line.baltic.courier.east]]
        kind = "folder"
        out = "out"
        in = "in"
        [alarms]
        smtp = {host = "mail", from = "a@b", to = ["c@d"]}
        [[duty]]
        name = "watch"
        mail = "c@d"
        """
    )
    first, second = made.of_line("baltic-0123").courier["east"]
    assert isinstance(first, HttpsTo)
    assert first.address == "east.example:8442"
    assert isinstance(second, FolderTo)
    assert (second.out, second.in_, second.sealed) == ("out", "in", True)
    assert made.of_line("training-baltic-0123").test_every_s == 60
    assert made.of_line("azov-0123") == LineSettings()
    assert made.alarms.smtp is not None
    assert made.alarms.smtp.from_ == "a@b"
    assert host_and_port(made.courier.listen) == ("::", 8442)
    assert path_in(Path("/h"), "a/b") == Path("/h/a/b")
    assert path_in(Path("/h"), "/a") == Path("/a")


def test_every_fault_is_named_with_its_line() -> None:
    found = faults(
        "[courier]\n"
        "listen = 8442\n"
        "bundle_bytes_max = 1\n"
        "lisen = 'x'\n"
        "[line.baltic]\n"
        "test_every_s = true\n"
        "[[line.baltic.courier.east]]\n"
        "kind = 'pigeon'\n"
        "[[line.baltic.courier.east]]\n"
        "kind = 'https'\n"
        "adress = 'a:1'\n"
        "[alarms]\n"
        "smtp = {host = 'x', password = 'secret'}\n"
        "[nod]\n"
    )
    assert [line for line, _ in found] == [2, 3, 4, 6, 8, 9, 11, 13, 13, 14]
    told = dict(found)
    assert "listen" in told[2]
    assert "0.0.0.0:8442" in told[2]
    assert "from 1000 to" in told[3]
    assert "did you mean listen?" in told[4]
    assert "did you mean address?" in told[11]
    assert "certificate is missing" in told[9]
    assert "did you mean node?" in told[14]
    assert any("did you mean password_file?" in what for line, what in found if line == 13)


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("[node\n", 1, "not TOML"),
        ("[node]\nlog_level = 'info'\nlog_level = 'info'\n", 3, "not TOML"),
        ("\n\n[node]\nlog_level = 'loud'\n", 4, "one of"),
        ("node = 1\n", 1, "a table is expected"),
        ("[line]\nbaltic = []\n", 2, "a table is expected"),
        ("[line.baltic.courier]\neast = 'x'\n", 2, "a list is expected"),
        ("line = 7\n", 1, "a table is expected"),
        ("[alarms]\nterminal = 'yes'\n", 2, "true or false"),
        ("[alarms]\nwebhook = 'ftp://x'\n", 2, "https://"),
        ("[[duty]]\nname = ''\n", 2, "quotation marks"),
        ("[[duty]]\nname = 'x'\n", 1, "cannot be reached"),
        ("[[duty]]\nname = 'x'\nmail = 'a@b'\n", 3, "without a mail server"),
        ("[courier]\nlisten = 'a:70000'\n", 2, "65535"),
        ("[courier]\nretry_s_min = 9\nretry_s_max = 3\n", 2, "more than"),
        ("[store]\nkind = 'postgresql'\n", 1, "detente store move HOME --to"),
        ("[node]\nstore = 1\n", 2, "no such setting"),
        ("[line.'B A']\n", 1, "name of a line"),
        ("[line.b]\nsilent_after_s = 5\n", 2, "always be silent"),
        ("[[line.b.courier.East]]\nkind='folder'\nout='o'\n", 1, "name of a party"),
        ("[[line.b.courier.e]]\nkind='folder'\n", 1, "neither out nor in"),
        ("[[line.b.courier.e]]\nkind='folder'\nout='o'\nin='o'\n", 4, "its own bundles"),
        (
            "[[line.b.courier.e]]\nkind='folder'\nout='o'\n[[line.b.courier.f]]\nkind='folder'\nout='o'\n",
            6,
            "another courier",
        ),
        ("[line.b]\ntwo_person_release = [\n'notice.launch',\n7,\n]\n", 2, "type of a notice"),
        ("[[line.b.courier.e]]\nkind='https'\ncertificate=''\n", 3, "file or folder"),
        ("[[line.b.courier.e]]\nkind='https'\ncertificate='c'\naddress='a:99999'\n", 4, "65535"),
        ("[[line.b.courier.e]]\nkind='https'\ncertificate='c'\naddress='a:0'\n", 4, "port 0"),
        ("[readers]\nauditors = 'x'\n", 2, "a list is expected"),
        ("[alarms.smtp]\nhost='x'\nfrom='nobody'\n", 3, "mail address"),
        ("[signer]\npassphrase_file = {a=1}\n", 2, "a table"),
        ("[readers]\nauditors = [[1]]\n", 2, "a list"),
        ('[signer]\npassphrase_file = """\na\n"""\n[nod]\n', 5, "no such setting"),
    ],
)
def test_each_kind_of_fault_has_its_words(text: str, line: int, what: str) -> None:
    assert [(at, what in told) for at, told in faults(text)] == [(line, True)]


def test_bytes_that_are_no_text_are_refused() -> None:
    assert faults(b"[node]\n\xff") == [(2, ": not UTF-8 text; ")]
    assert "more than" in faults(b"#" * 1_000_001)[0][1]
    assert "not TOML" in faults("a = " + "[" * 100_000)[0][1]


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "settings.toml").mkdir()
    with pytest.raises(SettingsMistake, match="not a plain file"):
        read_settings(tmp_path)


def test_a_link_to_nowhere_is_no_home_without_a_file(tmp_path: Path) -> None:
    (tmp_path / "settings.toml").symlink_to(tmp_path / "volume" / "settings.toml")
    with pytest.raises(SettingsMistake, match="a link to a file that is not there"):
        read_settings(tmp_path)


@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_hostile_bytes_are_refused_or_read(octets: bytes) -> None:
    try:
        parse_settings(octets, FILE)
    except SettingsMistake as mistake:
        assert mistake.faults  # noqa: PT017 - the one error that is declared


LEAVES: st.SearchStrategy[object] = st.integers() | st.booleans() | st.text(max_size=5) | st.just([])
NAMES = st.sampled_from(
    ["node", "courier", "line", "baltic", "east", "kind", "listen", "alarms", "smtp", "duty", "x"]
)


def nested(inner: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    return st.dictionaries(NAMES, inner, max_size=3) | st.lists(inner, max_size=3)


@settings(deadline=None)
@given(st.dictionaries(NAMES, st.recursive(LEAVES, nested, max_leaves=8), max_size=4))
def test_any_shape_is_refused_or_read(shape: dict[str, object]) -> None:
    text = "".join(f"{name} = {inline(value)}\n" for name, value in shape.items())
    try:
        parsed(text)
    except SettingsMistake as mistake:
        assert all(fault.what for fault in mistake.faults)  # noqa: PT017


def inline(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name} = {inline(one)}" for name, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(inline, value)) + "]"
    if isinstance(value, str):
        return (
            '"'
            + "".join(f"\\U{ord(letter):08x}" if not 0xD800 <= ord(letter) < 0xE000 else "" for letter in value)
            + '"'
        )
    return str(value).lower()


def test_lines_of_every_form_of_name() -> None:
    lines = lines_of(
        '"a b".c = 1\n'
        "[x.'y']\n"
        "text = '''\n[no]\nd = 1'''\n"
        "e = [ # ]\n"
        "  'f', ]\n"
        'g = "]"\n'
        "[[h]]\n[[h]]\n"
        "[h.i]\nj = 1\n"
        "[[h.k]]\nl = 2\n"
    )
    assert lines["a b", "c"] == 1
    assert lines["x", "y", "text"] == 3
    assert lines["x", "y", "e"] == 6
    assert lines["x", "y", "g"] == 8
    assert lines["h", 1] == 10
    assert lines["h", 1, "i", "j"] == 12
    assert lines["h", 1, "k", 0, "l"] == 14
    assert ("no",) not in lines


@pytest.mark.parametrize("code", words.LANGUAGES)
def test_the_printed_file_names_everything_and_its_defaults_hold(code: str) -> None:
    words.choose(code)
    text = documented.document()
    assert parsed(text) == Settings()
    plain = "\n".join(line.removeprefix("# ") for line in text.split("\n") if _is_toml(line))
    made = parsed(plain)
    assert made.courier == structs.CourierSettings()
    assert made.line["baltic"].limits() == LineLimits()
    assert [type(one) for one in made.line["baltic"].courier["east"]] == [HttpsTo, FolderTo]
    for _, kind in documented._ROOMS:
        for field in msgspec.structs.fields(kind):
            if field.encode_name not in {"courier", "smtp", "oidc"}:
                assert documented.about(kind, field.encode_name)


def _is_toml(line: str) -> bool:
    bare = line.removeprefix("# ")
    if not line.startswith("# ") or bare.startswith(" "):
        return False
    try:
        tomllib.loads(bare)
    except tomllib.TOMLDecodeError:
        return False
    return True


def test_what_is_in_force_is_shown_under_the_names_of_the_file() -> None:
    shown = documented.in_force(parsed("[[line.b.courier.e]]\nkind='folder'\nin='i'\n"))
    assert shown["line"]["b"]["courier"]["e"][0]["in"] == "i"
    assert shown["line"]["b"]["courier"]["e"][0]["kind"] == "folder"


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('[alarms]\nwebhook = "https://:443/x"', "a link without a host"),
        ('[alarms]\nwebhook = "https://host:99999/x"', "a link without a host"),
        ('[alarms]\nwebhook = "https://me:word@host/x"', "a password in the link"),
        ('[[duty]]\nname = "a"\nwebhook = "https://me@host/x"', "a password in the link"),
        ('[alarms.smtp]\nhost = "m"\nfrom = "a@b"\nuser = "me"', "belong together"),
        ('[alarms.smtp]\nhost = "m"\nfrom = "a@b"\npassword_file = "x"', "belong together"),
        (
            '[alarms.smtp]\nhost = "m"\nfrom = "a@b"\nuser = "me"\npassword_file = "x"\nstarttls = false',
            "for everybody to read",
        ),
    ],
)
def test_ways_to_people_that_cannot_work_or_tell_a_secret_are_refused(text: str, named: str) -> None:
    found = faults(text)
    assert len(found) == 1
    assert named in found[0][1]
    assert "word@host" not in found[0][1]
