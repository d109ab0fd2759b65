"""A site's own sign-in: OpenID Connect, authorization code with PKCE. Who is known is a pair of issuer and "sub".

What the other server says is believed only when its token is signed by one of its keys, is for this desk, is fresh and
carries the nonce of exactly this sign-in; and only in the browser that began it.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import jwt

from detente import words
from detente.desk.sign_in.fetching import OtherServerFailure, fetch
from detente.desk.sign_in.refusing import Refused

__all__ = ["FLOWS_MAX", "FLOW_S", "Provider"]

say = words.speaker("desk")

FLOWS_MAX = 10_000
"""Sign-ins that may be under way elsewhere at once; the oldest gives way."""
FLOW_S = 600
_LEEWAY_S = 60
_KEPT_S = 3_600
_KEYS_AGAIN_S = 30
_SECRET_BYTES = 32
_AT_ONCE_MAX = 8
_KEYS_MAX = 100
_TOKEN_MAX = 32_768
_SUB_MAX = 255
_ALGORITHMS = {
    "RSA": ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    "EC": ("ES256", "ES384", "ES512"),
    "OKP": ("EdDSA",),
}
"""Type of a key -> what it may have signed with; nothing that a shared secret signs, and never "none"."""


@dataclass(frozen=True, slots=True)
class _Flow:
    """One sign-in under way. binding: hash of what only the browser's cookie holds; back: where it comes back."""

    nonce: str
    verifier: str
    binding: str
    back: str
    until_s: float


@dataclass(frozen=True, slots=True)
class _Described:
    """What the other server says of itself."""

    authorize: str
    token: str
    keys: str
    says_issuer: bool
    posts_secret: bool
    until_s: float


