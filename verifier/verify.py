"""Judge what a line of détente leaves behind: an evidence file, an exported record, a proof of a fork.

    python verifier/verify.py FILE --card west.card --card east.card [newer card or key event files ...]

Written from spec/line; needs Python 3.11 and `cryptography`, nothing of détente. Trust begins at the cards given here,
never in FILE. Exit: 0 what FILE claims holds, as printed; 1 refused; 2 bad input: not such a file, cut short, a card is
missing. This proves which key signed what, not who held the key nor that it is true.
"""

# fmt: off
import base64, hashlib, json, re, sys, time  # noqa: E401, I001 - the whole program is to be read on a few pages
from functools import reduce
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

EXPORT, P = b"detente-export/1\n", 2**255 - 19
SMALL_ORDER_Y = {0, 1, P - 1, 2707385501144840649318225287225658788936804267575313519463743609750303402022,
                 55188659117513257062467267217118295137698188065244968500265048394206261417927}  # table of keys.md
spell = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode
NOTE = re.compile(r"((detente/([a-z][a-z0-9-]{0,62})/([1-9]\d{0,8})/([a-z][a-z0-9-]{0,30})/(0|[1-9]\d{0,8}))\n"
                  r"(0|[1-9]\d{0,15})\n(\S{44})\n)\n((?:— [!-~]{1,240} \S{1,122}\n)+)", re.ASCII)
class VerdictError(Exception):
    """Why FILE is not true: the exit code (1 refused, 2 bad input) and the reason."""
def need(holds, reason, code=1):
    if not holds:
        raise VerdictError(code, reason)
def read(octets):
    """Return the document that these bytes spell in the one allowed way (canonical.md)."""
    document = json.loads(octets.decode(), parse_float=bytes.fromhex, parse_constant=bytes.fromhex)  # both refuse
    need(spell(document).encode() == octets and repr(document.get("format", 1)) == "1", "another spelling or format")
    return document
def raw(text):
    octets = base64.b64decode(text, validate=True)
    need(base64.b64encode(octets).decode() == text, "another spelling of base64")
    return octets
def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()
def clock(s):
    return time.strftime("%Y-%m-%d %H:%M:%SZ", time.gmtime(min(s, 2**43)))

def verify(public, signature, message, what):
    """Refuse unless the Ed25519 signature holds, and neither the key nor R is a refused point (keys.md)."""
    for point in (public, signature[:32]):
        y = int.from_bytes(point, "little") & (2**255 - 1)
        need(len(point) == 32 and y < P and y not in SMALL_ORDER_Y, f"{what}: a refused point")
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except InvalidSignature:
        raise VerdictError(1, f"{what}: the signature does not hold") from None

def unpack(octets, kind, signers):
    """Return payload and document of a signed envelope (envelope.md); signers: document -> its keys, how many sign."""
    outer = read(octets)
    name, payload, ids = outer["payloadType"], raw(outer["payload"]), [one["keyid"] for one in outer["signatures"]]
    need(name == f"application/vnd.detente.{kind}+json", f"{kind}: another type")
    publics, needed = signers(document := read(payload))
    by_id = {sha256(b"ed25519\n", key).hex(): key for key in map(bytes.fromhex, publics)}
    need(ids == sorted({*ids} & {*by_id}) and len(ids) == needed, f"{kind}: not signed by the right keys, once each")
    for one in outer["signatures"]:
        message = f"DSSEv1 {len(name)} {name} {len(payload)} ".encode() + payload
        verify(by_id[one["keyid"]], raw(one["sig"]), message, kind)
    return payload, document

def climb(first, last, start, path):
    """Follow a Merkle path (RFC 9162, 2.1.3.2 and 2.1.4.2): returns the root of all, and of what lies to the left."""
    newer = older = start
    for step in path:
        need(last > 0 and len(step) == 32, "a Merkle path of another length")
        if first & 1 or first == last:
            newer, older = sha256(b"\1", step, newer), sha256(b"\1", step, older)
            while first and not first & 1:
                first, last = first >> 1, last >> 1
        else:
            newer = sha256(b"\1", newer, step)
        first, last = first >> 1, last >> 1
    need(last == 0, "a Merkle path of another length")
    return newer, older

def grow(edge, size, leaf):
    """Add a leaf's hash to the right edge of a tree of this size; returns the new root (log.md)."""
    edge.append(leaf)
    while size & 1:
        edge[-2:], size = [sha256(b"\1", *edge[-2:])], size >> 1
    return reduce(lambda right, left: sha256(b"\1", left, right), edge[::-1])

