"""Who may use the desk, in memory and on the disk: rows, and how they are found."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import cast

from detente.node.desk_door.people_questions import (
    CredentialDocument,
    PeopleDocument,
    PersonDocument,
    Role,
    TokenDocument,
)
from detente.store.people import Kept, KeptCode, KeptPasskey, KeptPerson, KeptToken, PeopleFile

__all__ = ["Register", "people_file", "token_document"]


def people_file(home: Path) -> Path:
    """Return where a home's people lie."""
    return home / "people.sqlite3"


class Register:
    """The people of one home; for one thread at a time. What ``change`` did is on the disk when it returns."""

    def __init__(self, path: Path, *, create: bool = True, read_only: bool = False) -> None:
        """Open the file and read it. Raises HomeMistake, StoreFailure."""
        self.path = path
        self._file = PeopleFile(path, create=create and not read_only, read_only=read_only)
        self._version = -1
        try:
            self.refresh()
        except BaseException:
            self._file.close()
            raise

    def close(self) -> None:
        """Close the file; safe to call twice."""
        self._file.close()

    def refresh(self) -> None:
        """Read the file anew when a verb wrote it, as while this node was starting. Raises StoreFailure."""
        version = self._file.version()
        if version == self._version:
            return
        self.people = {one.id: one for one in self._file.kept(KeptPerson)}
        self.passkeys = {one.credential: one for one in self._file.kept(KeptPasskey)}
        self.codes = {one.hash: one for one in self._file.kept(KeptCode)}
        self.tokens = {one.hash: one for one in self._file.kept(KeptToken)}
        self._version = version

    def change(self, put: Iterable[Kept] = (), gone: Iterable[Kept] = ()) -> None:
        """Forget rows and keep others, on the disk first. Raises StoreFailure: then nothing changed."""
        put, gone = tuple(put), tuple(gone)
        self._file.change(put, gone)
        for one in gone:
            self._forget(one)
        for one in put:
            self._keep(one)

    # ---- finding --------------------------------------------------------------------------------------------

    def passkeys_of(self, person: str) -> list[KeptPasskey]:
        """Return a person's passkeys, oldest first."""
        return sorted(
            (one for one in self.passkeys.values() if one.person == person), key=lambda one: one.added_ms
        )

    def codes_of(self, person: str) -> list[KeptCode]:
        """Return the links of a person, good or not."""
        return [one for one in self.codes.values() if one.person == person]

    def keepers(self) -> list[str]:
        """Return the ids of the keepers."""
        return [one.id for one in self.people.values() if "keeper" in one.roles]

    def named(self, name: str) -> KeptPerson | None:
        """Return the person of a name in any case, or None."""
        folded = name.casefold()
        return next((one for one in self.people.values() if one.name.casefold() == folded), None)

    def outsider(self, outsider: str) -> KeptPerson | None:
        """Return the person whom a site's own sign-in knows so, or None."""
        return next((one for one in self.people.values() if outsider and one.outsider == outsider), None)

    def token(self, name: str) -> KeptToken | None:
        """Return the token of an id, or None."""
        return next((one for one in self.tokens.values() if one.id == name), None)

    # ---- documents ------------------------------------------------------------------------------------------

    def document(self, person: KeptPerson) -> PersonDocument:
        """Return a person as the desk sees it."""
        passkeys = self.passkeys_of(person.id)
        return PersonDocument(
            id=person.id,
            name=person.name,
            roles=cast("tuple[Role, ...]", person.roles),
            added_ms=person.added_ms,
            passkeys=tuple(_credential(one) for one in passkeys),
            outsider=person.outsider,
            is_waiting=not passkeys or bool(self.codes_of(person.id)),
            re_enrol_asked_by=person.asked_name,
        )

    def documents(self) -> PeopleDocument:
        """Return everybody by name, and every token, oldest first."""
        people = sorted(self.people.values(), key=lambda one: one.name.casefold())
        tokens = sorted(self.tokens.values(), key=lambda one: (one.added_ms, one.id))
        return PeopleDocument(
            people=tuple(self.document(one) for one in people),
            tokens=tuple(token_document(one) for one in tokens),
        )

    # ---- inside ---------------------------------------------------------------------------------------------

    def _keep(self, one: Kept) -> None:
        match one:
            case KeptPerson():
                self.people[one.id] = one
            case KeptPasskey():
                self.passkeys[one.credential] = one
            case KeptCode():
                self.codes[one.hash] = one
            case KeptToken():
                self.tokens[one.hash] = one

    def _forget(self, one: Kept) -> None:
        match one:
            case KeptPerson():
                self.people.pop(one.id, None)
            case KeptPasskey():
                self.passkeys.pop(one.credential, None)
            case KeptCode():
                self.codes.pop(one.hash, None)
            case KeptToken():
                self.tokens.pop(one.hash, None)


def token_document(token: KeptToken) -> TokenDocument:
    """Return a token as the desk sees it."""
    return TokenDocument(
        id=token.id,
        name=token.name,
        added_ms=token.added_ms,
        added_by=token.added_by,
        until_ms=token.until_ms,
        used_ms=token.used_ms,
    )


def _credential(one: KeptPasskey) -> CredentialDocument:
    return CredentialDocument(
        credential=one.credential,
        person=one.person,
        key=one.key,
        algorithm=one.algorithm,
        public_key=one.public_key,
        counter=one.counter,
        added_ms=one.added_ms,
        used_ms=one.used_ms,
    )
