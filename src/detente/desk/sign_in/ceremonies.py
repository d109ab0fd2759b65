"""The two ceremonies of Web Authentication: enrolling a passkey, and signing in with one.

Every check of the standard that a relying party must make is made here or by the library below: challenge, origin,
relying party, presence, recognition of the person, algorithm, signature. Counters are checked by the node, which keeps
them.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import (
    decode_credential_public_key,
    options_to_json_dict,
    parse_authentication_credential_json,
)
from webauthn.helpers.cose import COSECRV, COSEAlgorithmIdentifier
from webauthn.helpers.decode_credential_public_key import DecodedEC2PublicKey, DecodedOKPPublicKey
from webauthn.helpers.structs import (
    AttestationConveyancePreference,
    AuthenticatorSelectionCriteria,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from detente import words
from detente.desk.sign_in.refusing import Refused
from detente.node.desk_door.people_questions import CredentialDocument

__all__ = ["Asserted", "Enrolled", "Site", "challenge_of", "credential_of"]

say = words.speaker("desk")

_ALGORITHMS = [COSEAlgorithmIdentifier.EDDSA, COSEAlgorithmIdentifier.ECDSA_SHA_256]
_TIMEOUT_MS = 300_000
_CLIENT_DATA_MAX = 8_192
_NAME = "détente"


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A new passkey. key, algorithm: as officers' lists have them; public_key: COSE; counter: as it began."""

    credential: bytes
    key: str
    algorithm: str
    public_key: bytes
    counter: int


@dataclass(frozen=True, slots=True)
class Asserted:
    """A passkey's word: which one, and its counter."""

    credential: bytes
    counter: int


@dataclass(frozen=True, slots=True)
class Site:
    """Where the desk is. name: the relying party's id; origins: pages at which passkeys may be used."""

    name: str
    origins: tuple[str, ...]

    def request_options(self, challenge: bytes) -> dict[str, Any]:
        """Return what ``navigator.credentials.get`` takes for a sign-in: any passkey of this site."""
        return options_to_json_dict(
            generate_authentication_options(
                rp_id=self.name,
                challenge=challenge,
                timeout=_TIMEOUT_MS,
                user_verification=UserVerificationRequirement.REQUIRED,
            )
        )

    def creation_options(self, challenge: bytes, person: str, name: str) -> dict[str, Any]:
        """Return what ``navigator.credentials.create`` takes for this person, given by id and name.

        The passkey must be one that is found without a list: nobody is asked for a name before the sign-in.
        """
        return options_to_json_dict(
            generate_registration_options(
                rp_id=self.name,
                rp_name=_NAME,
                user_id=bytes.fromhex(person),
                user_name=name,
                user_display_name=name,
                challenge=challenge,
                timeout=_TIMEOUT_MS,
                attestation=AttestationConveyancePreference.NONE,
                authenticator_selection=AuthenticatorSelectionCriteria(
                    resident_key=ResidentKeyRequirement.REQUIRED,
                    require_resident_key=True,
                    user_verification=UserVerificationRequirement.REQUIRED,
                ),
                supported_pub_key_algs=_ALGORITHMS,
            )
        )

    def enrolled(self, credential: dict[str, Any], challenge: bytes) -> Enrolled:
        """Return the passkey that a browser made for this challenge; raises Refused."""
        try:
            verified = verify_registration_response(
                credential=credential,
                expected_challenge=challenge,
                expected_rp_id=self.name,
                expected_origin=list(self.origins),
                require_user_verification=True,
                supported_pub_key_algs=_ALGORITHMS,
            )
            key, algorithm = _key(verified.credential_public_key)
        except Exception as fault:  # whatever a stranger's bytes do to the parsers below
            raise Refused("passkey") from fault
        return Enrolled(
            credential=verified.credential_id,
            key=key,
            algorithm=algorithm,
            public_key=verified.credential_public_key,
            counter=verified.sign_count,
        )

    def asserted(self, credential: dict[str, Any], challenge: bytes, passkey: CredentialDocument) -> Asserted:
        """Return the word of a known passkey for this challenge; raises Refused."""
        try:
            parsed = parse_authentication_credential_json(credential)
            verified = verify_authentication_response(
                credential=parsed,
                expected_challenge=challenge,
                expected_rp_id=self.name,
                expected_origin=list(self.origins),
                credential_public_key=passkey.public_key,
                credential_current_sign_count=0,  # the node keeps counters, and knows the newest
                require_user_verification=True,
            )
            handle = parsed.response.user_handle
        except Exception as fault:  # as above
            raise Refused("passkey") from fault
        if verified.credential_id != passkey.credential or handle != bytes.fromhex(passkey.person):
            raise Refused("passkey")
        return Asserted(verified.credential_id, verified.new_sign_count)


def credential_of(credential: dict[str, Any]) -> bytes:
    """Return the id of the passkey that an answer names; raises Refused."""
    return _decoded(credential.get("rawId"))


def challenge_of(credential: dict[str, Any]) -> bytes:
    """Return the challenge that a browser says it answers; raises Refused.

    Refused is, too, what another site's frame asked for, and client data that two readers may read in two ways.
    """
    response = credential.get("response")
    octets = _decoded(response.get("clientDataJSON") if isinstance(response, dict) else None)
    if len(octets) > _CLIENT_DATA_MAX:
        raise Refused("passkey")
    try:
        document = json.loads(octets.decode(), object_pairs_hook=_once)
    except (ValueError, RecursionError) as fault:
        raise Refused("passkey") from fault
    if (
        not isinstance(document, dict)
        or document.get("crossOrigin", False) is not False
        or "topOrigin" in document
    ):
        raise Refused("passkey")
    return _decoded(document.get("challenge"))


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError(len(pairs))
    return found


def _decoded(text: object) -> bytes:
    """Return the bytes of base64url without padding; raises Refused."""
    if not isinstance(text, str) or len(text) > 2 * _CLIENT_DATA_MAX:
        raise Refused("passkey")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as fault:
        raise Refused("passkey") from fault


def _key(public_key: bytes) -> tuple[str, str]:
    """Return a COSE key as officers' lists have it, with its algorithm's name; raises ValueError for another kind."""
    decoded = decode_credential_public_key(public_key)
    if isinstance(decoded, DecodedOKPPublicKey) and decoded.crv == COSECRV.ED25519 and len(decoded.x) == 32:
        return decoded.x.hex(), "ed25519"
    if isinstance(decoded, DecodedEC2PublicKey) and decoded.crv == COSECRV.P256:
        point = b"\x04" + decoded.x + decoded.y
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
        return point.hex(), "es256"
    raise ValueError(type(decoded).__name__)