class Member:
    """A member's chain of root acts and what follows from it (keys.md)."""
    def __init__(self, name):
        self.name, self.roots, self.hashes, self.keys, self.started, self.closed = name, [], [], [], [], {}

    def take(self, octets):
        """Add the next act; one that is held already changes nothing, another one in its place is refused."""
        if sha256(raw(read(octets)["payload"])).hex() in self.hashes:
            return
        root = lambda act: (self.roots[act["index"] - 1 : act["index"]] or [act["root"]])[0]  # noqa: E731 - before it
        payload, act = unpack(octets, "root-act", lambda act: (root(act)["keys"], root(act)["needed"]))
        index, kind, identity = act["index"], act["act"], sha256(payload).hex()
        follows = index == len(self.hashes) and [act["previous"]] == (self.hashes[-1:] or [None])
        need(follows and (kind == "card") == (index == 0), f"{self.name}: root act {index}, not the one given or the next")
        if kind in {"card", "generation"}:
            self.keys.append(act["keys"])
            self.started.append((identity, act["reason"], index))
        for head in act["heads"] if kind in {"generation", "leave"} else []:
            log = (head["line"], head["epoch"], self.name, head["generation"])
            need(log not in self.closed, "root act: it closes a log again")
            reason = act["reason"] if kind == "generation" else "leave"
            self.closed[log] = (head["size"], bytes.fromhex(head["root"]), reason, index)
        self.roots.append(act["root"] or self.roots[-1])
        self.hashes.append(identity)

