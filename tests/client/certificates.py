"""Certificates that differ from the usual ones in one point."""

from __future__ import annotations

import hashlib
import ssl
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

DAY: Final = timedelta(days=1)
SIGNING: Final = x509.KeyUsage(
    digital_signature=True, key_cert_sign=True, crl_sign=True, content_commitment=False, key_encipherment=False,
    data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False,
)  # fmt: skip


def name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])


@dataclass
class Authority:
    issuer: Authority | None = None
    critical: bool = True
    key_usage: bool = True
    identifiers: bool = True
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def __post_init__(self) -> None:
        builder = new(name(f"authority {id(self)}"), self.key, self.issuer, (-30, 30))
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=self.critical)
        if self.key_usage:
            builder = builder.add_extension(SIGNING, critical=True)
        if self.identifiers:
            builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(self.key.public_key()), critical=False)
        self.certificate = builder.sign(self.issuer.key if self.issuer else self.key, SHA256())


def new(subject: x509.Name, key: ec.EllipticCurvePrivateKey, issuer: Authority | None, days: tuple[int, int]) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return x509.CertificateBuilder(
        subject_name=subject,
        issuer_name=issuer.certificate.subject if issuer else subject,
        public_key=key.public_key(),
        serial_number=x509.random_serial_number(),
        not_valid_before=now + days[0] * DAY,
        not_valid_after=now + days[1] * DAY,
    )


def server_side_of(
    issuer: Authority | None,
    days: tuple[int, int] = (-1, 1),
    names: Sequence[x509.GeneralName] | None = None,
    *,
    with_chain: bool = False,
) -> tuple[ssl.SSLContext, x509.Certificate]:
    """A server on loopback, and its certificate; self-signed without an issuer."""
    key = ec.generate_private_key(ec.SECP256R1())
    builder = new(name("server"), key, issuer, days)
    builder = builder.add_extension(x509.SubjectAlternativeName(names or [x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    certificate = builder.sign(issuer.key if issuer else key, SHA256())
    chain = [certificate, issuer.certificate] if issuer and with_chain else [certificate]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "server.pem"
        file.write_bytes(
            key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            + b"".join(each.public_bytes(Encoding.PEM) for each in chain)
        )
        context.load_cert_chain(file)
    return context, certificate


def server_context(
    issuer: Authority | None, days: tuple[int, int] = (-1, 1), names: Sequence[x509.GeneralName] | None = None, *, with_chain: bool = False
) -> ssl.SSLContext:
    """The context of a server on loopback."""
    return server_side_of(issuer, days, names, with_chain=with_chain)[0]


def subject_hash(certificate: x509.Certificate) -> str:
    """The name of a file in a folder of certificates, as `openssl rehash` makes it; right for short names in lower case."""
    content = certificate.subject.public_bytes()[2:]
    return f"{int.from_bytes(hashlib.sha1(content).digest()[:4], 'little'):08x}"  # noqa: S324 -- OpenSSL's choice
