"""Throwaway authorities, certificates and keys, for servers and clients that check each other."""

from __future__ import annotations

import ipaddress
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID


@dataclass(frozen=True, slots=True)
class Papers:
    """Files of one authority: its certificate, a server's and a client's with their keys (PEM)."""

    ca: Path
    server: Path
    server_key: Path
    client: Path
    client_key: Path

    def server_context(self, *, client_wanted: bool = False) -> ssl.SSLContext:
        """Return a server's context; client_wanted: it asks its clients for a certificate of this authority."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.server, self.server_key)
        if client_wanted:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(self.ca)
        return context


def papers(folder: Path, *, names: tuple[str, ...] = ("localhost", "127.0.0.1"), days: int = 1) -> Papers:
    """Make an authority in a folder; names: for whom the server's certificate is good; days: -1 has expired."""
    folder.mkdir(parents=True, exist_ok=True)
    authority_key = ec.generate_private_key(ec.SECP256R1())
    authority = _certificate("authority", authority_key, None, None, days=9, names=())
    made = {}
    for who in ("server", "client"):
        key = ec.generate_private_key(ec.SECP256R1())
        usage = ExtendedKeyUsageOID.SERVER_AUTH if who == "server" else ExtendedKeyUsageOID.CLIENT_AUTH
        certificate = _certificate(
            who, key, (authority, authority_key), usage, days=days, names=names if who == "server" else ()
        )
        made[who] = _written(folder / f"{who}.pem", certificate.public_bytes(serialization.Encoding.PEM))
        made[f"{who}_key"] = _written(
            folder / f"{who}.key",
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            ),
        )
    ca = _written(folder / "ca.pem", authority.public_bytes(serialization.Encoding.PEM))
    return Papers(ca, made["server"], made["server_key"], made["client"], made["client_key"])


def _written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    path.chmod(0o600)
    return path


def _certificate(
    who: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: tuple[x509.Certificate, ec.EllipticCurvePrivateKey] | None,
    usage: x509.ObjectIdentifier | None,
    *,
    days: int,
    names: tuple[str, ...],
) -> x509.Certificate:
    now = datetime.now(UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"test {who}")])
    by, by_key = (issuer[0].subject, issuer[1]) if issuer else (subject, key)
    first, last = sorted((now + timedelta(days=days), now - timedelta(days=2)))
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(by)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(first)
        .not_valid_after(last)
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(by_key.public_key()), critical=False)
        .add_extension(
            x509.KeyUsage(
                digital_signature=True, key_cert_sign=issuer is None, crl_sign=issuer is None, key_encipherment=False,
                content_commitment=False, data_encipherment=False, key_agreement=False, encipher_only=False,
                decipher_only=False,
            ),
            critical=True,
        )
    )  # fmt: skip
    if usage is not None:
        made = made.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
    if names:
        made = made.add_extension(x509.SubjectAlternativeName([_name(name) for name in names]), critical=False)
    return made.sign(by_key, hashes.SHA256())


def _name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
