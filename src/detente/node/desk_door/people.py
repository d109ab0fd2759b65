"""Answers what a desk asks about people: the one place that decides what a change of them needs.

Nobody may do anything by default. The first keeper is added on the terminal; a lost passkey is given anew by two
others; the last keeper stays. Each change is noted in the trail before it is made: what cannot be noted is not done.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from detente import words
from detente.node.desk_door.people_names import check_key, check_name, check_outsider, mistake, ordered_roles
from detente.node.desk_door.people_questions import (
    ActNoted,
    CredentialUsed,
    EnrolmentAsked,
    EnrolmentDocument,
    EnrolmentFinished,
    LinkDocument,
    OutsiderAsked,
    PeopleAsked,
    PeopleQuestion,
    PersonAdded,
    PersonAsked,
    PersonChanged,
    PersonDocument,
    PersonRemoved,
    ReEnrolled,
    TokenAdded,
    TokenAsked,
    TokenDocument,
    TokenMade,
    TokenRemoved,
    TrailAsked,
)
from detente.node.desk_door.people_register import Register, people_file, token_document
from detente.node.desk_door.people_trail import Trail, trail_file
from detente.node.desk_door.questions import Done
from detente.node.host import clock_ms
from detente.store.errors import HomeMistake
from detente.store.people import KeptCode, KeptPasskey, KeptPerson, KeptToken

__all__ = ["TERMINAL", "People"]

say = words.speaker("node")

TERMINAL = "terminal:"
"""An actor that begins so sits at this machine's terminal; the rest is the name that was given there."""
_PEOPLE_MAX = 1_000
_TOKENS_MAX = 100
_TOKEN_DAYS_MAX = 3_660
_LINK_MS = 24 * 3_600_000
"""How long a link is good, and how long one officer's word to re-enrol somebody waits for another's."""
_DAY_MS = 86_400_000
_USED_EVERY_MS = 60_000
"""A token's last use is kept to the minute: a watch posts each second."""
_SECRET_BYTES = 32
_OFFICERS = {"releaser", "keeper"}
"""Whose word counts for a lost passkey."""


