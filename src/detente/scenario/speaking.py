"""What sides say in a play: officers write at their desk, release with their passkeys, answer; or people do.

Where people act, nothing here writes: the player says what is to be done, at which desk, and waits until the record
shows it.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec

from detente import words
from detente.errors import DetenteError
from detente.notices.forms import check_form
from detente.notices.quantities import parse_duration_s
from detente.scenario.checks import author_of
from detente.scenario.errors import PlayFailure
from detente.scenario.play import Play, Said
from detente.scenario.programs import until
from detente.scenario.structs import ReleaseDraft, ReplyTo, SayNotice
from detente.scenario.visiting import Officer, Refusal

__all__ = ["release_draft", "reply_to", "say_notice"]

say = words.speaker("scenario")

_OWED_TOLD = 4
_LOOK_S = 0.4
_PEOPLE_S_MAX = 4 * 3_600.0
"""How long the player waits for a person."""
_NUMBERS = {"notam": "X0001/", "warning": "NAVAREA I 1/"}


def say_notice(play: Play, step: SayNotice) -> None:
    """Let a side say a notice."""
    notice = play.notice(step.who, step.notice)
    if step.announced_as:
        notice = _announced(play, step, notice)
    called = step.called or step.notice
    if not play.acts_for_people:
        _by_people(play, step.who, called, str(notice["title"]), notice, "")
        return
    body: dict[str, Any] = {"line": play.line, "notice": notice}
    if step.answers:
        body["in_reply_to"] = play.said[step.answers].ref
    officers = _officers(play, step.who, step.by)
    try:
        checked = officers[0].post("check", {"line": play.line, "notice": notice})
        draft = officers[0].post("drafts", body)
    except Refusal as refusal:
        if not step.refused:
            raise
        fault = "" if step.refused.casefold() in str(refusal).casefold() else str(refusal)
        play.story.expected(say("{who}: {title} is refused", who=step.who, title=notice["title"]), fault)
        return
    if step.refused:
        play.story.expected(
            say("{who}: {title} is refused", who=step.who, title=notice["title"]), say("it was taken as a draft")
        )
        return
    play.story.told(say("{who} writes: {title}", who=step.who, title=notice["title"]))
    _tell_owed(play, step.who, checked)
    _release(play, step.who, called, draft, officers)


def reply_to(play: Play, step: ReplyTo) -> None:
    """Let a side answer what another said."""
    target = play.said[step.to]
    title = say("Answer to {ref}", ref=target.ref)
    notice: dict[str, Any] = {"kind": "reply", "title": title, "answers": target.ref, "reply": step.reply}
    notice |= {"author": author_of(play.scenario, step.who), "issued_at": f"{datetime.now(UTC):%Y-%m-%dT%H:%MZ}"}
    notice |= {"text": step.text} if step.text else {}
    called = step.called or ""
    if not play.acts_for_people:
        _by_people(play, step.who, called, title, notice, target.ref)
        return
    officers = _officers(play, step.who, step.by)
    draft = officers[0].post("drafts", {"line": play.line, "notice": notice})
    _release(play, step.who, called, draft, officers, quiet=True)
    play.story.told(say("{who} answers {ref}: {word}", who=step.who, ref=target.ref, word=step.reply))


def release_draft(play: Play, step: ReleaseDraft) -> None:
    """Let officers look at a machine's draft of an incident and release it."""
    clerk = play.clerk(step.who)
    names = [one.name for one in play.scenario.movers if one.id in step.between]

    def found() -> dict[str, Any] | None:
        for one in clerk.get("drafts")["drafts"]:
            text = msgspec.json.encode(one["notice"]).decode()
            shown = all(name in text or it in text for name, it in zip(names, step.between, strict=True))
            if one["is_machine"] and one["kind"] == "incident" and shown:
                return dict(one)
        return None

    draft = until(found, parse_duration_s(step.within), every_s=_LOOK_S)
    if draft is None:
        raise PlayFailure(
            expected=say(
                "a machine's draft of an incident between {one} and {other}", one=names[0], other=names[1]
            ),
            came=say("none within {time}", time=step.within),
            where=play.homes[step.who].desk.origin,
            remedy=say("look into the log of the watch in the play's folder"),
        )
    play.story.told(
        say("{who}: the watch left a draft with {count} attachments: {title}", who=step.who,
            count=len(draft["attachments"]), title=draft["title"])
    )  # fmt: skip
    if not play.acts_for_people:
        _by_people(play, step.who, step.called, draft["title"], draft["notice"], "")
        return
    officers = _officers(play, step.who, step.by)
    _release(play, step.who, step.called, draft, officers)


