"""What the tests of the gate share: certificates, logins, and a server that stands behind a gate."""

from __future__ import annotations

import base64
import datetime as dt
import ipaddress
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
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
from exporter.web.web_config.gate import Gate
from exporter.web.web_config.loading import WebConfig, load_web_config

HERE: Final = Path(__file__).parent
ALICE: Final = "$2y$04$N0LceBgjP5VNnRit0dDpEeyMoFQNPni8naGJZr/SENYvzR..kUXqG"  # wonderland
BOB: Final = "$2b$05$A3qKC7fVMVaU/x/.IWnfTuMVUfFSWGG33.Wl2.TTpXaHKLoTv6lMO"  # rubble
EMPTY: Final = "$2y$04$BNelPDOQAlHCvVlSOnfUm.FV2ZRLV0F75fmm/5uPI8Kp.XECkuh2m"  # the empty password


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def problems(path: Path) -> list[str]:
    """All that is wrong with a file; nothing where it is right."""
    try:
        load_web_config(path)
    except ConfigError as error:
        return [str(problem) for problem in error.problems]
    return []


def write(folder: Path, text: str) -> Path:
    path = folder / "web.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@dataclass(frozen=True, slots=True)
class Papers:
    """A folder with the certificates that the tests' files name."""

    folder: Path
    authority: trustme.CA

    def client(self, name: str = "client") -> ssl.SSLContext:
        """One who trusts the server, and shows the certificate of that name."""
        context = ssl.create_default_context(cafile=self.folder / "ca.pem")
        if name:
            context.load_cert_chain(self.folder / f"{name}.pem", self.folder / f"{name}.key")
        return context

    def load(self, folder: Path, block: str, rest: str = "") -> WebConfig:
        """A configuration with TLS, and with these further lines in its block."""
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


def make_papers(folder: Path) -> Papers:
    authority, stranger = trustme.CA(), trustme.CA()
    papers = Papers(folder, authority)
    authority.cert_pem.write_to_path(folder / "ca.pem")
    for name, issuer in (("server", authority), ("client", authority), ("stranger", stranger)):
        issued = issuer.issue_cert("127.0.0.1" if name == "server" else f"{name}.example")
        issued.cert_chain_pems[0].write_to_path(folder / f"{name}.pem")
        issued.private_key_pem.write_to_path(folder / f"{name}.key")
    papers.issue("address", x509.IPAddress(ipaddress.ip_address("fe80::1:2")))
    papers.issue("mail", x509.RFC822Name("ops@client.example"))
    papers.issue("uri", x509.UniformResourceIdentifier("spiffe://example/prometheus"))
    papers.issue("person", x509.DirectoryName(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "client.example")])))
    papers.write_key("encrypted.key", ec.generate_private_key(ec.SECP256R1()), b"password")
    (folder / "junk.pem").write_text("-----BEGIN CERTIFICATE-----\nMIIcanary\n-----END CERTIFICATE-----\n")
    return papers


@dataclass(frozen=True, slots=True)
class Guarded:
    """A server behind a gate, and what got through to it."""

    port: int
    seen: list[str]

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
async def guarding(gate: Gate) -> AsyncIterator[Guarded]:
    """Serve `/` and `/broken` behind the gate, over TLS where its configuration says so."""
    seen: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        seen.append(request.path)
        if request.path == "/broken":
            raise web.HTTPInternalServerError
        return web.Response(text="secret page\n", headers={"X-Frame-Options": "allow"})

    application = web.Application(middlewares=[gate.middleware])
    application.router.add_get("/", answer)
    application.router.add_get("/broken", answer)
    application.on_response_prepare.append(gate.on_response_prepare)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=gate.config.ssl_context()).start()
        yield Guarded(runner.addresses[0][1], seen)
    finally:
        await runner.cleanup()
        gate.close()