class Provider:
    """The other server. client_secret: "" for none; clock_s: a steady clock; now_s: seconds since 1970 UTC."""

    def __init__(
        self,
        issuer: str,
        client_id: str,
        client_secret: str,
        *,
        clock_s: Callable[[], float],
        now_s: Callable[[], float] = time.time,
    ) -> None:
        self.issuer = issuer
        self._client_id = client_id
        self._client_secret = client_secret
        self._clock_s = clock_s
        self._now_s = now_s
        self._flows: OrderedDict[str, _Flow] = OrderedDict()
        self._described: _Described | None = None
        self._keys: dict[str, jwt.PyJWK] = {}
        self._keys_at_s = -float(_KEPT_S)
        self._turn = asyncio.Semaphore(_AT_ONCE_MAX)

    async def begin(self, back: str) -> tuple[str, str]:
        """Return where to send the browser, and what its cookie must hold when it comes back at ``back``.

        Raises OtherServerFailure.
        """
        described = await self._description()
        state, nonce, verifier, binding = (secrets.token_urlsafe(_SECRET_BYTES) for _ in range(4))
        self._flows[_hash(state)] = _Flow(nonce, verifier, _hash(binding), back, self._clock_s() + FLOW_S)
        while len(self._flows) > FLOWS_MAX:
            self._flows.popitem(last=False)
        asked = {
            "response_type": "code",
            "scope": "openid",
            "client_id": self._client_id,
            "redirect_uri": back,
            "state": state,
            "nonce": nonce,
            "code_challenge": _base64url(hashlib.sha256(verifier.encode()).digest()),
            "code_challenge_method": "S256",
        }
        joined = "&" if urlsplit(described.authorize).query else "?"
        return described.authorize + joined + urlencode(asked), binding

    async def back(self, said: Mapping[str, str], binding: str) -> str:
        """Return issuer and "sub" of whoever came back, as ``PersonDocument.outsider``.

        said: the query of the address at which the browser came back. Raises Refused, OtherServerFailure.
        """
        flow = self._flows.pop(_hash(said.get("state", "")), None)
        if flow is None or self._clock_s() >= flow.until_s:
            raise Refused("oidc")
        if not hmac.compare_digest(flow.binding, _hash(binding)) or not said.get("code"):
            raise Refused("oidc")
        described = await self._description()
        if described.says_issuer and "iss" not in said:
            raise Refused("oidc")
        if said.get("iss", self.issuer) != self.issuer:  # another server's answer, mixed into this one's sign-in
            raise Refused("oidc")
        claims = await self._claims(await self._token(described, flow, said["code"]))
        return self._outsider(claims, flow)

    # ---- inside ---------------------------------------------------------------------------------------------

    def _outsider(self, claims: Mapping[str, Any], flow: _Flow) -> str:
        sub, nonce = claims.get("sub"), claims.get("nonce")
        if not isinstance(nonce, str) or not hmac.compare_digest(nonce.encode(), flow.nonce.encode()):
            raise Refused("oidc")
        several = isinstance(claims.get("aud"), list) and len(claims["aud"]) > 1
        if claims.get("azp", None if several else self._client_id) != self._client_id:
            raise Refused("oidc")
        if not isinstance(sub, str) or not 0 < len(sub) <= _SUB_MAX or not sub.isprintable() or sub[0] == " ":
            raise Refused("oidc")
        return f"{self.issuer} {sub}"

    async def _token(self, described: _Described, flow: _Flow, code: str) -> str:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": flow.back,
            "code_verifier": flow.verifier,
            "client_id": self._client_id,
        }
        headers: dict[str, str] = {}
        if self._client_secret and described.posts_secret:
            form["client_secret"] = self._client_secret
        elif self._client_secret:
            pair = f"{quote(self._client_id, safe='')}:{quote(self._client_secret, safe='')}"
            headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
        answer = await self._fetch(described.token, form=urlencode(form).encode(), headers=headers)
        token = answer.get("id_token") if isinstance(answer, dict) else None
        if not isinstance(token, str) or len(token) > _TOKEN_MAX:
            raise Refused("oidc")
        return token

    async def _claims(self, token: str) -> dict[str, Any]:
        try:
            header = jwt.get_unverified_header(token)
        except jwt.PyJWTError as fault:
            raise Refused("oidc") from fault
        key = await self._key(header)
        if header.get("alg") not in _ALGORITHMS.get(key.key_type or "", ()):
            raise Refused("oidc")
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                key.key,
                algorithms=[header["alg"]],
                audience=self._client_id,
                issuer=self.issuer,
                leeway=_LEEWAY_S,
                options={
                    "require": ["aud", "exp", "iat", "iss", "sub", "nonce"],
                    "enforce_minimum_key_length": True,
                },
            )
        except (jwt.PyJWTError, ValueError, TypeError) as fault:
            raise Refused("oidc") from fault
        return claims

    async def _key(self, header: Mapping[str, Any]) -> jwt.PyJWK:
        """Return the key that a token names; keys are asked for anew when it is unknown, but not at every stranger."""
        named = header.get("kid")
        age_s = self._clock_s() - self._keys_at_s
        if age_s >= _KEPT_S or (self._find(named) is None and age_s >= _KEYS_AGAIN_S):
            self._keys = _keys_in(await self._fetch((await self._description()).keys))
            self._keys_at_s = self._clock_s()
        found = self._find(named)
        if found is None:
            raise Refused("oidc")
        return found

    def _find(self, named: object) -> jwt.PyJWK | None:
        if named is None and len(self._keys) == 1:
            return next(iter(self._keys.values()))
        return self._keys.get(named) if isinstance(named, str) else None

    async def _fetch(self, address: str, **how: Any) -> Any:
        async with self._turn:
            return await fetch(address, **how)

    async def _description(self) -> _Described:
        """Return what the other server says of itself, once an hour. Raises OtherServerFailure."""
        if self._described is not None and self._clock_s() < self._described.until_s:
            return self._described
        address = self.issuer.removesuffix("/") + "/.well-known/openid-configuration"
        document = await self._fetch(address)
        if not isinstance(document, dict) or document.get("issuer") != self.issuer:
            raise OtherServerFailure(
                expected=say("a server that calls itself {issuer}", issuer=self.issuer),
                came=str(document.get("issuer") if isinstance(document, dict) else document)[:200],
                where=address,
                remedy=say("mend issuer under [desk.oidc], letter for letter as that server names itself"),
            )
        addresses = [document.get(f"{one}") for one in ("authorization_endpoint", "token_endpoint", "jwks_uri")]
        if not all(isinstance(one, str) and self._is_safe(one) for one in addresses):
            raise OtherServerFailure(
                expected=say("addresses that begin with https://"),
                came=str(addresses)[:300],
                where=address,
                remedy=say("look at that server, and at [desk.oidc] in the settings"),
            )
        methods = document.get("token_endpoint_auth_methods_supported")
        authorize, token, keys = map(str, addresses)
        self._described = _Described(
            authorize=authorize,
            token=token,
            keys=keys,
            says_issuer=document.get("authorization_response_iss_parameter_supported") is True,
            posts_secret=isinstance(methods, list)
            and "client_secret_post" in methods
            and "client_secret_basic" not in methods,
            until_s=self._clock_s() + _KEPT_S,
        )
        return self._described

    def _is_safe(self, address: str) -> bool:
        """Tell whether an address may be asked: https, or http only where the issuer itself is on this machine."""
        return address.startswith("https://") or (
            self.issuer.startswith("http://") and address.startswith(("http://localhost:", "http://127.0.0.1:"))
        )


def _keys_in(document: Any) -> dict[str, jwt.PyJWK]:
    """Return the keys for signatures in a JWK set; those of a kind that is not understood are left out."""
    listed = document.get("keys") if isinstance(document, dict) else None
    found: dict[str, jwt.PyJWK] = {}
    for one in (listed if isinstance(listed, list) else [])[:_KEYS_MAX]:
        if not isinstance(one, dict) or one.get("use", "sig") != "sig" or one.get("kty") not in _ALGORITHMS:
            continue
        name = one.get("kid", "")
        try:
            key = jwt.PyJWK.from_dict(one)
        except (jwt.PyJWTError, ValueError, TypeError, KeyError):
            continue
        if isinstance(name, str):
            found[name] = key
    return found


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode(errors="surrogatepass")).hexdigest()


def _base64url(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()
