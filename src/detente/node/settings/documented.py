"""The whole settings file with a sentence for every name, and the settings in force as plain values."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from detente import words
from detente.node.settings.structs import (
    AlarmSettings,
    CourierSettings,
    DeskSettings,
    Duty,
    EscalationSettings,
    FolderTo,
    HttpsTo,
    LineSettings,
    MetricsSettings,
    NodeSettings,
    OidcSettings,
    ReaderSettings,
    Settings,
    SignerSettings,
    SmtpSettings,
)

__all__ = ["about", "document", "in_force"]

say = words.speaker("node")

_WIDTH = 100
_ROOMS: tuple[tuple[str, type[msgspec.Struct]], ...] = (
    ("[node]", NodeSettings),
    ("[courier]", CourierSettings),
    ("[desk]", DeskSettings),
    ("[desk.oidc]", OidcSettings),
    ("[signer]", SignerSettings),
    ("[line.baltic]", LineSettings),
    ("[[line.baltic.courier.east]]", HttpsTo),
    ("[[line.baltic.courier.east]]", FolderTo),
    ("[metrics]", MetricsSettings),
    ("[alarms]", AlarmSettings),
    ("[alarms.smtp]", SmtpSettings),
    ("[[duty]]", Duty),
    ("[escalation]", EscalationSettings),
    ("[readers]", ReaderSettings),
)
_NEEDED = {
    ("HttpsTo", "certificate"): "certificates/east.pem",
    ("HttpsTo", "address"): "east.example:8442",
    ("FolderTo", "out"): "stick/out",
    ("FolderTo", "in"): "stick/in",
    ("OidcSettings", "issuer"): "https://login.example",
    ("OidcSettings", "client_id"): "detente",
    ("SmtpSettings", "host"): "mail.example",
    ("SmtpSettings", "from"): "node@example.org",
    ("SmtpSettings", "to"): ["watch@example.org"],
    ("Duty", "name"): "Officer of the watch",
    ("Duty", "mail"): "watch@example.org",
}
"""Examples for what has no default."""


def document() -> str:
    """Return the whole file: every table, every name with its sentence and its default, all commented out."""
    rows = [f"# {line}" for line in _wrapped(_head(), _WIDTH)]
    for header, kind in _ROOMS:
        rows += ["", *(f"# {line}" for line in _wrapped(_room(kind), _WIDTH)), f"# {header}"]
        if kind is HttpsTo or kind is FolderTo:
            rows.append('# kind = "{}"'.format("https" if kind is HttpsTo else "folder"))
        for field in msgspec.structs.fields(kind):
            name = field.encode_name
            if name in {"courier", "smtp", "oidc"}:
                continue  # tables of their own
            rows += [f"#   {line}" for line in _wrapped(about(kind, name), _WIDTH - 2)]
            value = _NEEDED.get((kind.__name__, name), field.default)
            rows.append(f"# {name} = {_toml(value)}")
    return "\n".join(rows) + "\n"


def in_force(settings: Settings) -> dict[str, Any]:
    """Return the settings as plain values under the file's names; no secret is among them."""
    made: dict[str, Any] = msgspec.to_builtins(settings)
    return made


def about(kind: type[msgspec.Struct], name: str) -> str:
    """Return the sentence of one name of one structure. KeyError for a name without one."""
    return _SENTENCES[kind.__name__]()[name]


def _toml(value: Any) -> str:
    if isinstance(value, tuple | list):
        return "[" + ", ".join(_toml(one) for one in value) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else str(value)


def _wrapped(text: str, width: int) -> Iterator[str]:
    line = ""
    for word in text.split():
        if line and len(line) + 1 + len(word) > width:
            yield line
            line = word
        else:
            line = f"{line} {word}".strip()
    if line:
        yield line


def _head() -> str:
    return say(
        "Settings of a node: HOME/settings.toml. Everything here is commented out and shows its default; take the mark"
        " from what you change, and from its table. A path that is not absolute begins at the home. No secret belongs"
        " in this file: it names the files that hold one."
    )


