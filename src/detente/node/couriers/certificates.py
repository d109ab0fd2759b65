"""Certificates by which couriers know each other: self-signed, one for each node, known to its peers beforehand.

There is no authority: the file that a peer handed over is the only trust anchor, and a peer is who shows exactly
that certificate, by the SHA-256 of its bytes. Ed25519 or ECDSA on P-256. TLS is the outer coat only; what the
record says is signed by other keys.

    HOME/keys/courier.pem           own key and certificate, readable by its owner alone
    HOME/certificates/MEMBER.pem    own certificate to hand out, and those of peers
"""

from __future__ import annotations

import hashlib
import os
import stat
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from detente import words
from detente.door.files import writing
from detente.line.keys import fingerprint_words
from detente.node.couriers.errors import CertificateMistake

__all__ = [
    "ALGORITHMS",
    "DAYS_DEFAULT",
    "FOLDER",
    "Certificate",
    "check_own",
    "make",
    "read_certificates",
    "write_new",
]

say = words.speaker("node")

ALGORITHMS = ("ed25519", "p256")
DAYS_DEFAULT = 730
DAYS_MAX = 3660
FOLDER = "certificates"
_FILE_MAX = 100_000
_PER_FILE_MAX = 8
_BACKDATED = timedelta(hours=1)
"""A peer whose clock is a little behind must be able to use it at once."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """One certificate. name: what it calls its holder; times aware UTC; der: its exact bytes."""

    der: bytes
    name: str
    algorithm: str
    not_before: datetime
    not_after: datetime

    @classmethod
    def of(cls, found: x509.Certificate, where: str) -> Certificate:
        """Return a certificate of the allowed kind; raises CertificateMistake for any other."""
        try:
            key = found.public_key()
            names = found.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
            der = found.public_bytes(Encoding.DER)
            is_own = found.issuer == found.subject
            found.verify_directly_issued_by(found)
        except Exception as fault:  # a stranger's certificate raises many kinds
            raise _mistake(say("a certificate that is not signed by its own key"), where) from fault
        if isinstance(key, ed25519.Ed25519PublicKey):
            algorithm = "ed25519"
        elif isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1):
            algorithm = "p256"
        else:
            raise _mistake(say("a certificate with a key of another kind"), where)
        if not is_own or len(names) != 1:
            raise _mistake(say("a certificate that does not name its holder once"), where)
        return cls(der, str(names[0].value), algorithm, found.not_valid_before_utc, found.not_valid_after_utc)

    @property
    def sha256(self) -> str:
        """The identity by which peers are known: SHA-256 of the bytes, hexadecimal."""
        return hashlib.sha256(self.der).hexdigest()

    def fingerprint(self) -> str:
        """Return the identity in words, to be compared by voice."""
        return fingerprint_words(hashlib.sha256(self.der).digest())

    def fault(self, at: datetime) -> str:
        """Return why it cannot be used at a time, or ""."""
        if at < self.not_before:
            return say("not valid before {day}", day=f"{self.not_before:%Y-%m-%d %H:%M} UTC")
        if at > self.not_after:
            return say("expired on {day}", day=f"{self.not_after:%Y-%m-%d %H:%M} UTC")
        return ""

    def pem(self) -> str:
        """Return it as PEM text."""
        return x509.load_der_x509_certificate(self.der).public_bytes(Encoding.PEM).decode()


def make(name: str, *, algorithm: str, days: int, now: datetime) -> tuple[bytes, Certificate]:
    """Return a new private key (PKCS #8, PEM, not encrypted) and its certificate, valid from an hour ago."""
    key: ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey
    key = (
        ed25519.Ed25519PrivateKey.generate()
        if algorithm == "ed25519"
        else ec.generate_private_key(ec.SECP256R1())
    )
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    uses = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
    start = now.replace(microsecond=0) - _BACKDATED
    built = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + _BACKDATED + timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_signs_only(), critical=True)
        .add_extension(x509.ExtendedKeyUsage(uses), critical=False)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, None if algorithm == "ed25519" else hashes.SHA256())
    )
    private = key.private_bytes(Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return private, Certificate.of(built, name)


def write_new(own: Path, public: Path, private: bytes, certificate: Certificate) -> None:
    """Write key and certificate, each file whole: the key's readable by its owner alone. Raises OutputFailure."""
    pem = certificate.pem().encode()
    for path in (own, public):
        path.parent.mkdir(mode=0o700 if path is own else 0o755, parents=True, exist_ok=True)
    with (
        writing(own) as part,
        os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file,
    ):
        file.write(private + pem)
    with writing(public) as part:
        part.write_bytes(pem)


def read_certificates(path: Path) -> tuple[Certificate, ...]:
    """Return the certificates of a PEM file, at least one. Raises CertificateMistake."""
    octets = _read(path)
    try:
        found = x509.load_pem_x509_certificates(octets)
    except ValueError:
        raise _mistake(say("no certificate in it, or a damaged one"), str(path)) from None
    if len(found) > _PER_FILE_MAX:
        raise _mistake(say("more than {count} certificates", count=_PER_FILE_MAX), str(path))
    return tuple(Certificate.of(one, str(path)) for one in found)


def check_own(path: Path, now: datetime) -> Certificate:
    """Return this node's own certificate, after checking that it can be used. Raises CertificateMistake."""
    if not path.exists():
        raise _mistake(say("no such file yet: detente cert new makes it"), str(path))
    octets = _read(path)
    certificate = read_certificates(path)[0]
    try:
        key = serialization.load_pem_private_key(octets, None)
    except (ValueError, TypeError):
        raise _mistake(say("no private key in it, or one under a passphrase"), str(path)) from None
    public = serialization.PublicFormat.SubjectPublicKeyInfo
    named = x509.load_der_x509_certificate(certificate.der).public_key()
    if key.public_key().public_bytes(Encoding.DER, public) != named.public_bytes(Encoding.DER, public):
        raise _mistake(say("a private key that is not the certificate's"), str(path))
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise CertificateMistake(
            expected=say("a key that its owner alone can read"),
            came=say("one that others can read"),
            where=str(path),
            remedy="chmod 600",
        )
    if fault := certificate.fault(now):
        raise _mistake(fault, str(path))
    return certificate


def now_utc() -> datetime:
    """Return this machine's clock, aware UTC."""
    return datetime.now(UTC)


def _signs_only() -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            octets = file.read(_FILE_MAX + 1)
    except FileNotFoundError:
        raise _mistake(say("no such file"), str(path)) from None
    except OSError as failure:
        raise _mistake(failure.strerror or str(failure), str(path)) from None
    if len(octets) > _FILE_MAX:
        raise _mistake(say("more than {size} bytes", size=_FILE_MAX), str(path))
    return octets


def _mistake(came: str, where: str) -> CertificateMistake:
    return CertificateMistake(
        expected=say("a courier's certificate that is valid now"),
        came=came,
        where=where,
        remedy=say("make one with detente cert new, or ask the peer for its file; see detente cert check"),
    )
