"""Certificates."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
import warnings
from collections.abc import Sequence
from contextlib import suppress
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import DNSName, GeneralName, IPAddress

from exporter.client.client import Client
from exporter.client.transport import open_session
from exporter.client.trust import TrustStore
from exporter.config.connection_settings import ConnectionSettings, ssl_context
from exporter.config.credentials import shown_file
from exporter.errors import PollError
from exporter.model import Reason, Seconds
from exporter.validation.file_threads import FileThreads
from tests.client.certificates import Authority, server_context, server_side_of, subject_hash
from tests.client.support import failure, poll, vendor
from tests.support import CANARY, FakeClock, make_job


@pytest.fixture(scope="module")
def ca() -> Authority:
    return Authority()


@pytest.fixture
def ca_file(ca: Authority, tmp_path: Path) -> Path:
    file = tmp_path / "ca.pem"
    file.write_bytes(ca.certificate.public_bytes(Encoding.PEM))
    return file


def replace(file: Path, *authorities: Authority) -> None:
    """Write another file of another size, so that the change is noticed with any clock of the file system."""
    file.write_bytes(b"".join(authority.certificate.public_bytes(Encoding.PEM) for authority in authorities) or b"nonsense")


ISSUED = "the server's certificate is signed by an unknown authority"
FAULTS: list[tuple[str, str]] = [
    ("unknown", ISSUED),
    ("unknown with chain", f"{ISSUED}, which is self-signed"),
    ("host", "the server's certificate is for another host name"),
    ("address", "the server's certificate is for another host name"),
    ("expired", "the server's certificate has expired"),
    ("future", "the server's certificate is not valid yet"),
    ("self-signed", "the server's certificate is self-signed and not trusted"),
]


@pytest.mark.parametrize(("case", "message"), FAULTS, ids=[case for case, _ in FAULTS])
@pytest.mark.parametrize("trusted", ["ca_file", "system"])
async def test_each_fault_of_a_certificate_is_named(
    ca: Authority, ca_file: Path, case: str, message: str, trusted: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(ca_file))
    dates = {"expired": (-20, -10), "future": (10, 20)}.get(case, (-1, 1))
    others: dict[str, Sequence[GeneralName]] = {"host": [DNSName(f"{CANARY}.test")], "address": [IPAddress(ip_address("127.0.0.2"))]}
    tls = server_context(Authority(), with_chain=True) if case == "unknown with chain" else server_context(
        None if case == "self-signed" else Authority() if case == "unknown" else ca, days=dates, names=others.get(case)
    )  # fmt: skip
    async with vendor(tls) as port:
        job = make_job(f"https://127.0.0.1:{port}", connection=ConnectionSettings(ca_file=ca_file if trusted == "ca_file" else None))
        assert await failure(job) == (Reason.TLS, message)


async def test_an_old_version_of_tls_is_refused(ca: Authority, ca_file: Path) -> None:
    tls = server_context(ca)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        tls.minimum_version, tls.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    tls.set_ciphers("ALL:@SECLEVEL=0")
    async with vendor(tls) as port:
        job = make_job(f"https://127.0.0.1:{port}", connection=ConnectionSettings(ca_file=ca_file))
        assert (await failure(job))[0] is Reason.TLS  # an alert or the end of the connection, whichever arrives first


async def test_a_port_without_tls_is_named() -> None:
    async with vendor() as port:
        assert await failure(make_job(f"https://127.0.0.1:{port}")) == (Reason.TLS, "the server does not speak TLS on this port")


async def test_a_required_client_certificate_is_a_tls_failure(ca: Authority, ca_file: Path) -> None:
    tls = server_context(ca)
    tls.load_verify_locations(ca_file)
    tls.verify_mode = ssl.CERT_REQUIRED
    with socket.create_server(("127.0.0.1", 0)) as listener:
        refusing = threading.Thread(target=refuse, args=(listener, tls))
        refusing.start()
        job = make_job(f"https://127.0.0.1:{listener.getsockname()[1]}", connection=ConnectionSettings(ca_file=ca_file))
        assert await failure(job) == (Reason.TLS, "the server ended the TLS connection with an alert")
        refusing.join()


def refuse(listener: socket.socket, tls: ssl.SSLContext) -> None:
    """Refuse a client with an alert, which asyncio's servers do not send."""
    for _ in range(2):  # aiohttp repeats a GET whose connection ends without a response
        client, _ = listener.accept()
        with client.dup() as plain, tls.wrap_socket(client, server_side=True, do_handshake_on_connect=False) as secure:
            with suppress(ssl.SSLError):
                secure.do_handshake()
            plain.shutdown(socket.SHUT_WR)
            while plain.recv(4096):  # a close before the end would be a reset, which discards the alert
                pass


TRUSTED: dict[str, dict[str, Any]] = {
    "a usual root": {},
    "a root whose basicConstraints are not critical": {"critical": False},
    "a root without keyUsage": {"key_usage": False},
    "a root without identifiers": {"identifiers": False},
}


