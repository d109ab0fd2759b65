"""Judge FILE as verify.py does, and whether the officers given here released what it shows.

    python verifier/officers.py FILE --officers west.officers [--officers ...] --card west.card --card east.card

Written from spec/line/release.md; needs verify.py beside it, Python 3.11 and `cryptography`, nothing of détente. An
officers' file comes from its member's keepers, as the cards do, never from FILE, and holds for the time in which those
officers were in office. Exit: as verify.py; evidence of an entry is refused as well when its author's officers are given
and did not release it. Of a whole record is told what they released and what they did not. Whether a touch was used
before, or by a copied authenticator, shows only in the author's own head file.
"""

# fmt: off
import base64, json, re, sys  # noqa: E401, I001 - as in verify.py
from itertools import pairwise
from pathlib import Path

import verify
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from verify import need, raw, read, sha256, spell

UNRELEASED = {"line.body-lost", "line.body-missing", "line.consent", "line.daily", "line.miss", "line.revocation-seen",
              "line.state", "node.trail"}  # a node says them by itself
MEANT = ("answer_by_ms", "attachments", "author", "body", "critical", "in_reply_to", "line", "submission", "type")
NAME = re.compile(r"[a-z][a-z0-9-]{0,30}", re.ASCII)
SHAPE_FAULTS = (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError)

def once(pairs):
    need(len(dict(pairs)) == len(pairs), "release: client data with one key twice")
    return dict(pairs)

def challenge(one, addressees):
    """Return the 32 bytes that an authenticator signs for a statement, in base64url (release.md)."""
    request = {name: one[name] for name in MEANT} | {"addressees": addressees, "format": 1, "kind": "request"}
    name, payload = "application/vnd.detente.release+json", spell(request).encode()
    asked = sha256(f"DSSEv1 {len(name)} {name} {len(payload)} ".encode(), payload)
    return base64.urlsafe_b64encode(asked).rstrip(b"=").decode()

def touched(touch, asked, officers):
    """Refuse a touch that is not for this statement, not at the officers' site, or does not hold."""
    need({*touch} == {"algorithm", "authenticator_data", "client_data", "key", "signature"}, "release: another shape")
    texts = [touch["authenticator_data"], touch["client_data"], touch["signature"]]
    need(all(4 <= len(text) <= 12000 for text in texts), "release: another shape")
    data, client, signature = map(raw, texts)
    said = json.loads(client.decode(), object_pairs_hook=once, parse_float=bytes.fromhex, parse_constant=bytes.fromhex)
    alone = said.get("crossOrigin", False) is False and said["type"] == "webauthn.get"
    need(alone and said["challenge"] == asked, "release: a touch for something else")
    need(said["origin"] in officers["origins"] and data[:32] == sha256(officers["site"].encode()),
         "release: a touch at another site")
    need(len(data) >= 37 and (len(data) > 37) == bool(data[32] & 0x80) and not data[32] & 0x40
         and data[32] & 0x18 != 0x10, "release: flags and length that do not agree")
    need(data[32] & 0x05 == 0x05, "release: a touch at which nobody was seen or recognised")
    public, message = bytes.fromhex(touch["key"]), data + sha256(client)
    if touch["algorithm"] == "ed25519":
        return verify.verify(public, signature, message, "release")
    need(touch["algorithm"] == "es256" and len(public) == 65, "release: another algorithm than the key's")
    try:
        key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), public)
        return key.verify(signature, message, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        raise verify.VerdictError(1, "release: a signature does not hold") from None

def released(one, octets, officers):
    """Return the names of the officers who released a statement; refuses what its author's signer would."""
    if one["release"] is None and octets is None and one["type"] in UNRELEASED:
        return []
    need(octets is not None, "no release of its officers is here")
    need(len(octets) <= 262144 and sha256(octets).hex() == one["release"], "another release than the statement names")
    release, names = read(octets), {each["key"]: each["name"] for each in officers["officers"]}
    need({*release} == {"addressees", "assertions", "format", "kind"} and release["kind"] == "release", "release: kind")
    listed, keys = release["addressees"], [touch["key"] for touch in release["assertions"]]
    need(len(listed) <= 64 and all(map(NAME.fullmatch, listed)), "release: addressees that are no names")
    need(listed == sorted({*listed}) and keys == sorted({*keys}), "release: doubled or out of order")
    need({*keys} <= {*names}, "release: a key that is no officer's")
    for touch in release["assertions"]:
        touched(touch, challenge(one, listed), officers)
    need(officers["needed_for"].get(one["type"], officers["needed"]) <= len(keys) <= 10, "release: by too few officers")
    return [names[key] for key in keys]

def listed_officers(octets):
    """Return the member and the document of an officers' file, in any spelling."""
    one = json.loads(octets.decode(), object_pairs_hook=once, parse_float=bytes.fromhex, parse_constant=bytes.fromhex)
    need(one["kind"] == "officers" and repr(one["format"]) == "1", "another file than officers'", 2)
    need(one["officers"] and one["needed"] > 0, "officers' file: nobody is needed", 2)
    return one["member"], {"needed_for": {}, **one}

class Judge(verify.Judge):
    """Judges as verify.py, and keeps every statement and release for the end."""
    def __init__(self, cards, officers):
        super().__init__(cards)
        self.officers, self.said, self.shown = officers, [], {}

    def statement(self, leaf):
        one, log = super().statement(leaf)
        if one["author"] in self.officers:
            self.said.append(one)
        return one, log
    def release(self, octets):
        need(sha256(octets).hex() in self.releases, "a release that no statement here names")
        self.shown[sha256(octets).hex()] = octets

    def evidence(self, octets):
        """Judge one entry: what people say is refused without its officers, when they were given."""
        super().evidence(octets)
        entry = read(raw(read(raw(read(octets)["entry"]))["payload"]))
        if entry["author"] not in self.officers:
            self.told.append(f"who released it is not judged: no --officers of {entry['author']} was given")
            return
        names = released(entry, self.shown.get(entry["release"]), self.officers[entry["author"]])
        self.told.append("released by " + ", ".join(names) if names else "said by the node itself: nobody releases it")

    def export(self, stream):
        """Judge a whole record, and tell which of the statements their author's officers released."""
        super().export(stream)
        for member, officers in self.officers.items():
            good, bad = 0, []
            for one in self.said:
                if one["author"] == member and (one["type"] not in UNRELEASED or one["release"] is not None):
                    try:
                        released(one, self.shown.get(one["release"]), officers)
                        good += 1
                    except (verify.VerdictError, *SHAPE_FAULTS) as fault:
                        place = f"epoch {one['epoch']}, generation {one['generation']}, entry {one['seq']}"
                        bad.append(f"{place}: {fault.args[-1] if isinstance(fault, verify.VerdictError) else 'shape'}")
            self.told += [f"officers of {member} released {good} statements, and did not release {len(bad)}", *bad[:100]]

def main(arguments):
    named = [after for flag, after in pairwise(arguments) if flag == "--officers"]
    rest = [one for before, one in pairwise(["", *arguments]) if "--officers" not in (before, one)]
    return verify.main(rest, lambda cards: Judge(cards, dict(listed_officers(Path(one).read_bytes()) for one in named)))

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
