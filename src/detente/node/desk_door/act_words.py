"""An act of the trail in words: what was done, in the language of this context; who did it stands beside it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from detente import words
from detente.door.terminal import visible

__all__ = ["act_sentence"]

say = words.speaker("node")

Detail = Mapping[str, str]


def act_sentence(act: str, detail: Detail) -> str:
    """Return what was done. An act that this version does not know is told by its name."""
    shown = _Shown((name, visible(value)) for name, value in detail.items())
    found = _SENTENCES.get(act)
    return visible(act).replace("-", " ") if found is None else found(shown)


class _Shown(dict[str, str]):
    """Details in which what an older version did not note is a dash."""

    def __missing__(self, name: str) -> str:
        return "-"


def _signed_in(detail: Detail) -> str:
    match detail["how"]:
        case "passkey":
            return say("signed in with a passkey")
        case "link":
            return say("signed in with a new passkey")
        case "oidc":
            return say("signed in by the site's own sign-in")
        case _:
            return say("signed in")


def _refused(detail: Detail) -> str:
    match detail["reason"]:
        case "challenge":
            return say("was refused sign-in: the challenge was not good, or used up")
        case "copy":
            return say("was refused sign-in: a passkey that may have been copied")
        case "link":
            return say("was refused sign-in: a link that is not good")
        case "oidc":
            return say("was refused sign-in: the site's own sign-in did not hold")
        case "outsider":
            return say("was refused sign-in: nobody whom a keeper named")
        case "server":
            return say("could not sign in: the site's own sign-in failed ({fault})", fault=detail["fault"])
        case "passkey":
            return say("was refused sign-in: a passkey that is not known, or a wrong touch")
        case _:
            return say("was refused sign-in")


def _draft(act: str) -> Callable[[Detail], str]:
    def told(detail: Detail) -> str:
        values = {"type": detail["type"], "line": detail["line"]}
        is_form = detail.get("state") == "unfinished"
        match act:
            case "draft-kept":
                if is_form:
                    return say("kept an unfinished form for {line}", line=detail["line"])
                return say("kept a draft of {type} for {line}", **values)
            case "draft-changed":
                if is_form:
                    return say("changed a draft for {line}; it is not finished", line=detail["line"])
                return say("changed a draft of {type} for {line}", **values)
            case _:
                if is_form:
                    return say("discarded an unfinished form for {line}", line=detail["line"])
                return say("discarded a draft of {type} for {line}", **values)

    return told


_SENTENCES: dict[str, Callable[[Detail], str]] = {
    "signed-in": _signed_in,
    "signed-out": lambda _: say("signed out"),
    "sign-in-refused": _refused,
    "enrolled": lambda _: say("enrolled a passkey"),
    "passkey-copied": lambda detail: say(
        "used a passkey that may have been copied: its counter was {counter} after {before}",
        counter=detail["counter"], before=detail["counter_before"],
    ),
    "person-added": lambda detail: say("added {name}: {roles}", name=detail["name"], roles=detail["roles"]),
    "person-changed": lambda detail: say(
        "changed {before} ({roles_before}) to {name} ({roles})",
        before=detail["name_before"], roles_before=detail["roles_before"], name=detail["name"],
        roles=detail["roles"],
    ),
    "person-removed": lambda detail: say("removed {name}", name=detail["name"]),
    "link-renewed": lambda detail: say("gave {name} a new link", name=detail["name"]),
    "re-enrol-asked": lambda detail: say(
        "said that the passkey of {name} is lost; another officer must confirm it", name=detail["name"]
    ),
    "re-enrol-confirmed": lambda detail: say(
        "confirmed that the passkey of {name} is lost, as {asker} said; it opens nothing any more",
        name=detail["name"], asker=detail["asked_by"],
    ),
    "token-added": lambda detail: say("made a token for the machine {name}", name=detail["name"]),
    "token-removed": lambda detail: say("took away the token of the machine {name}", name=detail["name"]),
    "draft-kept": _draft("draft-kept"),
    "draft-changed": _draft("draft-changed"),
    "draft-discarded": _draft("draft-discarded"),
    "released": lambda detail: say(
        "released {type} on {line} with the touch of {officer}",
        type=detail["type"], line=detail["line"], officer=detail["officer"],
    ),
    "sent": lambda detail: say("sent it as {ref} on {line}", ref=detail["ref"], line=detail["line"]),
    "alarm-acknowledged": lambda detail: say("acknowledged the alarm {alarm}", alarm=detail["alarm"]),
    "encounter-acknowledged": lambda detail: say("acknowledged the alarm {alarm}", alarm=detail["alarm"]),
    "shelf-kept": lambda detail: say("changed what all stations share: {name}", name=detail["name"]),
    "acts-left-out": lambda detail: say(
        "refused sign-ins that were counted and not noted: {count}", count=detail["count"]
    ),
}  # fmt: skip