def _room(kind: type[msgspec.Struct]) -> str:
    return {
        "NodeSettings": say("What the node writes about itself."),
        "CourierSettings": say(
            "The port where other nodes reach this one, and the limits that guard it. TLS 1.3 only; both sides show"
            " their certificates; each certificate is known beforehand."
        ),
        "DeskSettings": say("Where people of this member reach the desk."),
        "OidcSettings": say(
            "Another way to sign in, beside passkeys: the site's own (OpenID Connect). It knows only people whom a"
            " keeper named by its issuer and sub. A notice is released with a passkey all the same."
        ),
        "SignerSettings": say("The process that holds the keys."),
        "LineSettings": say("One table for each line, by its id or by its name without the digits."),
        "HttpsTo": say(
            "How bundles reach a party; several are tried in this order. The table repeats for each courier. Kind"
            " https: straight to the other node."
        ),
        "FolderTo": say(
            "Kind folder: bundles as files, for a stick, a mail gateway or a one-way diode. Where nothing ever comes"
            " back, each bundle holds everything since the last one that came from there."
        ),
        "MetricsSettings": say("Figures for Prometheus."),
        "AlarmSettings": say("Who is told of alarms."),
        "SmtpSettings": say("The mail server that takes alarms."),
        "Duty": say(
            "One table for each person on duty, in the order in which they are asked when a notice stays unanswered."
        ),
        "EscalationSettings": say(
            "After how many seconds without an answer the next person is asked, by the notice's precedence."
        ),
        "ReaderSettings": say("Who, besides the line's parties, may read the statements' log in tiles."),
    }[kind.__name__]


def _courier() -> dict[str, str]:
    return {
        "listen": say('Address and port, as "0.0.0.0:8442"; "" listens nowhere and only calls others.'),
        "certificate": say("This node's own certificate and key; detente cert new makes it."),
        "bundle_bytes_max": say(
            "About how large one bundle may be that this node sends; the rest follows in the next."
        ),
        "body_bytes_max": say("The most bytes that are taken in one bundle over HTTPS."),
        "bytes_per_s_max": say(
            "The most bytes a second that are taken from one peer, and sent to one; 0: no limit."
        ),
        "body_bytes_per_s_min": say(
            "A bundle that comes slower than this, after its first minute, is cut off; 0: never."
        ),
        "requests_per_s_max": say("The most requests a second of one peer; more of them wait."),
        "connections_max": say("The most open connections of all peers together."),
        "connections_per_peer_max": say("The most open connections of one peer."),
        "connections_per_address_max": say("The most open connections from one network address."),
        "handshakes_max": say("How many may be at their handshake at once; a new one then ends the oldest."),
        "handshake_s_max": say("Seconds that a handshake may take."),
        "header_s_max": say("Seconds that the head of a request may take."),
        "answer_s_max": say("Seconds that this node waits for the other side to go on before it tries anew."),
        "idle_s_max": say("Seconds after which an idle connection is closed."),
        "wait_s": say("Seconds that a question for news waits at the other side."),
        "batch_ms": say("Milliseconds that news wait for more of it before they are sent."),
        "retry_s_min": say(
            "Seconds before the first new try after a failure; each further one waits twice as long."
        ),
        "retry_s_max": say("The most seconds between two tries."),
    }


def _line() -> dict[str, str]:
    return {
        "test_every_s": say("How often the line is tested, in seconds."),
        "silent_after_s": say("After how many seconds without a word a party is silent."),
        "unacknowledged_after_s": say("After how many seconds without a receipt an alarm is given."),
        "quota_bytes": say("The most bytes of one party that are kept; taking stops there and can go on later."),
        "two_person_release": say('Types of notices that two officers must release, as ["notice.launch"].'),
    }


def _desk() -> dict[str, str]:
    return {
        "listen": say("Address and port of the desk."),
        "site": say(
            "The domain under which passkeys are made. Whoever changes it makes every passkey useless. localhost serves"
            " this machine alone."
        ),
        "origins": say(
            'Where the desk\'s pages are, as ["https://desk.example"]; []: the site at the port that listens,'
            " with https where there is a certificate."
        ),
        "certificate_file": say(
            "File with the desk's certificate, and those between it and who vouches for it; needed to listen anywhere"
            " but on this machine."
        ),
        "key_file": say("File with its key."),
        "map_file": say(
            'A PMTiles file with the site\'s own map, below the home or anywhere; "": the coast alone.'
        ),
        "other_side": say(
            "The frame of the other side's movers on the map, as APP-6 names it: neutral, suspect or hostile."
        ),
        "session_idle_s": say("After how many seconds without a request a person must sign in again."),
        "session_s": say("After how many seconds a person must sign in again in any case."),
    }