def _announced(play: Play, step: SayNotice, notice: dict[str, Any]) -> dict[str, Any]:
    """Return a notice with the text of a civil office that announces the same, made by détente's own verb."""
    checked, faults = check_form(b" " + msgspec.json.encode(notice))
    if checked is None:
        raise PlayFailure(expected=say("a notice without faults"), came=str(faults[0]), where=step.notice)
    file = play.folder / f"{step.notice}.json"
    file.write_bytes(checked.octets)
    form = step.announced_as or "notam"
    number = f"{_NUMBERS[form]}{datetime.now(UTC):%y}"
    text = play.homes[step.who].verb("areas", "write", file, "--as", form, "--number", number).strip()
    play.story.told(say("{who} hands its civil office this text:", who=step.who))
    play.story.quoted(text)
    system = "notam" if form == "notam" else "navigational_warning"
    return {**notice, "system": system, "source_text": text}


def _officers(play: Play, who: str, by: tuple[str, ...]) -> list[Officer]:
    """Return who releases, in order: those named, or all of the side."""
    officers = play.homes[who].officers
    return [one for name in by for one in officers if one.name == name] or list(officers)


def _release(
    play: Play, who: str, called: str, draft: dict[str, Any], officers: list[Officer], *, quiet: bool = False
) -> None:
    """Let one officer after the other touch for a draft until it is sent."""
    touched: list[str] = []
    for officer in officers:
        state = officer.release(draft["submission"])
        touched.append(officer.name)
        if state["state"] == "sent":
            if called:
                play.said[called] = Said(who, state["ref"], draft["type"], draft["title"])
            if not quiet:
                named = ", ".join(touched)
                play.story.told(
                    say("{who}: released by {names}, held as {ref}", who=who, names=named, ref=state["ref"])
                )
            return
    raise PlayFailure(
        expected=say("{count} officers who release it", count=draft["needed"]),
        came=", ".join(touched),
        where=draft["title"],
        remedy=say("name more of them: by"),
    )


def _tell_owed(play: Play, who: str, checked: dict[str, Any]) -> None:
    """Tell what the desk says of a notice while it is written: what it owes to others on this line, by when."""
    others = {one.state for name, one in play.scenario.sides.items() if name != who}
    for one in [it for it in checked["obligations"] if _concerns(it, others)][:_OWED_TOLD]:
        due = (one["due"] or {}).get("earliest", "")[:16]
        word = say("owes") if one["outcome"] == "owed" else say("is asked for")
        play.story.told(
            say("  {word}: {title} ({agreement} {paragraph}), by {due}", word=word, title=one["title"],
                agreement=one["agreement"], paragraph=one["paragraph"], due=due or say("no stated time"))
        )  # fmt: skip


def _concerns(verdict: dict[str, Any], states: set[str | None]) -> bool:
    """Tell whether something is owed or asked for, and not to states alone that are not on this line."""
    to = verdict["to"]
    reaches = not to or any(one in states or not (len(one) == 2 and one.isupper()) for one in to)
    return verdict["outcome"] in {"owed", "norm"} and reaches


def _by_people(play: Play, who: str, called: str, title: str, notice: dict[str, Any], answers: str) -> None:
    """Say what people are to do at which desk, and wait until the record shows it."""
    clerk = play.clerk(who)
    kind = str(notice["kind"])

    def own() -> list[Any]:
        rows = clerk.get("entries", line=play.line, member=who, limit=200)["rows"]
        return [one for one in rows if one["kind"] == kind and (not answers or one["in_reply_to"] == answers)]

    before = {one["ref"] for one in own()}
    play.story.told(
        say("A PERSON acts now: at {desk} somebody of {who} says: {title} ({kind})", desk=play.homes[who].desk.origin,
            who=who, title=title, kind=kind)
    )  # fmt: skip

    def new() -> Any:
        try:
            return next((one for one in own() if one["ref"] not in before), None)
        except DetenteError:
            return None  # the desk may be started anew while somebody thinks

    row = until(new, _PEOPLE_S_MAX, every_s=1.0)
    if row is None:
        raise PlayFailure(
            expected=say("somebody who acts"), came=say("nobody"), where=play.homes[who].desk.origin
        )
    if called:
        play.said[called] = Said(who, row["ref"], row["type"], row["title"])
    play.story.told(say("{who}: said by a person, held as {ref}", who=who, ref=row["ref"]))
