"""TLS 1.3 and nothing older, both sides with certificates; no authority: only the peers' own are trusted."""

from __future__ import annotations

import hashlib
import ssl
from collections.abc import Iterable
from pathlib import Path

from detente import words
from detente.node.couriers.certificates import Certificate
from detente.node.couriers.errors import CertificateMistake, LinkFailure, WrongCertificate

__all__ = ["client_context", "presented", "server_context", "tls_fault"]

say = words.speaker("node")

_ALPN = ["http/1.1"]


def server_context(own: Path, anchors: Iterable[Certificate]) -> ssl.SSLContext:
    """Return the context of the courier port. Raises CertificateMistake when the own file cannot be used."""
    return _context(ssl.PROTOCOL_TLS_SERVER, own, anchors)


def client_context(own: Path, anchors: Iterable[Certificate]) -> ssl.SSLContext:
    """Return the context for calling one peer, whose certificates alone are trusted. Raises CertificateMistake."""
    return _context(ssl.PROTOCOL_TLS_CLIENT, own, anchors)


def _context(role: int, own: Path, anchors: Iterable[Certificate]) -> ssl.SSLContext:
    context = ssl.SSLContext(role)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.check_hostname = False  # a name proves nothing here: the certificate itself is compared
    context.verify_mode = ssl.CERT_REQUIRED
    context.options |= ssl.OP_NO_TICKET | ssl.OP_NO_COMPRESSION
    if role == ssl.PROTOCOL_TLS_SERVER:
        context.num_tickets = 0  # each connection shows its certificate anew
    context.set_alpn_protocols(_ALPN)
    try:
        context.load_cert_chain(own)
    except (OSError, ssl.SSLError) as fault:
        raise CertificateMistake(
            expected=say("a courier's certificate that is valid now"),
            came=str(fault.strerror or fault),
            where=str(own),
            remedy=say("make one with detente cert new, or ask the peer for its file; see detente cert check"),
        ) from None
    for one in anchors:
        context.load_verify_locations(cadata=one.der)
    return context


def presented(tls: object) -> str:
    """Return the SHA-256 of the certificate that the other side showed; "" for none."""
    if not isinstance(tls, ssl.SSLObject | ssl.SSLSocket):
        return ""
    der = tls.getpeercert(binary_form=True)
    return hashlib.sha256(der).hexdigest() if der else ""


def tls_fault(fault: BaseException, where: str) -> LinkFailure:
    """Turn an error of the link or of TLS into words that say whose certificate failed, and why."""
    came = _words(fault)
    kind = WrongCertificate if isinstance(fault, ssl.SSLCertVerificationError) else LinkFailure
    return kind(
        expected=say("a link to the peer itself, with the certificates that both sides know"),
        came=came,
        where=where,
        remedy=say("it is tried again; see detente cert check"),
    )


def _words(fault: BaseException) -> str:
    if isinstance(fault, ssl.SSLCertVerificationError):
        return _verify_words(fault)
    if isinstance(fault, ssl.SSLError):
        return _alert_words(fault)
    if isinstance(fault, TimeoutError):
        return say("no answer in time")
    if isinstance(fault, ConnectionRefusedError):
        return say("nothing listens there")
    if isinstance(fault, EOFError | ConnectionError):
        return say("the link was cut")
    if isinstance(fault, OSError):
        return fault.strerror or str(fault)
    return str(fault)[:200]


def _verify_words(fault: ssl.SSLCertVerificationError) -> str:
    return {
        9: say("the certificate of the other side is not valid yet, or this clock is wrong"),
        10: say("the certificate of the other side has expired, or this clock is wrong"),
    }.get(fault.verify_code, say("the other side shows a certificate that is not the one agreed"))


def _alert_words(fault: ssl.SSLError) -> str:
    reason = (fault.reason or str(fault)).upper()
    for mark, sentence in (
        ("CERTIFICATE_EXPIRED", say("the other side says that our certificate has expired")),
        ("CERTIFICATE_REQUIRED", say("the other side got no certificate of ours")),
        ("UNKNOWN_CA", say("the other side does not know our certificate")),
        ("BAD_CERTIFICATE", say("the other side refuses our certificate")),
        ("CERTIFICATE_UNKNOWN", say("the other side refuses our certificate")),
        ("PROTOCOL_VERSION", say("the other side does not speak TLS 1.3")),
        ("UNSUPPORTED_PROTOCOL", say("the other side does not speak TLS 1.3")),
        ("BAD_RECORD_MAC", say("bytes were changed on the way")),
        ("DECRYPT", say("bytes were changed on the way")),
        ("PEER_DID_NOT_RETURN", say("the other side shows no certificate")),
        ("UNEXPECTED_EOF", say("the link was cut")),
        ("APPLICATION_DATA_AFTER_CLOSE", say("the link was cut")),
    ):
        if mark in reason:
            return sentence
    return say("TLS failed: {reason}", reason=reason.lower().replace("_", " ")[:100])
