"""The gate of the desk: carries out every way in and out, and tells who sits behind a request."""

from __future__ import annotations

import contextlib
import hashlib
from pathlib import Path
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from detente import words
from detente.desk.errors import RefusedRequest, bad_input, not_found, refusal_of
from detente.desk.sign_in.ceremonies import Site, challenge_of, credential_of
from detente.desk.sign_in.challenges import Challenges
from detente.desk.sign_in.fetching import OtherServerFailure
from detente.desk.sign_in.oidc import FLOW_S, Provider
from detente.desk.sign_in.refusing import Reason, Refused
from detente.desk.sign_in.sessions import Sessions, steady_s
from detente.desk.visitors import Asks, Visitor
from detente.door.terminal import visible
from detente.errors import DetenteError
from detente.node.desk_door.people_questions import (
    ActNoted,
    CredentialDocument,
    CredentialUsed,
    EnrolmentAsked,
    EnrolmentDocument,
    EnrolmentFinished,
    OutsiderAsked,
    PersonAsked,
    PersonDocument,
)
from detente.node.desk_door.questions import Question
from detente.node.settings.reading import Fault, SettingsMistake
from detente.node.settings.structs import DeskSettings, path_in

__all__ = ["COOKIE", "Gate", "open_gate", "provider_of"]

say = words.speaker("desk")

COOKIE = "__Host-detente"
_FLOW_COOKIE = "__Host-detente-oidc"
_BACK = "/api/v1/sign-in/oidc/back"
_SECRET_MAX = 4_096
_FAULT_CHARACTERS = 300
_HOME = "/"
_REFUSED = "/#/sign-in-refused"
"""Where the browser goes when a site's own sign-in did not hold: the page says so there."""


def provider_of(settings: DeskSettings, home: Path) -> Provider | None:
    """Return the site's own sign-in, None where none is set. Raises SettingsMistake for a secret that is not there."""
    own = settings.oidc
    if own is None:
        return None
    secret = _secret(path_in(home, own.client_secret_file)) if own.client_secret_file else ""
    return Provider(own.issuer, own.client_id, secret, clock_s=steady_s)


def open_gate(node: Asks, settings: DeskSettings, provider: Provider | None) -> Gate:
    """Return the gate of a desk. settings: with the address at which it listens in fact."""
    sessions = Sessions(idle_s=settings.session_idle_s, absolute_s=settings.session_s)
    return Gate(node, Site(settings.site, settings.pages()), sessions, provider=provider)