def _https() -> dict[str, str]:
    return {
        "address": say('Host and port of the other node; "" when only it can reach us.'),
        "certificate": say("The other node's certificate; several in one file while it changes them."),
        "every_s": say("The longest time between two exchanges, in seconds, when nothing is new."),
        "bytes_per_s_max": say("The most bytes a second that go this way; 0: as under [courier]."),
        "sealed": say("Whether bundles are sealed inside TLS as well; on a humanitarian line they always are."),
    }


def _folder() -> dict[str, str]:
    return {
        "out": say('Folder into which bundles are written; "" for none.'),
        "in": say('Folder from which bundles are taken; "" for none.'),
        "sealed": say("Whether bundles are sealed for the party alone; on a humanitarian line they always are."),
        "every_s": say(
            "When the last bundle still lies there, a newer one takes its place after this many seconds at the"
            " earliest."
        ),
        "keep_taken": say('Whether what was taken moves into "taken" beside it; else it is deleted.'),
        "settle_s": say("A file is taken when it has not changed for this many seconds."),
        "receipt_s_max": say(
            "After how many seconds without a receipt the next courier carries as well; 0: unacknowledged_after_s of"
            " the line."
        ),
    }


def _alarms() -> dict[str, str]:
    return {
        "terminal": say("Whether alarms are written to the terminal or the journal."),
        "webhook": say('Link to which alarms are posted as JSON; "" for none.'),
        "webhook_secret_file": say(
            'File with the secret under which posted alarms are signed (HMAC-SHA256); "": they are not signed.'
        ),
        "webhook_authorities_file": say(
            'File with the certificates of whoever vouches for receivers of posts; "": the system\'s.'
        ),
        "least": say(
            'The least grave that is sent: "emergency", "alarm", "warning" or "caution"; the rest stays in the log.'
        ),
        "again_s": say(
            "After how many seconds an alarm that nobody acknowledged is told again; each time twice as long, a day"
            " at most."
        ),
        "with_text": say(
            "Whether alarms about a notice show its subject and text to whoever gets them. Mail and posts leave"
            " this machine."
        ),
    }


def _smtp() -> dict[str, str]:
    return {
        "host": say("Name of the mail server."),
        "port": say("Its port."),
        "from": say("Who the mail is from."),
        "to": say("Who gets every alarm."),
        "starttls": say("Whether the connection must become TLS before anything is said."),
        "tls": say(
            "Whether the connection is TLS from its first byte, as usual on port 465; starttls is ignored then."
        ),
        "authorities_file": say(
            'File with the certificates of whoever vouches for the mail server; "": the system\'s.'
        ),
        "user": say('User name; "" for none.'),
        "password_file": say("File with the password."),
    }


def _duty() -> dict[str, str]:
    return {
        "name": say("The person or the watch."),
        "mail": say("Where mail reaches them."),
        "webhook": say("Link to which the question is posted."),
        "from_hour": say("From which hour they are on duty, UTC."),
        "to_hour": say("Until which hour, UTC; smaller than from_hour passes midnight."),
    }


_SENTENCES: dict[str, Callable[[], dict[str, str]]] = {
    "NodeSettings": lambda: {
        "log_level": say('How much is written: "debug", "info", "warning" or "error".'),
        "log_format": say(
            '"text" for people, "json" for machines, "auto": text on a terminal, else json. Neither holds'
            " secrets or the content of notices."
        ),
    },
    "CourierSettings": _courier,
    "DeskSettings": _desk,
    "OidcSettings": lambda: {
        "issuer": say("Who vouches for people, as its tokens name it."),
        "client_id": say("Under which name this desk is known there."),
        "client_secret_file": say('File with the secret of this desk there; "": it has none.'),
    },
    "SignerSettings": lambda: {
        "passphrase_file": say(
            'File with the passphrase of the keys; "": the signer waits until detente unlock gives it.'
        )
    },
    "LineSettings": _line,
    "HttpsTo": _https,
    "FolderTo": _folder,
    "MetricsSettings": lambda: {"listen": say('Address and port; "" for none.')},
    "AlarmSettings": _alarms,
    "SmtpSettings": _smtp,
    "Duty": _duty,
    "EscalationSettings": lambda: {
        "flash_s": say("Precedence flash."),
        "immediate_s": say("Precedence immediate."),
        "priority_s": say("Precedence priority."),
        "routine_s": say("Precedence routine."),
    },
    "ReaderSettings": lambda: {
        "auditors": say(
            "Certificate files of auditors, who read the statements of every line here in tiles, never their bodies."
        )
    },
}