class People:
    """The people and the trail of one home, for its running node or for a verb that holds the home's lock.

    clock: milliseconds since 1970 UTC. changed: told "people" or "trail" after each change. alarm: told by
    name and detail what the people on duty must know. Safe from every thread.
    """

    def __init__(
        self,
        home: Path,
        *,
        clock: Callable[[], int] = clock_ms,
        changed: Callable[[str], None] = lambda _: None,
        alarm: Callable[[str, dict[str, str]], None] = lambda *_: None,
    ) -> None:
        """Open both files, or found them. Raises HomeMistake, StoreFailure."""
        self._clock = clock
        self._changed = changed
        self._alarm = alarm
        self._lock = threading.RLock()
        self._register = Register(people_file(home))
        try:
            self._trail = Trail(trail_file(home), clock, changed)
        except BaseException:
            self._register.close()
            raise

    def close(self) -> None:
        """Close both files."""
        with self._lock:
            self._trail.close()
            self._register.close()

    def answer(self, question: PeopleQuestion) -> Any:
        """Return the answer, of the type that the question names. Raises HomeMistake, StoreFailure."""
        with self._lock:
            self._register.refresh()
            return self._answer(question)

    def note(self, actor: str, act: str, detail: Mapping[str, str]) -> None:
        """Note what a person or machine did elsewhere in the node. Raises HomeMistake, StoreFailure."""
        with self._lock:
            self._trail.note(self._named(actor), act, detail)

    def name_of(self, actor: str) -> str:
        """Return the name of a person, a machine or whoever sits at the terminal; "" for nobody known."""
        with self._lock:
            return self._named(actor)[1]

    def with_trail(self, work: Callable[[Trail], Any]) -> Any:
        """Run work on the trail while nobody else writes it."""
        with self._lock:
            return work(self._trail)

    # ---- inside ---------------------------------------------------------------------------------------------

    def _answer(self, question: PeopleQuestion) -> Any:
        match question:
            case PeopleAsked():
                return self._register.documents()
            case PersonAsked():
                return self._register.document(self._asked(question))
            case OutsiderAsked():
                return self._register.document(
                    _known(self._register.outsider(question.outsider), question.outsider)
                )
            case TokenAsked():
                return self._token_asked(question)
            case EnrolmentAsked():
                return self._enrolment(question)
            case EnrolmentFinished():
                return self._enrolled(question)
            case CredentialUsed():
                return self._used(question)
            case ActNoted():
                self._trail.note(self._named(question.actor), question.act, question.detail)
                return Done()
            case TrailAsked():
                return self._trail.document(question)
            case _:
                answer = self._managed(question)
                self._changed("people")
                return answer

    def _managed(
        self, question: PersonAdded | PersonChanged | PersonRemoved | ReEnrolled | TokenAdded | TokenRemoved
    ) -> Any:
        """Carry out what keepers alone may do, or for a lost passkey any two officers."""
        roles = _OFFICERS if isinstance(question, ReEnrolled) else {"keeper"}
        actor = self._allowed(question.actor, roles)
        match question:
            case PersonAdded():
                return self._added(question, actor)
            case PersonChanged():
                return self._altered(question, actor)
            case PersonRemoved():
                return self._removed(question, actor)
            case ReEnrolled():
                return self._re_enrolled(question, actor)
            case TokenAdded():
                return self._token_added(question, actor)
            case TokenRemoved():
                return self._token_removed(question, actor)

    # ---- who is it ------------------------------------------------------------------------------------------

    def _named(self, actor: str) -> tuple[str, str]:
        """Return an actor's id and name as the trail keeps them."""
        if actor.startswith(TERMINAL):
            return TERMINAL.removesuffix(":"), actor.removeprefix(TERMINAL)
        person, token = self._register.people.get(actor), self._register.token(actor)
        return actor, person.name if person is not None else token.name if token is not None else ""

    def _allowed(self, actor: str, roles: set[str]) -> tuple[str, str]:
        """Return id and name of an actor who has one of these roles, or sits at the terminal."""
        person = self._register.people.get(actor)
        if not (actor.startswith(TERMINAL) or (person is not None and roles & set(person.roles))):
            raise mistake(
                say("somebody who may do that"),
                self._named(actor)[1] or actor or say("nobody"),
                say("ask a keeper of this desk"),
            )
        return self._named(actor)

    def _asked(self, question: PersonAsked) -> KeptPerson:
        if question.credential:
            passkey = self._register.passkeys.get(question.credential)
            found = None if passkey is None else self._register.people.get(passkey.person)
            return _known(found, question.credential.hex()[:32])
        return self._person(question.id)

    def _person(self, name: str) -> KeptPerson:
        return _known(self._register.people.get(name), name)

    # ---- people ---------------------------------------------------------------------------------------------

    def _added(self, question: PersonAdded, actor: tuple[str, str]) -> LinkDocument:
        name, roles = check_name(question.name), ordered_roles(question.roles)
        self._check_free(name, question.outsider, "")
        if len(self._register.people) >= _PEOPLE_MAX:
            raise mistake(
                say("at most {count} people", count=_PEOPLE_MAX),
                str(_PEOPLE_MAX),
                say("remove those who left: detente people remove"),
            )
        person = KeptPerson(
            id=secrets.token_hex(16),
            name=name,
            roles=roles,
            added_ms=self._clock(),
            outsider=question.outsider,
        )
        self._trail.note(actor, "person-added", _told(person))
        return self._link(person)

    def _altered(self, question: PersonChanged, actor: tuple[str, str]) -> PersonDocument:
        person = self._person(question.id)
        name, roles = check_name(question.name), ordered_roles(question.roles)
        self._check_free(name, question.outsider, person.id)
        if "keeper" not in roles:
            self._check_last(person)
        changed = msgspec.structs.replace(person, name=name, roles=roles, outsider=question.outsider)
        if changed != person:
            before = {"name_before": person.name, "roles_before": " ".join(person.roles)}
            self._trail.note(actor, "person-changed", _told(changed) | before)
            self._register.change([changed])
        return self._register.document(changed)

    def _removed(self, question: PersonRemoved, actor: tuple[str, str]) -> Done:
        person = self._person(question.id)
        self._check_last(person)
        self._trail.note(actor, "person-removed", _told(person))
        passkeys, codes = self._register.passkeys_of(person.id), self._register.codes_of(person.id)
        self._register.change(gone=[person, *passkeys, *codes])
        return Done()

    def _re_enrolled(self, question: ReEnrolled, actor: tuple[str, str]) -> LinkDocument:
        """Take one officer's word that a passkey is lost, or with another's before it give a link."""
        person, now_ms = self._person(question.id), self._clock()
        if not person.was_enrolled:  # its link was lost or too old; a keeper could as well add it anew
            if question.actor == person.id:
                raise self._not_alone(person)
            self._allowed(question.actor, {"keeper"})
            self._trail.note(actor, "link-renewed", _told(person))
            return self._link(person)
        officer = self._officer(question.actor, actor[1])
        if officer.id == person.id:
            raise self._not_alone(person)
        asker = self._register.people.get(person.asked_by)
        waits = asker is not None and set(asker.roles) & _OFFICERS and 0 <= now_ms - person.asked_ms < _LINK_MS
        if not waits or person.asked_by == officer.id:
            asked = msgspec.structs.replace(person, asked_by=officer.id, asked_name=officer.name, asked_ms=now_ms)
            self._trail.note(actor, "re-enrol-asked", _told(person))
            self._register.change([asked])
            return LinkDocument(person=person.id, code="", until_ms=now_ms + _LINK_MS)
        self._trail.note(actor, "re-enrol-confirmed", _told(person) | {"asked_by": person.asked_name})
        return self._link(msgspec.structs.replace(person, asked_by="", asked_name="", asked_ms=0))

    def _officer(self, actor: str, name: str) -> KeptPerson:
        """Return the officer or keeper behind a word; at the terminal the one whose name was given there."""
        found = self._register.named(name) if actor.startswith(TERMINAL) else self._register.people.get(actor)
        if found is None or not set(found.roles) & _OFFICERS:
            raise mistake(
                say("the word of a releaser or keeper of this desk"),
                name,
                say("name one with --by; detente people list shows them"),
            )
        return found

    def _not_alone(self, person: KeptPerson) -> HomeMistake:
        return mistake(
            say("two other people for a lost passkey"), person.name, say("ask two officers who know you")
        )

    def _link(self, person: KeptPerson) -> LinkDocument:
        """Keep a person whose passkeys, if any, open nothing any more; return a link for a new one."""
        code = secrets.token_urlsafe(_SECRET_BYTES)
        until_ms = self._clock() + _LINK_MS
        kept = KeptCode(hash=_hash(code), person=person.id, until_ms=until_ms)
        passkeys, codes = self._register.passkeys_of(person.id), self._register.codes_of(person.id)
        self._register.change([person, kept], gone=[*passkeys, *codes])
        return LinkDocument(person=person.id, code=code, until_ms=until_ms)

    def _check_free(self, name: str, outsider: str, own: str) -> None:
        """Raise HomeMistake where another person has this name or is known so by a site's own sign-in."""
        check_outsider(outsider)
        for other in (self._register.named(name), self._register.outsider(outsider)):
            if other is not None and other.id != own:
                raise mistake(say("a name that no other person has"), other.name, say("choose another"))

    def _check_last(self, person: KeptPerson) -> None:
        if self._register.keepers() == [person.id]:
            raise mistake(
                say("at least one keeper"),
                say("{name}, the last one", name=person.name),
                say("add another first"),
            )

    # ---- enrolment and passkeys -------------------------------------------------------------------------------

    def _code(self, code_hash: str) -> KeptCode:
        code = self._register.codes.get(code_hash)
        if code is None or self._clock() >= code.until_ms or code.person not in self._register.people:
            raise mistake(
                say("a link that is good"),
                say("one that is used up, too old or unknown"),
                say("ask a keeper for a new one"),
            )
        return code

    def _enrolment(self, question: EnrolmentAsked) -> EnrolmentDocument:
        code = self._code(question.code_hash)
        person = self._person(code.person)
        return EnrolmentDocument(person=person.id, name=person.name, until_ms=code.until_ms)

    def _enrolled(self, question: EnrolmentFinished) -> PersonDocument:
        code = self._code(question.code_hash)
        check_key(question.key, question.algorithm, question.credential, question.public_key)
        person, now_ms = self._person(code.person), self._clock()
        taken = any(one.key == question.key for one in self._register.passkeys.values())
        if taken or question.credential in self._register.passkeys:
            raise mistake(
                say("a passkey of this person alone"), say("one that is enrolled"), say("make a new one")
            )
        passkey = KeptPasskey(
            credential=question.credential,
            person=person.id,
            key=question.key,
            algorithm=question.algorithm,
            public_key=question.public_key,
            counter=question.counter,
            added_ms=now_ms,
            used_ms=now_ms,
        )
        kept = msgspec.structs.replace(person, was_enrolled=True, asked_by="", asked_name="", asked_ms=0)
        self._trail.note((person.id, person.name), "enrolled", _told(person) | {"key": passkey.key})
        self._register.change([kept, passkey], gone=[code, *self._register.passkeys_of(person.id)])
        self._changed("people")
        return self._register.document(kept)

    def _used(self, question: CredentialUsed) -> Done:
        passkey = self._register.passkeys.get(question.credential)
        if passkey is None:
            raise mistake(say("a passkey of this desk"), question.credential.hex()[:32], say("enrol it first"))
        if question.counter <= passkey.counter and (question.counter or passkey.counter):
            person = self._person(passkey.person)
            counters = {"counter": str(question.counter), "counter_before": str(passkey.counter)}
            self._trail.note((person.id, person.name), "passkey-copied", _told(person) | counters)
            self._alarm("passkey-copied", {"person": person.name})
            raise mistake(
                say("a passkey whose counter grew"),
                say("a copy of it, or an older word of it"),
                say("tell a keeper: this passkey may be in two hands; let two officers re-enrol you"),
            )
        self._register.change([msgspec.structs.replace(passkey, counter=question.counter, used_ms=self._clock())])
        return Done()

    # ---- tokens ---------------------------------------------------------------------------------------------

    def _token_added(self, question: TokenAdded, actor: tuple[str, str]) -> TokenMade:
        name = check_name(question.name)
        days = question.days
        if any(one.name.casefold() == name.casefold() for one in self._register.tokens.values()):
            raise mistake(say("a name that no other token has"), name, say("choose another"))
        if len(self._register.tokens) >= _TOKENS_MAX:
            raise mistake(
                say("at most {count} tokens", count=_TOKENS_MAX), str(_TOKENS_MAX), say("remove old ones")
            )
        if days is not None and not 1 <= days <= _TOKEN_DAYS_MAX:
            raise mistake(
                say("1 to {count} days", count=_TOKEN_DAYS_MAX), str(days), say("choose another number")
            )
        secret, now_ms = secrets.token_urlsafe(_SECRET_BYTES), self._clock()
        token = KeptToken(
            hash=_hash(secret),
            id=secrets.token_hex(16),
            name=name,
            added_ms=now_ms,
            added_by=actor[1],
            until_ms=None if days is None else now_ms + days * _DAY_MS,
        )
        self._trail.note(actor, "token-added", {"token": token.id, "name": name})
        self._register.change([token])
        return TokenMade(token=token_document(token), secret=secret)

    def _token_removed(self, question: TokenRemoved, actor: tuple[str, str]) -> Done:
        token = self._register.token(question.id)
        if token is None:
            raise mistake(say("a token of this desk"), question.id[:64], say("see: detente people list"))
        self._trail.note(actor, "token-removed", {"token": token.id, "name": token.name})
        self._register.change(gone=[token])
        return Done()

    def _token_asked(self, question: TokenAsked) -> TokenDocument:
        token, now_ms = self._register.tokens.get(question.secret_hash), self._clock()
        if token is None or (token.until_ms is not None and now_ms >= token.until_ms):
            raise mistake(
                say("a token of this desk"),
                say("one that is unknown, removed or too old"),
                say("make one: detente people add-watch"),
            )
        if token.used_ms is None or not 0 <= now_ms - token.used_ms < _USED_EVERY_MS:
            token = msgspec.structs.replace(token, used_ms=now_ms)
            self._register.change([token])
        return token_document(token)


def _known(person: KeptPerson | None, came: str) -> KeptPerson:
    if person is None:
        raise mistake(say("a person of this desk"), came[:100], say("see: detente people list"))
    return person


def _told(person: KeptPerson) -> dict[str, str]:
    """Return what the trail keeps of a person whom an act is about."""
    about = {"person": person.id, "name": person.name, "roles": " ".join(person.roles)}
    return about | ({"outsider": person.outsider} if person.outsider else {})


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
