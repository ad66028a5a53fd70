"""Helpers for tests of the web configuration: certificates, credentials, and a server with access control."""

from __future__ import annotations

import base64
import datetime as dt
import ipaddress
import ssl
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import aiohttp
import trustme
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from exporter.errors import ConfigError
from exporter.web.address import Address
from exporter.web.connection import note_request
from exporter.web.server import Server
from exporter.web.sockets import bind
from exporter.web.web_config.access import AccessControl
from exporter.web.web_config.loader import load_web_config
from exporter.web.web_config.password_checker import PasswordChecker
from exporter.web.web_config.web_config import WebConfig
from tests.config.support import without_line

HERE: Final = Path(__file__).parent
ALICE: Final = "$2y$04$N0LceBgjP5VNnRit0dDpEeyMoFQNPni8naGJZr/SENYvzR..kUXqG"  # wonderland
BOB: Final = "$2b$05$A3qKC7fVMVaU/x/.IWnfTuMVUfFSWGG33.Wl2.TTpXaHKLoTv6lMO"  # rubble
EMPTY: Final = "$2y$04$BNelPDOQAlHCvVlSOnfUm.FV2ZRLV0F75fmm/5uPI8Kp.XECkuh2m"  # the empty password


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def problems(path: Path) -> list[str]:
    try:
        load_web_config(path)
    except ConfigError as error:
        return [without_line(problem, path) if problem.place else str(problem) for problem in error.problems]
    return []


def write(folder: Path, text: str) -> Path:
    path = folder / "web.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@dataclass(frozen=True, slots=True)
class Certificates:
    """A folder with the certificates that the tests' files name."""

    folder: Path
    authority: trustme.CA

    def client(self, name: str = "client") -> ssl.SSLContext:
        """A client that trusts the server and presents the certificate of this name."""
        context = ssl.create_default_context(cafile=self.folder / "ca.pem")
        if name:
            context.load_cert_chain(self.folder / f"{name}.pem", self.folder / f"{name}.key")
        return context

    def load(self, folder: Path, block: str, rest: str = "") -> WebConfig:
        """A configuration with TLS, with these further lines in its block."""
        files = f"cert_file: {self.folder}/server.pem, key_file: {self.folder}/server.key"
        return load_web_config(write(folder, f"tls_server_config: {{{files}, {block.replace('CA', f'{self.folder}/ca.pem')}}}\n{rest}"))

    def issue(self, name: str, *names: x509.GeneralName) -> None:
        """A client's certificate with names of any kind."""
        issuer = x509.load_pem_x509_certificate(self.authority.cert_pem.bytes())
        signer = serialization.load_pem_private_key(self.authority.private_key_pem.bytes(), None)
        key, now = ec.generate_private_key(ec.SECP256R1()), dt.datetime.now(dt.UTC)
        day = dt.timedelta(days=1)
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        builder = x509.CertificateBuilder(issuer.subject, subject, key.public_key(), 7, now - day, now + day)
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=True)
        assert isinstance(signer, ec.EllipticCurvePrivateKey)
        (self.folder / f"{name}.pem").write_bytes(builder.sign(signer, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
        self.write_key(f"{name}.key", key)

    def write_key(self, name: str, key: ec.EllipticCurvePrivateKey, password: bytes = b"") -> None:
        lock = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
        text = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, lock)
        (self.folder / name).write_bytes(text)


def make_certificates(folder: Path) -> Certificates:
    authority, other = trustme.CA(), trustme.CA()
    certificates = Certificates(folder, authority)
    authority.cert_pem.write_to_path(folder / "ca.pem")
    for name, issuer in (("server", authority), ("client", authority), ("unknown", other)):
        issued = issuer.issue_cert("127.0.0.1" if name == "server" else f"{name}.example")
        issued.cert_chain_pems[0].write_to_path(folder / f"{name}.pem")
        issued.private_key_pem.write_to_path(folder / f"{name}.key")
    certificates.issue("address", x509.IPAddress(ipaddress.ip_address("fe80::1:2")))
    certificates.issue("mail", x509.RFC822Name("ops@client.example"))
    certificates.issue("uri", x509.UniformResourceIdentifier("spiffe://example/prometheus"))
    certificates.issue("person", x509.DirectoryName(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "client.example")])))
    certificates.write_key("encrypted.key", ec.generate_private_key(ec.SECP256R1()), b"password")
    (folder / "junk.pem").write_text("-----BEGIN CERTIFICATE-----\nMIIcanary\n-----END CERTIFICATE-----\n")
    return certificates


@dataclass(frozen=True, slots=True)
class Protected:
    """A server with access control, and the paths whose requests have passed it."""

    port: int
    seen: list[str]
    server: Server
    access: AccessControl

    def apply(self, config: WebConfig) -> None:
        """Reload, as the daemon does it."""
        self.server.apply(config)
        self.access.apply(config)

    @asynccontextmanager
    async def ask(
        self, path: str = "/", method: str = "GET", tls: ssl.SSLContext | None = None, **headers: str
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}{path}"
        async with aiohttp.ClientSession() as session, session.request(method, url, headers=headers, ssl=tls or True) as response:
            yield response

    async def status(self, path: str = "/", method: str = "GET", tls: ssl.SSLContext | None = None, **headers: str) -> int:
        async with self.ask(path, method, tls, **headers) as response:
            return response.status


@asynccontextmanager
async def protected(
    config: WebConfig, checker: PasswordChecker | None = None, clock: Callable[[], float] = time.monotonic
) -> AsyncIterator[Protected]:
    """Serve `/`, `/-/healthy` and `/broken` with this web configuration."""
    seen: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        seen.append(request.path)
        if request.path == "/broken":
            raise web.HTTPInternalServerError
        return web.Response(text="secret page\n", headers={"X-Frame-Options": "allow"})

    with closing(AccessControl(config, checker, clock)) as access:
        application = web.Application(middlewares=[note_request, access.middleware])
        application.add_routes([web.get(path, answer) for path in ("/", "/-/healthy", "/broken")])
        async with Server(application, await bind([Address("127.0.0.1", 0)]), config) as server:
            yield Protected(server.addresses[0].port, seen, server, access)
