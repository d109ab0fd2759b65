"""A small OpenID Connect server, run for real over HTTP: it vouches for whom it is told, and lies where told."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa

__all__ = ["OtherServer", "other_server"]

_RSA = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
_EC = ec.generate_private_key(ec.SECP256R1())


class OtherServer:
    """What the server is told to do. claims, header, document: what replaces the honest parts of its answers.

    status: of the answer for a token; moved: where a redirect leads instead of an answer; pad: bytes more than asked.
    """

    client_id, client_secret = "detente", "s3cret & more"

    def __init__(self) -> None:
        self.issuer = ""
        self.sub = "248289761001"
        self.claims: dict[str, Any] = {}
        self.document: dict[str, Any] = {}
        self.header: dict[str, Any] = {}
        self.key: Any = _RSA
        self.algorithm = "RS256"
        self.status, self.moved, self.pad = 200, "", 0
        self.codes: dict[str, dict[str, str]] = {}
        self.asked: list[str] = []
        self.kid = "one"

    def authorize(self, address: str) -> dict[str, str]:
        """Sign in a person at the address that the desk sent the browser to; returns what comes back."""
        asked = {name: one[0] for name, one in parse_qs(urlsplit(address).query).items()}
        assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256")
        assert asked["client_id"] == self.client_id
        code = f"code-{len(self.codes)}"
        self.codes[code] = asked
        return {"code": code, "state": asked["state"], "iss": self.issuer}

    def described(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "authorization_response_iss_parameter_supported": True,
        } | self.document

    def keys(self) -> dict[str, Any]:
        rs = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(_RSA.public_key()))
        es = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(_EC.public_key()))
        strange: list[Any] = [{"kty": "oct", "k": "c2VjcmV0"}, {"kty": "RSA", "kid": "broken"}, "text"]
        return {"keys": [*strange, rs | {"kid": self.kid, "use": "sig"}, es | {"kid": "two"}]}

    def token(self, form: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        """Give a token for a code, once, to who holds the verifier and the secret."""
        asked = self.codes.pop(form.get("code", ""), None)
        pair = base64.b64decode(authorization.removeprefix("Basic ")).decode()
        challenge = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        if (
            asked is None
            or pair != urlencode({self.client_id: self.client_secret}).replace("=", ":").replace("+", "%20")
            or asked["code_challenge"] != base64.urlsafe_b64encode(challenge).rstrip(b"=").decode()
            or asked["redirect_uri"] != form["redirect_uri"]
        ):
            return 400, {"error": "invalid_grant"}
        now_s = int(time.time())
        claims = {
            "iss": self.issuer, "sub": self.sub, "aud": self.client_id, "nonce": asked["nonce"],
            "iat": now_s, "exp": now_s + 300,
        } | self.claims  # fmt: skip
        whole = {name: one for name, one in claims.items() if one is not None}
        made = jwt.encode(whole, self.key, self.algorithm, headers={"kid": self.kid} | self.header)
        return self.status, {"id_token": made, "access_token": "x", "token_type": "Bearer"}


@contextmanager
def other_server() -> Iterator[OtherServer]:
    """Run the server on a free port of this machine until the block ends."""
    told = OtherServer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            told.asked.append(self.path)
            known = {"/.well-known/openid-configuration": told.described, "/keys": told.keys}
            self._answer(200, known[self.path]())

        def do_POST(self) -> None:
            told.asked.append(self.path)
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = {name: one[0] for name, one in parse_qs(body).items()}
            self._answer(*told.token(form, self.headers.get("Authorization", "")))

        def _answer(self, status: int, document: dict[str, Any]) -> None:
            octets = json.dumps(document).encode() + b" " * told.pad
            if told.moved:
                self.send_response(302)
                self.send_header("Location", told.moved)
            else:
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(octets)))
            self.end_headers()
            self.wfile.write(octets)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    told.issuer = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield told
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


ES256 = {"key": _EC, "algorithm": "ES256", "header": {"kid": "two"}}
STRANGER = ec.generate_private_key(ec.SECP256R1())