class Judge:
    """The cards given, what FILE showed so far, and what is to be told at the end."""
    def __init__(self, cards):
        self.members, self.openings, self.promised, self.releases, self.told = {}, {}, {}, set(), []
        acts = [(json.loads(raw(json.loads(card)["payload"])), card) for card in cards]
        for act, card in sorted(acts, key=lambda pair: pair[0]["index"]):
            self.members.setdefault(act["member"], Member(act["member"])).take(card)

    def sign_keys(self, name):
        need(name in self.members, f"give the card of {name} as well", 2)
        return {generation: keys["sign"] for generation, keys in enumerate(self.members[name].keys) if keys}
    def act(self, octets):
        member = self.members.get(json.loads(raw(json.loads(octets)["payload"]))["member"])
        return member and member.take(octets)  # nothing is believed of a party whose card was not given
    def file(self, octets):
        """Return the document of an evidence file or a fork proof, after its root acts and openings."""
        file = read(octets)
        for act in file["acts"]:
            self.act(raw(act))
        for one in file.get("openings", []):
            self.opening(raw(one))
        return file

    def opening(self, octets):
        """Take an opening: a line's first follows from the line id, a later one from the one before (epochs.md)."""
        one = read(octets)
        before = self.openings.get(one["previous"], {"line": one["line"], "epoch": 0})
        need((before["line"], before["epoch"] + 1) == (one["line"], one["epoch"]), "opening: no predecessor")
        prefix = "training-" * one["training"] + one["name"]
        line = f"{prefix}-{sha256(spell(one | {'line': prefix}).encode()).hex()[:20]}"
        need(one["epoch"] > 1 or (one["previous"] is None and one["line"] == line), "opening: a foreign line id")
        self.openings[sha256(octets).hex()] = one

    def statement(self, leaf):
        """Return a statement signed by its author's key, and its log: line, epoch, author, generation."""
        _, one = unpack(leaf, "statement", lambda one: ([self.sign_keys(one["author"])[one["generation"]]], 1))
        need(one["key"] == json.loads(leaf)["signatures"][0]["keyid"], "statement: another key than the one it names")
        self.releases.add(one["release"])
        self.promised |= {promise["hash"]: promise["size"] for promise in [one["body"], *one["attachments"]]}
        return one, (one["line"], one["epoch"], one["author"], one["generation"])
    def body(self, octets):
        need(self.promised.get(sha256(octets).hex()) == len(octets) - 32, "a content that no statement here promises")
    def release(self, octets):
        need(sha256(octets).hex() in self.releases, "a release that no statement here names")
        note = ["with an officers' release beside it, of which nothing is judged here: see officers.py"]
        self.told = note * (self.told[:1] != note) + self.told
    def founding(self, first, log):
        """Return the opening that a log's first statement names: so who it is shared with (epochs.md)."""
        started = bytes.fromhex(self.members[log[2]].started[log[3]][0])
        for name, one in self.openings.items():
            for seat in one["seats"]:
                base = name if seat["generation"] == log[3] else sha256(bytes.fromhex(name), started).hex()
                seated = (one["line"], one["epoch"], seat["member"], seat["role"], seat["card"], base)
                if seated == (*log[:3], "member", self.members[log[2]].hashes[0], first["previous"]):
                    return f"opening {name[:16]}: " + ", ".join(seat["member"] for seat in one["seats"])
        raise VerdictError(1, "no opening here founds this log")

    def head(self, octets, *, written=True):
        """Return a head's log, size, root, and its cosignatures: size, clock in seconds, member, role (heads.md)."""
        text, origin, line, epoch, author, generation, size, root, below = NOTE.fullmatch(octets.decode()).groups()
        (writer, signature), *others = [(row.split(" ")[1], raw(row.split(" ")[2])) for row in below.splitlines()]
        need(writer == origin, "head: not signed by its writer")
        text, found = text.encode(), []
        if written:
            key = bytes.fromhex(self.sign_keys(author)[int(generation)])
            verify(key, signature[4:] if signature[:4] == sha256(origin.encode(), b"\n\1", key)[:4] else b"", text, origin)
        for name, signed in others:
            who, role = name.split("/")[-2:]
            known = who in self.members or not self.openings or f'"member":"{who}"' in spell(self.openings)
            need(known and name == f"detente/{line}/{epoch}/{who}/{role}" and role in {"log", "held"}, f"head: {name}?")
            if who in self.members:  # of anybody else nothing can be told: no card was given
                publics = [bytes.fromhex(keys[f"cosign_{role}"]) for keys in self.members[who].keys if keys]
                by_hint, clock_s = {sha256(name.encode(), b"\n\4", key)[:4]: key for key in publics}, signed[4:12]
                message = b"cosignature/v1\ntime %d\n%s" % (int.from_bytes(clock_s, "big"), text)
                verify(by_hint[signed[:4]], signed[12:], message, name)
                found.append((int(size), int.from_bytes(clock_s, "big"), who, role))
        return (line, int(epoch), author, int(generation)), int(size), raw(root), found

    def fork(self, octets):
        """Judge a fork proof: two things that one member's keys signed and that cannot both be true (forks.md)."""
        proof = self.file(octets)
        (one, other), kind = map(raw, proof["evidence"]), proof["kind"]
        if kind in {"statements", "previous"}:
            (before, log), (after, same) = self.statement(one), self.statement(other)
            step, denied = after["seq"] - before["seq"], after["previous"] != sha256(b"\0", one).hex()
            author, both = log[2], (one != other and step == 0) if kind == "statements" else (denied and step == 1)
        elif kind in {"heads", "prefix"}:
            (log, size, root, _), (same, later, newer, _) = self.head(one), self.head(other)
            author, both = log[2], kind == "heads" and size == later and root != newer
            if kind == "prefix" and 0 < size < later:
                (start, *path), zeros = map(raw, proof["path"]), (size & -size).bit_length() - 1
                whole, begins = climb((size - 1) >> zeros, (later - 1) >> zeros, start, path)
                both = whole == newer and begins != root
        else:
            _, answer = unpack(one, "challenge-answer", lambda answer: (self.sign_keys(answer["author"]).values(), 1))
            author, (log, size, _, cosigned) = answer["author"], self.head(other, written=False)
            same = (answer["line"], log[1], answer["about"], log[3])
            said = [own["size"] for own in answer["heads"] if (own["epoch"], own["generation"]) == (log[1], log[3])]
            before = any(who == author and clock_s * 1000 < answer["clock_ms"] for _, clock_s, who, _ in cosigned)
            both = before and max(said, default=0) < size
        need(both and log == same, "fork: two things that can both be true")
        self.told.append(f"fork proof ({kind}): keys of {author}, card {self.members[author].hashes[0]}, signed both")

    def evidence(self, octets):
        """Judge one entry with its heads, paths and cosignatures (evidence.md)."""
        file = self.file(octets)
        first, roots, held = file["first"] or {"entry": file["entry"], "path": file["proofs"][0]["path"]}, {}, []
        founding, same = self.statement(raw(first["entry"]))
        self.promised, self.releases = {}, set()  # what the first statement names is nothing of this entry
        entry, log = self.statement(raw(file["entry"]))
        need(log == same and founding["seq"] == 0 and (file["first"] is None) == (entry["seq"] == 0), "evidence: first")
        paths = [(entry["seq"], file["entry"], proof["path"], proof["checkpoint"]) for proof in file["proofs"]]
        for seq, leaf, path, checkpoint in [(0, first["entry"], first["path"], paths[0][3]), *paths]:
            place, size, roots[size], held[len(held):] = self.head(checkpoint.encode())
            led, _ = climb(seq, size - 1, sha256(b"\0", raw(leaf)), map(raw, path))
            need(place == log and 0 <= seq < size and led == roots[size], "evidence: a head without the entry")
        self.told.append(f"{log[2]} signed entry {entry['seq']}: {json.dumps(entry)}")
        for salt, content in [(raw(one["salt"]), raw(one["content"])) for one in file["bodies"]]:
            need(len(salt) == 32 and not self.body(salt + content), "evidence: a salt of another length")
            self.told.append(f"and this content with it: {content[:4000]!r}")
        if file["release"] is not None:
            self.release(raw(file["release"]))
        self.tell(log, self.founding(founding, log), entry["seq"] + 1, roots, held)

    def export(self, stream):
        """Judge a whole record (bundle.md)."""
        digest, logs, kind = hashlib.sha256(EXPORT), {}, b""
        while kind != b"Z":
            start = stream.read(5)
            content, kind = stream.read(int.from_bytes(start[1:], "big")), start[:1]
            need(start[1:] == len(content).to_bytes(4, "big"), "export: cut short", 2)
            digest.update(b"" if kind == b"Z" else start + content)
            if kind == b"E":
                one, place = self.statement(content)
                if place not in logs:
                    base, who = one["previous"], self.founding(one, place)
                    logs[place] = {"edge": [], "roots": [sha256()], "held": [], "last": base, "who": who}
                log, size, leaf = logs[place], len(logs[place]["roots"]) - 1, sha256(b"\0", content)
                need((one["seq"], one["previous"]) == (size, log["last"]), "export: a statement out of its place")
                log["roots"].append(grow(log["edge"], size, leaf))
                log["last"] = leaf.hex()
            elif kind == b"C":
                place, size, root, held = self.head(content)
                need(place in logs and [root] == logs[place]["roots"][size : size + 1], "export: a head of another log")
                logs[place]["held"] += held
            elif kind in (judges := {b"R": self.act, b"O": self.opening, b"B": self.body, b"F": self.fork,
                                     b"L": self.release}):
                judges[kind](content)
        need(content == digest.digest() and not stream.read(1), "export: the closing hash does not hold", 2)
        for place, log in logs.items():
            self.tell(place, log["who"], len(log["roots"]) - 1, dict(enumerate(log["roots"])), log["held"])

    def tell(self, log, who, count, roots, held):
        """Tell what is known of a log of so many entries: who holds it, and where its author's root keys ended it."""
        member, newest = self.members[log[2]], max(roots)
        self.told.append(f"log {log}, entries 0 to {count - 1}, {who}")
        ended = [(0, None, *started[1:]) for started in member.started[log[3] + 1 :][:1]]
        for size, root, reason, index in [member.closed[log]] if log in member.closed else ended:
            since = size if roots.get(size, root) == root else 0
            words = "disputed by their author" if reason in {"theft", "fork"} else "after close"
            unsure = "" if size in roots else "; whether those before are the ones it closed is not shown"
            self.told.append(f"entries from index {since} on are {words} ({reason}, key event {index}){unsure}")
        for name, role in sorted({one[2:] for one in held}):
            size, clock_s, *_ = max(one for one in held if one[2:] == (name, role))
            self.told.append(f"{name} ({role}) held entries 0 to {size - 1} at {clock(clock_s)} by its own clock")
        time_s, owner = max([(one[1], one[2]) for one in held], default=(0, "nobody: uncorroborated"))
        self.told.append(f"as of key event {len(member.hashes) - 1} of {log[2]}, head {newest} {roots[newest].hex()}, "
                         f"time {clock(time_s) if held else 'unknown'} by the clock of {owner}")

def main(arguments, make=Judge):
    paths, judge, code = [Path(one) for one in arguments if one != "--card"], None, 0
    try:
        need(len(paths) > 1, __doc__)
        with paths[0].open("rb") as stream:
            octets = stream.read(len(EXPORT))
            octets += b"" if octets == EXPORT else stream.read()
            kind = "export" if octets == EXPORT else json.loads(octets)["kind"]
            judge = make([card for path in paths[1:] for card in path.read_bytes().splitlines()])
            {"export": lambda _: judge.export(stream), "evidence": judge.evidence}.get(kind, judge.fork)(octets)
    except VerdictError as verdict:
        code, reason = verdict.args
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError, OSError) as fault:
        code, reason = 1, f"unreadable, or another shape than spec/line describes ({fault!r})"
    print(f"{'refused' if code == 1 and judge else 'bad input'}: {reason}" if code else "\n".join(["true", *judge.told]))
    return code if judge else 2

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
