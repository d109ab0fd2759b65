"""What names and states of the line mean, in words for a person: alarms, reasons of a halt, states, root acts."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from detente import words
from detente.line.rootact import Act

__all__ = [
    "act_sentence",
    "alarm_sentence",
    "direction_word",
    "flag_sentence",
    "priority_word",
    "run_sentence",
    "state_word",
]

say = words.speaker("node")

_ALARMS: dict[str, Callable[[], str]] = {
    "alarm-channel": lambda: say("alarms do not get through by {channel}: {reason}"),
    "alarms-not-kept": lambda: say(
        "alarms cannot be kept on the disk; they are told, and told anew after a restart"
    ),
    "answer-overdue": lambda: say("{member} owes an answer that is overdue: {entry}"),
    "body-missing": lambda: say("a body of {member} is missing"),
    "clock-stepped-back": lambda: say("the clock of {member} stepped back"),
    "clock-ahead": lambda: say("the clock of {member} is ahead of this node's"),
    "clock-differs": lambda: say("the clocks of {member} and of this node differ"),
    "closing-does-not-fit": lambda: say("{member} closed its log at a head that does not fit what is held here"),
    "degraded": lambda: say("the line to {member} is degraded"),
    "fork": lambda: say("the key of {member} signed two things that cannot both be true ({kind})"),
    "fork-offered": lambda: say(
        "what is offered as the log of {member} contradicts what this node cosigned before"
    ),
    "halted": lambda: say("this node is halted: {reason}"),
    "head-does-not-fit": lambda: say("a signed head of {member} does not fit its statements"),
    "held-out": lambda: say("a new epoch leaves this member out"),
    "keys-changed": lambda: say("{member} changed its keys ({reason})"),
    "lines-go-on": lambda: say("the lines go on"),
    "lines-held": lambda: say(
        "the lines wait for a signer, a disk or a server that does not answer; they go on by themselves when it does"
    ),
    "passkey-copied": lambda: say(
        "the passkey of {person} may be in two hands: let two officers re-enrol this person"
    ),
    "people-failed": lambda: say(
        "nobody can sign in at the desk: its people or its trail cannot be read ({reason})"
    ),
    "keys-missing": lambda: say(
        "the private keys of this member's newest generation are not in this home: begin a new generation"
    ),
    "line-again": lambda: say("a line that had stopped runs again"),
    "line-stopped": lambda: say("a line stopped and is being started anew: {reason}"),
    "not-done": lambda: say("what was asked could not be done: {reason}"),
    "older-have-vector": lambda: say("a bundle of {member} is older than one that came before"),
    "opening-proposed": lambda: say("a new epoch {detail_epoch} is proposed: {fingerprint}"),
    "own-cosignature-from-outside": lambda: say(
        "somebody shows a confirmation under our key that this node never gave"
    ),
    "own-root-act-from-outside": lambda: say(
        "somebody else's hand brought a root act of this member: look for a thief"
    ),
    "quota": lambda: say("{member} filled its share of this disk; take again with a larger --quota-bytes"),
    "refilling": lambda: say("this node is behind its head file and refills itself from the others"),
    "resumed": lambda: say("{member} resumed the line"),
    "say-again": lambda: say("statements of our own stand above the closed head: a person must say them again"),
    "sealing-keys-old": lambda: say(
        "old keys for sealed bundles must be destroyed ({count}), and that needs the passphrase: detente unlock HOME"
    ),
    "signer-gone": lambda: say("the signer does not answer; nothing can be signed"),
    "signer-locked": lambda: say("the signer waits for its passphrase: detente unlock"),
    "silent": lambda: say("{member} is silent"),
    "suspended": lambda: say("{member} suspended the line"),
    "test-missed": lambda: say("{member} missed a test of the line"),
    "unanswered-many": lambda: say("at least {count} more notices wait for an answer or a reader"),
    "unread": lambda: say("a notice of {member} waits unread, precedence {precedence}: {ref}"),
    "unacknowledged": lambda: say("{member} has not confirmed what it was sent for too long"),
}

_REASONS: dict[str, Callable[[], str]] = {
    "behind-the-head-file": lambda: say(
        "behind its head file; the others give back what is missing: pack and take"
    ),
    "confirmed-by-a-keeper": lambda: say(
        "a keeper confirmed it; first the others tell what it signed before: pack and take"
    ),
    "database-and-head-file-disagree": lambda: say("its record and its head file do not agree"),
    "machine-changed": lambda: say("it runs on another machine than before; a keeper must confirm"),
    "no-head-file": lambda: say("its head file is missing; a keeper must confirm"),
    "root-acts-missing": lambda: say(
        "its head file counts root acts that this home lacks; the others or its keepers bring them: pack and take"
    ),
    "own-root-act-from-outside": lambda: say(
        "somebody else's hand brought a root act of this member: look for a thief"
    ),
    "possible-key-theft": lambda: say("somebody shows its own signatures beyond its record: possible key theft"),
    "signer-refused": lambda: say("its signer refused to sign"),
    # of root acts
    "rotation": lambda: say("rotation"),
    "loss": lambda: say("loss"),
    "theft": lambda: say("theft"),
    "fork": lambda: say("fork"),
    "routine": lambda: say("routine"),
}

_STATES: dict[str, Callable[[], str]] = {
    "held": lambda: say("held"),
    "delivered": lambda: say("delivered"),
    "read": lambda: say("read"),
    "answered": lambda: say("answered"),
}

_DIRECTIONS: dict[str, Callable[[], str]] = {
    "open": lambda: say("open"),
    "degraded": lambda: say("degraded"),
    "silent": lambda: say("silent"),
    "suspended": lambda: say("suspended"),
    "resumed": lambda: say("resumed"),
}

_RUNS: dict[str, Callable[[], str]] = {
    "running": lambda: say("running"),
    "refilling": lambda: say("refilling"),
    "halted": lambda: say("halted"),
    "not started": lambda: say("not started yet"),
}

_FLAGS: dict[str, Callable[[], str]] = {
    "clock ahead": lambda: say("its author's clock is ahead of this node's"),
    "old or clock behind": lambda: say("more than 30 days before it came here, by its author's clock"),
    "clock stepped back": lambda: say("its author's clock stepped back"),
}

_ACTS: dict[str, Callable[[], str]] = {
    "card": lambda: say("the card of {member}: its identity and first keys"),
    "anchor": lambda: say("{member} states the heads of its own logs (anchor)"),
    "generation": lambda: say("{member} closes its logs at the heads below and starts a new generation of keys"),
    "roots": lambda: say("{member} replaces its root keys"),
    "seal": lambda: say("{member} takes a new key for sealed bundles"),
    "leave": lambda: say("{member} leaves the lines below for good"),
}


def alarm_sentence(name: str, member: str, detail: Mapping[str, str]) -> str:
    """Return an alarm in words; one that this version does not know by its name."""
    sentence = _ALARMS.get(name)
    if sentence is None:
        return f"{name} {member}".strip()
    shown = dict(detail)
    if "reason" in shown:
        shown["reason"] = reason_sentence(shown["reason"])
    try:
        return sentence().format(member=member, **shown)
    except KeyError:  # an older version wrote less detail
        return f"{name} {member}".strip()


def reason_sentence(reason: str) -> str:
    """Return why a node is halted or refills, or why a root act was made, in words."""
    return _REASONS[reason]() if reason in _REASONS else reason


def run_sentence(run: str, reason: str) -> str:
    """Return what a node may do, and why not more."""
    word = _RUNS[run]() if run in _RUNS else run
    return f"{word}: {reason_sentence(reason)}" if reason else word


def state_word(state: str) -> str:
    """Return one of the four words of delivery."""
    return _STATES[state]()


def direction_word(state: str) -> str:
    """Return the state of the line towards a party."""
    return _DIRECTIONS[state]() if state in _DIRECTIONS else state


def priority_word(priority: str) -> str:
    """Return an alarm's priority in words, as on a ship's bridge."""
    return {
        "emergency": say("EMERGENCY"),
        "alarm": say("ALARM"),
        "warning": say("WARNING"),
        "caution": say("CAUTION"),
    }[priority]


def flag_sentence(flag: str) -> str:
    """Return a remark about an entry's clock."""
    return _FLAGS[flag]() if flag in _FLAGS else flag


def act_sentence(act: Act) -> str:
    """Return what a root act does, in words."""
    return _ACTS[act.act]().format(member=act.member)
