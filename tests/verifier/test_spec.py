"""The pages of spec/line: every named example is what the code makes, and both programs accept it."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass

import msgspec
import pytest
from tlog_scales.reader import TilesReader
from tlog_scales.signing import Vkey
from tlog_scales.tlog import Checkpoint as ScalesCheckpoint

from detente.line import canonical, keys, merkle
from detente.line.bundle import CAPS, Kind, Parser
from detente.line.checkpoint import Checkpoint
from detente.line.envelope import ENVELOPE_MAX, Envelope, PayloadType, pre_authentication
from detente.line.opening import OPENING_MAX, Opening
from detente.line.release import Assertion, Release, judge
from detente.line.rootact import Act, Keyring, decode_act
from detente.line.session import Answer, Have, LineTest, decode_session
from detente.line.statement import FIELDS, Commitment, HeadSeen, Reference, Statement, commit
from detente.line.tiles import ENTRY_MAX, bundle
from detente.line.watching import CONTROL_TYPES
from tests.verifier.judges import ROOT, load_tool, scene, verifier

PAGES = {path.name: path.read_text(encoding="utf-8") for path in sorted((ROOT / "spec" / "line").glob("*.md"))}
tool = load_tool("spec_examples")
BLOCKS = {name: text.rstrip("\n") for page in PAGES.values() for _, name, text in tool.BLOCK.findall(page)}


def test_every_example_is_the_one_that_the_code_makes() -> None:
    made = tool.examples()
    assert BLOCKS.keys() == made.keys()
    for name, page in PAGES.items():
        assert tool.filled(page, made) == page, name


def test_documents_decode_and_both_programs_read_them() -> None:
    for name in (
        "canonical",
        "card-payload",
        "statement-payload",
        "answer-payload",
        "opening",
        "card",
        "statement",
    ):
        octets = BLOCKS[name].encode()
        document = canonical.decode(octets, size_max=1 << 20, what=name)
        assert verifier.read(octets) == document
    decode_act(BLOCKS["card-payload"].encode())
    Statement.decode(BLOCKS["statement-payload"].encode())
    decode_session(BLOCKS["answer-payload"].encode(), Answer)
    assert Opening.decode(BLOCKS["opening"].encode()).hash() == BLOCKS["opening-hash"].split("\n")[0]
    assert verifier.sha256(BLOCKS["opening"].encode()).hex() == BLOCKS["opening-hash"].split("\n")[0]


def test_the_card_the_statement_and_the_head_are_signed() -> None:
    ring = Keyring()
    card, leaf = BLOCKS["card"].encode(), BLOCKS["statement"].encode()
    ring.take(card)
    own = ring.keys_of(0)
    assert own is not None
    assert Envelope.decode(card, PayloadType.ROOT_ACT).payload.decode() == BLOCKS["card-payload"]
    envelope = Envelope.decode(leaf, PayloadType.STATEMENT)
    assert envelope.payload.decode() == BLOCKS["statement-payload"]
    envelope.verify_one(bytes.fromhex(own.sign))
    note = (BLOCKS["head"] + "\n").encode()
    Checkpoint.decode(note).verify(bytes.fromhex(own.sign))
    judge = verifier.Judge([one.envelopes[0] for one in scene().Scene().rings()])
    judge.opening(BLOCKS["opening"].encode())
    statement, log = judge.statement(leaf)
    assert judge.founding(statement, log).startswith("opening ")
    assert len(judge.head(note)[3]) == 3


def test_hashes_are_what_the_words_say() -> None:
    public, identity = re.findall(r"[0-9a-f]{64}", BLOCKS["key-id"])
    assert (
        hashlib.sha256(b"ed25519\n" + bytes.fromhex(public)).hexdigest()
        == identity
        == keys.key_id(bytes.fromhex(public))
    )
    content, salt, hashed = (line.split(maxsplit=1)[1] for line in BLOCKS["body-commitment"].split("\n"))
    assert hashlib.sha256(bytes.fromhex(salt) + content.encode()).hexdigest() == hashed
    assert commit(bytes.fromhex(salt), content.encode()) == hashed
    assert json.loads(BLOCKS["statement-payload"])["body"]["hash"] == hashed
    assert BLOCKS["pre-authentication"] == pre_authentication(PayloadType.STATEMENT, b"{}").decode()
    kind = PayloadType.STATEMENT.value
    assert BLOCKS["pre-authentication"] == f"DSSEv1 {len(kind)} {kind} 2 {{}}"


def test_the_tree_is_what_the_words_say() -> None:
    hashes = {
        line.rsplit(" ", 1)[0].strip(): bytes.fromhex(line.rsplit(" ", 1)[1])
        for line in BLOCKS["log"].split("\n")[:11]
    }
    assert hashes["root of 0"] == hashlib.sha256(b"").digest() == merkle.EMPTY_ROOT
    assert hashes["root of 1"] == hashes["leaf hash 0"]
    assert hashes["leaf hash 0"] == hashlib.sha256(b"\0" + BLOCKS["statement"].encode()).digest()
    edge: list[bytes] = []
    for seq in range(5):
        assert verifier.grow(edge, seq, hashes[f"leaf hash {seq}"]) == hashes[f"root of {seq + 1}"]
    inclusion, consistency = (
        [bytes.fromhex(step) for step in re.findall(r"[0-9a-f]{64}", line)]
        for line in BLOCKS["log"].split("\n")[11:]
    )
    assert merkle.verify_inclusion(hashes["leaf hash 3"], 3, 5, inclusion, hashes["root of 5"])
    assert verifier.climb(3, 4, hashes["leaf hash 3"], inclusion)[0] == hashes["root of 5"]
    assert merkle.verify_consistency(3, 5, consistency, hashes["root of 3"], hashes["root of 5"])


def test_the_release_shown_is_the_one_asked_for() -> None:
    statement = Statement.decode_known(BLOCKS["statement-payload"].encode())
    request = json.loads(BLOCKS["release-request"])
    changes = {name: request[name] for name in request.keys() & set(Statement.__struct_fields__)}
    asked = msgspec.convert(msgspec.to_builtins(statement) | changes, Statement)
    octets = BLOCKS["release"].encode()
    named = msgspec.structs.replace(asked, release=hashlib.sha256(octets).hexdigest())
    release, touches = judge(octets, named)
    assert release.addressees == tuple(request["addressees"])
    assert len(touches) == 1
    message = BLOCKS["release-request"].encode()
    kind = PayloadType.RELEASE.value.encode()
    paired = b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(message), message)
    assert hashlib.sha256(paired).hexdigest() == BLOCKS["release-challenge"]


def test_the_tiles_shown_are_read_by_another_reader() -> None:
    leaves = scene().Scene().log.leaves
    shown = BLOCKS["tiles"].split("\n")
    hashes = [line.strip() for line in shown if re.fullmatch(r" +[0-9a-f]{64}", line)]
    reader = TilesReader(
        Shown({"tile/0/000.p/5": bytes.fromhex("".join(hashes)), "tile/entries/000.p/5": bundle(leaves)})
    )
    head = ScalesCheckpoint.from_text(BLOCKS["head"])
    reader.set_size(head.size)
    assert reader.calculate_root_hash() == head.root_hash
    assert [reader.get_entry(seq) for seq in range(5)] == leaves
    names = [line for line in shown if line.startswith("tile/")]
    assert names == ["tile/entries/000.p/5", "tile/0/000.p/5"]
    for line in shown[:2]:
        head.verify(Vkey.from_string(line.split()[1]))
    assert hashlib.sha256(bundle(leaves)).hexdigest() in BLOCKS["tiles"]
    page = PAGES["tiles.md"]
    assert f"{ENVELOPE_MAX:,} bytes" in page
    assert f"{ENTRY_MAX:,} bytes" in page


@dataclass
class Shown:
    """What a page shows, as another reader asks for it."""

    found: dict[str, bytes]

    def get(self, *path: str) -> bytes | None:
        return self.found.get("/".join(path))


def test_the_empty_bundle_is_complete() -> None:
    parser = Parser()
    assert parser.feed(bytes.fromhex(BLOCKS["empty-bundle"])) == []
    assert parser.complete


@pytest.mark.parametrize(
    ("page", "kind"),
    [("statement.md", Statement), ("statement.md", Commitment), ("statement.md", HeadSeen), ("statement.md", Reference),
     ("keys.md", Act), ("session.md", Have), ("session.md", Answer), ("session.md", LineTest), ("epochs.md", Opening),
     ("release.md", Release), ("release.md", Assertion)],
)  # fmt: skip
def test_every_field_is_described(page: str, kind: type) -> None:
    for name in kind.__struct_fields__:  # type: ignore[attr-defined]  # all are structs
        assert re.search(rf"`[^`]*\b{name}\b[^`]*`", PAGES[page]), name


def test_every_cap_type_and_refused_point_is_on_its_page() -> None:
    for kind, cap in CAPS.items():
        assert re.search(rf"`{kind.value.decode()}`[^\n]*\| {cap:,} \|", PAGES["bundle.md"]), kind
    assert set(Kind) == set(CAPS)
    assert f"{ENVELOPE_MAX:,} bytes" in PAGES["envelope.md"]
    assert f"{OPENING_MAX:,} bytes" in PAGES["epochs.md"]
    for payload_type in PayloadType:
        assert f"`{payload_type.value.split('.')[-1].removesuffix('+json')}`" in PAGES["envelope.md"], (
            payload_type
        )
    for name in CONTROL_TYPES:
        assert f"`{name}`" in PAGES["statement.md"]
    prime = 2**255 - 19
    named = {"0": 0, "1": 1, "p - 1": prime - 1}
    listed = {
        named.get(cell) if cell in named else int(cell)
        for cell in re.findall(r"^\| (p - 1|\d+) \|$", PAGES["keys.md"], re.MULTILINE)
    }
    assert listed == keys.SMALL_ORDER_Y == verifier.SMALL_ORDER_Y
    assert {"seq", "previous"} <= FIELDS


def test_every_page_that_the_verifier_names_is_there() -> None:
    source = (ROOT / "verifier" / "verify.py").read_text(encoding="utf-8")
    assert set(re.findall(r"\b([a-z]+\.md)\b", source)) <= set(PAGES)
    for page, text in PAGES.items():
        for link in re.findall(r"\]\(([a-z]+\.md)\)", text):
            assert link in PAGES, (page, link)