@pytest.mark.parametrize("origin", ["ca_file", "SSL_CERT_FILE", "SSL_CERT_DIR"])
@pytest.mark.parametrize("kind", [*TRUSTED, "an intermediate alone", "a self-signed server certificate"])
async def test_the_authorities_that_curl_trusts_are_trusted(
    kind: str, origin: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = Authority(**TRUSTED.get(kind, {}))
    issuer = Authority(issuer=root) if kind == "an intermediate alone" else None if kind == "a self-signed server certificate" else root
    tls, certificate = server_side_of(issuer)
    pem = (issuer.certificate if issuer else certificate).public_bytes(Encoding.PEM)
    file = tmp_path / "trusted.pem"
    file.write_bytes(pem)
    if origin == "SSL_CERT_DIR":
        (tmp_path / f"{subject_hash(issuer.certificate if issuer else certificate)}.0").write_bytes(pem)
    monkeypatch.setenv("SSL_CERT_FILE", str(file if origin == "SSL_CERT_FILE" else tmp_path / "none"))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path if origin == "SSL_CERT_DIR" else tmp_path / "none"))
    async with vendor(tls) as port:
        connection = ConnectionSettings(ca_file=file if origin == "ca_file" else None)
        assert (await poll(make_job(f"https://127.0.0.1:{port}", connection=connection))).quotas


@pytest.mark.parametrize("is_system", [True, False])
def test_the_flags_that_python_3_13_changed_are_set_for_every_version(ca_file: Path, is_system: bool) -> None:  # noqa: FBT001 -- a case
    context = ssl_context(None if is_system else ca_file)
    assert context.verify_flags == ssl.VERIFY_X509_TRUSTED_FIRST | ssl.VERIFY_X509_PARTIAL_CHAIN
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2


async def test_a_changed_ca_file_is_used_at_the_next_poll(ca: Authority, ca_file: Path) -> None:
    other = Authority()
    async with vendor(server_context(ca)) as port, open_session("test") as session:
        client = Client(session, {}, FakeClock().clock)
        job = make_job(f"https://127.0.0.1:{port}", connection=ConnectionSettings(ca_file=ca_file))

        async def outcome() -> tuple[Reason, str] | None:
            try:
                await client.poll(job)
            except PollError as error:
                return error.reason, str(error)
            return None

        assert await outcome() is None
        replace(ca_file, other, other)
        assert await outcome() == (Reason.TLS, ISSUED)
        replace(ca_file)
        assert await outcome() == (Reason.TLS, f"ca_file: {shown_file(ca_file)} contains no usable certificates: expected PEM format")
        ca_file.unlink()
        assert await outcome() == (Reason.TLS, f"ca_file: {shown_file(ca_file)} cannot be read: No such file or directory")
        replace(ca_file, other, ca)
        assert await outcome() is None


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("/none/own.pem", "the file /none/own.pem cannot be read: No such file or directory"),
        (f"/none/{CANARY}", "the file cannot be read: No such file or directory"),
        ("/dev/null", "the file /dev/null cannot be read: not a regular file"),
    ],
)
async def test_a_failure_of_a_ca_file_names_the_file_unless_its_path_may_be_a_key(path: str, message: str) -> None:
    with pytest.raises(PollError) as caught:
        await TrustStore(FileThreads()).context(Path(path))
    assert (caught.value.reason, str(caught.value)) == (Reason.TLS, f"ca_file: {message}")


async def test_a_ca_file_that_does_not_answer_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    release = threading.Event()
    monkeypatch.setattr("exporter.client.trust.ssl_context", lambda _: release.wait())
    with pytest.raises(PollError, match=r"^ca_file: the file /dev/null does not answer$"):
        await TrustStore(FileThreads(Seconds(0.01))).context(Path("/dev/null"))
    release.set()


async def test_an_unchanged_ca_file_is_read_once(ca_file: Path) -> None:
    store = TrustStore(FileThreads())
    first = await store.context(ca_file)
    assert await store.context(ca_file) is first
    replace(ca_file, Authority(), Authority())
    assert await store.context(ca_file) is not first
    system = await store.context(None)
    assert await store.context(None) is system


async def test_a_hanging_ca_file_delays_only_its_own_accounts(
    ca: Authority, ca_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    release, reads = threading.Event(), []
    dead = tmp_path / "dead.pem"

    def read(file: Path | None) -> ssl.SSLContext:
        reads.append(file)
        if file == dead:
            release.wait()
        return original(file)

    original = ssl_context
    monkeypatch.setattr("exporter.client.trust.ssl_context", read)
    dead.write_bytes(ca_file.read_bytes())
    async with vendor(server_context(ca)) as port, open_session("test") as session:
        client = Client(session, {}, FakeClock().clock)
        hanging = make_job(f"https://127.0.0.1:{port}", connection=ConnectionSettings(ca_file=dead), timeout=Seconds(0.2))
        outcomes = await asyncio.gather(*(client.poll(hanging) for _ in range(60)), return_exceptions=True)
        assert {str(outcome) for outcome in outcomes} == {"no complete response within 0.2s"}
        assert (await client.poll(make_job(f"https://127.0.0.1:{port}", connection=ConnectionSettings(ca_file=ca_file)))).quotas
        assert await asyncio.to_thread(lambda: 7) == 7
        release.set()
        assert (await client.poll(make_job(f"https://127.0.0.1:{port}", connection=hanging.settings.connection))).quotas
    assert reads == [dead, ca_file]


async def test_a_failed_read_of_the_system_certificates_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    outcomes: list[OSError | None] = [OSError("no more threads"), None]

    def read(file: Path | None) -> ssl.SSLContext:
        if (error := outcomes.pop(0)) is not None:
            raise error
        return ssl_context(file)

    monkeypatch.setattr("exporter.client.trust.ssl_context", read)
    store = TrustStore(FileThreads())
    with pytest.raises(OSError, match="no more threads"):
        await store.context(None)
    assert await store.context(None) is await store.context(None)