class Gate:
    """Implements ``detente.desk.visitors.SignIn``. node: answers questions about people; provider: None without one."""

    def __init__(self, node: Asks, site: Site, sessions: Sessions, *, provider: Provider | None = None) -> None:
        self._node = node
        self._site = site
        self._sessions = sessions
        self._provider = provider
        self._challenges = Challenges(steady_s)

    # ---- who asks -------------------------------------------------------------------------------------------

    async def visitor(self, request: Request, *, is_activity: bool = True) -> Visitor | None:
        """Return who asks, None for nobody. is_activity: this request keeps the session from idling out.

        The person is asked of the node each time: whoever was removed, or has other roles or another passkey now,
        must sign in again.
        """
        secret = request.cookies.get(COOKIE, "")
        session = self._sessions.find(secret, is_activity=is_activity) if secret else None
        if session is None:
            return None
        try:
            person = await self._node.ask(PersonAsked(id=session.person))
        except DetenteError as error:
            if refusal_of(error).status != 404:
                raise
            self._sessions.end_of(session.person)
            return None
        if not session.fits(person):
            self._sessions.end(secret)
            return None
        return Visitor(person, session.name)

    async def sign_out(self, request: Request) -> Response:
        """End the session of a request, if there is one."""
        session = self._sessions.end(request.cookies.get(COOKIE, ""))
        if session is not None:
            await self._note(request, "signed-out", session.person, session=session.name)
        response = _json({})
        response.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="strict")
        return response

    # ---- passkeys -------------------------------------------------------------------------------------------

    async def sign_in_begin(self, request: Request, body: dict[str, Any]) -> Response:
        """Give a challenge for any passkey of this site."""
        del request, body
        return _json(self._site.request_options(self._challenges.new("sign-in")))

    async def sign_in_finish(self, request: Request, body: dict[str, Any]) -> tuple[Visitor, Response]:
        """Sign in with a passkey. Raises Refused, and RefusedRequest for a copied passkey."""
        try:
            credential = _credential(body)
            challenge = self._challenge(credential, "sign-in")
            person = await self._known(PersonAsked(credential=credential_of(credential)), "passkey")
            asserted = self._site.asserted(credential, challenge, _passkey(person, credential))
        except Refused as refusal:
            await self._note_refused(request, refusal)
            raise
        await self._use(CredentialUsed(credential=asserted.credential, counter=asserted.counter))
        return await self._enter(request, person, "passkey", credential=asserted.credential)

    async def enrol_begin(self, request: Request, body: dict[str, Any]) -> Response:
        """Tell whose link it is, and give a challenge for the new passkey. Raises what the node says of the link."""
        code_hash = _code_hash(body)
        enrolment = await self._enrolment(request, code_hash)
        challenge = self._challenges.new(f"enrol {code_hash}")
        options = self._site.creation_options(challenge, enrolment.person, enrolment.name)
        return _json({"name": enrolment.name, "options": options})

    async def enrol_finish(self, request: Request, body: dict[str, Any]) -> tuple[Visitor, Response]:
        """Enrol a passkey with a one-time link and sign in with it. Raises Refused, and what the node says."""
        code_hash = _code_hash(body)
        await self._enrolment(request, code_hash)
        try:
            credential = _credential(body)
            challenge = self._challenge(credential, f"enrol {code_hash}")
            made = self._site.enrolled(credential, challenge)
        except Refused as refusal:
            await self._note_refused(request, refusal)
            raise
        person: PersonDocument = await self._node.ask(
            EnrolmentFinished(
                code_hash=code_hash,
                credential=made.credential,
                key=made.key,
                algorithm=made.algorithm,
                public_key=made.public_key,
                counter=made.counter,
            )
        )
        self._sessions.end_of(person.id)
        return await self._enter(request, person, "link", credential=made.credential)

    # ---- a site's own sign-in ---------------------------------------------------------------------------------

    async def oidc_begin(self, request: Request) -> Response:
        """Send the browser to the site's own sign-in, or back to the page where that does not answer.

        Raises RefusedRequest where there is none.
        """
        provider = self._own_provider()
        try:
            address, binding = await provider.begin(self._page(request) + _BACK)
        except OtherServerFailure as failure:
            await self._note_refused(request, Refused("server"), str(failure))
            return RedirectResponse(_REFUSED, status_code=302, headers={"Cache-Control": "no-store"})
        response = RedirectResponse(address, status_code=302, headers={"Cache-Control": "no-store"})
        # Lax: the browser comes back from another site, and must bring it along
        response.set_cookie(
            _FLOW_COOKIE, binding, max_age=FLOW_S, path="/", secure=True, httponly=True, samesite="lax"
        )
        return response

    async def oidc_back(self, request: Request) -> Response:
        """Sign in whoever comes back from the site's own sign-in, and send the browser to the first page."""
        provider = self._own_provider()
        try:
            outsider = await provider.back(dict(request.query_params), request.cookies.get(_FLOW_COOKIE, ""))
            person = await self._known(OutsiderAsked(outsider=outsider), "outsider")
        except (Refused, OtherServerFailure) as refusal:
            if isinstance(refusal, Refused):
                await self._note_refused(request, refusal)
            else:
                await self._note_refused(request, Refused("server"), str(refusal))
            response: Response = RedirectResponse(_REFUSED, status_code=302)
        else:
            _, entered = await self._enter(request, person, "oidc", outsider=outsider)
            response = RedirectResponse(_HOME, status_code=302)
            response.raw_headers += [one for one in entered.raw_headers if one[0] == b"set-cookie"]
        response.headers["Cache-Control"] = "no-store"
        response.delete_cookie(_FLOW_COOKIE, path="/", secure=True, httponly=True, samesite="lax")
        return response

    # ---- inside ---------------------------------------------------------------------------------------------

    def _own_provider(self) -> Provider:
        if self._provider is None:
            raise not_found(say("no sign-in of this site's own"), "[desk.oidc]")
        return self._provider

    def _page(self, request: Request) -> str:
        """Return the page of this desk at which a request came, the first one where that is unclear."""
        host = request.headers.get("host", "")
        pages = self._site.origins
        return next((one for one in pages if one.partition("://")[2] == host), pages[0])

    def _challenge(self, credential: dict[str, Any], purpose: str) -> bytes:
        """Return the challenge that an answer is for, which nobody may answer again; raises Refused."""
        challenge = challenge_of(credential)
        if not self._challenges.take(challenge, purpose):
            raise Refused("challenge")
        return challenge

    async def _enrolment(self, request: Request, code_hash: str) -> EnrolmentDocument:
        try:
            enrolment: EnrolmentDocument = await self._node.ask(EnrolmentAsked(code_hash=code_hash))
        except DetenteError as error:
            if refusal_of(error).status == 404:
                await self._note_refused(request, Refused("link"))
            raise
        return enrolment

    async def _known(self, question: Question, reason: Reason) -> PersonDocument:
        """Return the person whom the node knows so; raises Refused for nobody."""
        try:
            person: PersonDocument = await self._node.ask(question)
        except DetenteError as error:
            if refusal_of(error).status != 404:
                raise
            raise Refused(reason) from error
        return person

    async def _use(self, question: CredentialUsed) -> None:
        """Let the node compare the counter; whoever holds the passkey is told when it may have been copied."""
        try:
            await self._node.ask(question)
        except DetenteError as error:
            refusal = refusal_of(error)
            if refusal.status != 404:
                raise
            raise RefusedRequest(
                401, "passkey-copied", expected=refusal.expected, came=refusal.came, remedy=refusal.remedy
            ) from error

    async def _enter(
        self, request: Request, person: PersonDocument, how: str, *, credential: bytes = b"", outsider: str = ""
    ) -> tuple[Visitor, Response]:
        """Open a session under a new secret; what the browser held before ends. The trail hears of it first."""
        self._sessions.end(request.cookies.get(COOKIE, ""))
        secret, session = self._sessions.begin(person, credential=credential, outsider=outsider)
        try:
            await self._note(request, "signed-in", person.id, how=how, session=session.name)
        except BaseException:
            self._sessions.end(secret)
            raise
        response = _json({})
        response.set_cookie(COOKIE, secret, path="/", secure=True, httponly=True, samesite="strict")
        return Visitor(person, session.name), response

    async def _note(self, request: Request, act: str, actor: str, **detail: str) -> None:
        address = request.client.host if request.client is not None else ""
        await self._node.ask(ActNoted(actor=actor, act=act, detail={"address": address[:100], **detail}))

    async def _note_refused(self, request: Request, refusal: Refused, fault: str = "") -> None:
        """Note a refusal; it stands whether it can be noted or not. fault: of the site's own sign-in, for keepers."""
        more = {"fault": visible(fault[:_FAULT_CHARACTERS])} if fault else {}
        with contextlib.suppress(DetenteError):
            await self._note(request, "sign-in-refused", "", reason=refusal.reason, **more)


