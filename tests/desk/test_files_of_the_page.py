"""Files of the page as a browser fetches them: compressed where it takes that, kept as long as they are the same."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from detente.desk.pages import takes_gzip
from tests.desk.asker import Asker
from tests.desk.desks import RunningDesk

SCRIPT = b"export const a = 1;\n" * 200
NAMED = "/assets/main-ABCDEF12.js"


@pytest.fixture
def built(desk: RunningDesk) -> RunningDesk:
    """Return a desk with a page that was built."""
    (desk.static / "assets").mkdir(parents=True)
    for name, octets in (("index.html", b"<!doctype html>" * 50), (NAMED[1:], SCRIPT)):
        path = desk.static / name
        path.write_bytes(octets)
        path.with_name(path.name + ".gz").write_bytes(gzip.compress(octets, mtime=0))
    (desk.static / "assets" / "plain.txt").write_bytes(b"plain")
    return desk


def test_a_script_comes_compressed_to_whom_takes_it_and_plain_to_others(built: RunningDesk, ask: Asker) -> None:
    packed = ask.get(NAMED, headers={"Accept-Encoding": "br, gzip"})
    assert packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(packed.octets) == SCRIPT
    assert packed.headers["content-length"] == str(len(packed.octets))
    plain = ask.get(NAMED, headers={"Accept-Encoding": "gzip;q=0"})
    assert "content-encoding" not in plain.headers
    assert plain.octets == SCRIPT
    for answer in (packed, plain):
        assert answer.headers["vary"] == "Accept-Encoding"
        assert answer.headers["content-type"].startswith("text/javascript")
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert packed.headers["etag"] != plain.headers["etag"]
    assert "vary" not in ask.get("/assets/plain.txt").headers
    assert ask.get(f"{NAMED}.gz").status == 404


def test_who_has_a_file_gets_it_again_only_when_it_changed(built: RunningDesk, ask: Asker) -> None:
    html = {"Accept": "text/html", "Accept-Encoding": "gzip"}
    first = ask.get("/", headers=html)
    assert first.headers["cache-control"] == "no-cache"
    again = ask.get("/", headers={**html, "If-None-Match": f'"x", W/{first.headers["etag"]}'})
    assert (again.status, again.octets) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    assert again.headers["vary"] == "Accept-Encoding"
    plain = ask.get("/", headers={"Accept": "text/html", "If-None-Match": first.headers["etag"]})
    assert plain.status == 200  # another form of it
    (built.static / "index.html.gz").write_bytes(gzip.compress(b"new"))
    assert ask.get("/", headers={**html, "If-None-Match": first.headers["etag"]}).status == 200


@pytest.mark.parametrize(
    ("header", "takes"),
    [
        ("gzip", True), ("GZIP", True), ("br;q=1.0, gzip;q=0.5", True), ("*", True), ("", False), ("br", False),
        ("gzip;q=0", False), ("gzip; q=0.000", False), ("*;q=0", False), ("*, gzip;q=0", False),
        ("gzip;q=x", False), ("x-gzip", False),
    ],
)  # fmt: skip
def test_gzip_is_sent_to_whom_takes_it(header: str, takes: bool) -> None:
    assert takes_gzip(header) is takes


# ---- the site's own map -------------------------------------------------------------------------------------

MAP = b"PMTiles\x03" + bytes(range(256)) * 10


@pytest.fixture
def mapped(desk: RunningDesk, tmp_path: Path) -> Path:
    """Return the map of a desk that has one."""
    path = tmp_path / "site.pmtiles"
    path.write_bytes(MAP)
    desk.room.map_file = path
    return path


def test_the_sites_own_map_comes_in_pieces(mapped: Path, ask: Asker) -> None:
    answer = ask.get("map.pmtiles", headers={"Range": "bytes=0-15"})
    assert (answer.status, answer.octets) == (206, MAP[:16])
    assert answer.headers["content-range"] == f"bytes 0-15/{len(MAP)}"
    assert answer.headers["content-type"] == "application/vnd.pmtiles"
    assert answer.headers["cache-control"] == "private, max-age=3600"
    beyond = ask.get("map.pmtiles", headers={"Range": "bytes=2560-99999"})
    assert (beyond.status, beyond.octets) == (206, MAP[2560:])
    assert beyond.headers["content-range"] == f"bytes 2560-{len(MAP) - 1}/{len(MAP)}"
    assert beyond.headers["etag"] == answer.headers["etag"]
    assert ask.get("me").json["map"] == "/api/v1/map.pmtiles"


def test_nothing_but_a_piece_of_the_map_is_given(mapped: Path, ask: Asker) -> None:
    for wrong in (None, "", "bytes=0-", "bytes=-5", "bytes=0-1,5-6", "lines=0-1", "bytes=a-b", "bytes=0-1 "):
        answer = ask.get("map.pmtiles", headers={"Range": wrong})
        expected = 206 if wrong == "bytes=0-1 " else 400
        assert answer.status == expected, wrong
    for wrong in (f"bytes={len(MAP)}-{len(MAP) + 5}", "bytes=5-4"):
        answer = ask.get("map.pmtiles", headers={"Range": wrong})
        assert (answer.status, answer.kind) == (416, "beyond-the-end")
    assert ask.get("map.pmtiles", headers={"Range": "bytes=0-1"}, role="").status == 401
    mapped.unlink()
    answer = ask.get("map.pmtiles", headers={"Range": "bytes=0-1"})
    assert (answer.status, answer.kind) == (404, "not-offered")
    assert str(mapped).encode() not in answer.octets


def test_a_desk_without_a_map_says_how_to_get_one(ask: Asker) -> None:
    answer = ask.get("map.pmtiles", headers={"Range": "bytes=0-1"})
    assert (answer.status, answer.kind) == (404, "not-offered")
    assert "map_file" in answer.json["error"]["remedy"]
    assert ask.get("me").json["map"] == ""


def test_the_frame_of_the_other_side_is_the_sites_choice(desk: RunningDesk, ask: Asker) -> None:
    assert ask.get("me").json["other_side"] == "neutral"
    desk.room.other_side = "suspect"
    assert ask.get("me").json["other_side"] == "suspect"


def test_the_page_before_sign_in_knows_the_ways_in(desk: RunningDesk, ask: Asker) -> None:
    assert ask.get("sign-in/ways", role="").json == {"passkey": True, "oidc": False}
    desk.room.has_oidc = True
    assert ask.get("sign-in/ways", role="").json == {"passkey": True, "oidc": True}