def _passkey(person: PersonDocument, credential: dict[str, Any]) -> CredentialDocument:
    named = credential_of(credential)
    found = next((one for one in person.passkeys if one.credential == named), None)
    if found is None:
        raise Refused("passkey")
    return found


def _secret(path: Path) -> str:
    """Return the one line in a file. Raises SettingsMistake."""
    try:
        with path.open("rb") as source:
            octets = source.read(_SECRET_MAX + 1)
        text = octets.decode().strip()
    except (OSError, UnicodeDecodeError) as failure:
        raise _unread(path, str(failure)) from failure
    if not 0 < len(octets) <= _SECRET_MAX or not text.isprintable():
        raise _unread(path, say("no line of at most {size} bytes", size=_SECRET_MAX))
    return text


def _unread(path: Path, came: str) -> SettingsMistake:
    return SettingsMistake(path, (Fault(0, "desk.oidc.client_secret_file", came),))


def _credential(body: dict[str, Any]) -> dict[str, Any]:
    credential = body.get("credential")
    if not isinstance(credential, dict):
        raise bad_input(say("a credential as the browser gives it"), type(credential).__name__, "credential")
    return credential


def _code_hash(body: dict[str, Any]) -> str:
    code = body.get("code")
    if not isinstance(code, str):
        raise bad_input(say("the code of a one-time link"), type(code).__name__, "code")
    return hashlib.sha256(code.encode(errors="surrogatepass")).hexdigest()


def _json(document: object) -> Response:
    return Response(
        msgspec.json.encode(document), media_type="application/json", headers={"Cache-Control": "no-store"}
    )
