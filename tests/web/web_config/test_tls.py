"""TLS on loopback."""

from __future__ import annotations

import asyncio
import ssl
import threading
import warnings
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest
import trustme

from exporter.web.web_config.password_checker import PasswordChecker
from exporter.web.web_config.web_config import WebConfig
from tests.support import PATIENCE
from tests.web.web_config.support import ALICE, Certificates, Protected, basic, protected

OLD = {"TLS10": ssl.TLSVersion.TLSv1, "TLS11": ssl.TLSVersion.TLSv1_1}
VERSIONS = OLD | {"TLS12": ssl.TLSVersion.TLSv1_2, "TLS13": ssl.TLSVersion.TLSv1_3}
MUTUAL = "client_ca_file: CA, client_auth_type: RequireAndVerifyClientCert"
IF_GIVEN = "client_ca_file: CA, client_auth_type: VerifyClientCertIfGiven"


def limited_to(context: ssl.SSLContext, version: str) -> ssl.SSLContext:
    """A client with only one TLS version."""
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = context.maximum_version = VERSIONS[version]
    return context


async def handshake(server: Protected, context: ssl.SSLContext) -> tuple[str | None, str]:
    """The negotiated version and suite."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port, ssl=context)
    writer.write(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    assert (await reader.read()).startswith(b"HTTP/1.1 200")
    found: ssl.SSLObject = writer.get_extra_info("ssl_object")
    version, suite = found.version(), found.cipher()
    writer.close()
    return version, suite[0] if suite else ""


async def agreed(config: WebConfig, *clients: ssl.SSLContext) -> list[tuple[str | None, str]]:
    async with protected(config) as server:
        return [await handshake(server, client) for client in clients]


@pytest.mark.parametrize(
    ("block", "supported"),
    [
        ("", {"TLS12", "TLS13"}),
        ("min_version: TLS13", {"TLS13"}),
        ("max_version: TLS12", {"TLS12"}),
        ("min_version: TLS11", {"TLS11", "TLS12", "TLS13"}),
        ("min_version: TLS10, max_version: TLS11", {"TLS10", "TLS11"}),
    ],
)
async def test_the_versions_between_both_bounds_are_supported_and_no_others(
    certificates: Certificates, tmp_path: Path, block: str, supported: set[str]
) -> None:
    found = set()
    async with protected(certificates.load(tmp_path, block)) as server:
        for version in VERSIONS:
            try:
                await handshake(server, limited_to(certificates.client(), version))
                found.add(version)
            except (ssl.SSLError, ConnectionError):
                pass
    assert found == supported


async def test_the_suites_and_their_order_are_the_servers(certificates: Certificates, tmp_path: Path) -> None:
    suites = "cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA, TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256], max_version: TLS12"
    mine, first = certificates.client(), certificates.client()
    for client in (mine, first):
        client.set_ciphers("ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-SHA:ECDHE-ECDSA-AES256-GCM-SHA384")
    assert await agreed(certificates.load(tmp_path, suites), mine) == [("TLSv1.2", "ECDHE-ECDSA-AES256-SHA")]
    theirs = certificates.load(tmp_path, f"{suites}, prefer_server_cipher_suites: false")
    assert await agreed(theirs, first) == [("TLSv1.2", "ECDHE-ECDSA-AES128-GCM-SHA256")]


async def test_a_client_without_a_common_suite_is_refused(certificates: Certificates, tmp_path: Path) -> None:
    client = certificates.client()
    client.set_ciphers("ECDHE-ECDSA-AES256-GCM-SHA384")
    config = certificates.load(tmp_path, "cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256], max_version: TLS12")
    with pytest.raises((ssl.SSLError, ConnectionError)):
        await agreed(config, client)


@pytest.mark.parametrize(("curve", "common"), [("secp384r1", "yes"), ("prime256v1", "no")])
async def test_only_the_chosen_curve_is_accepted(certificates: Certificates, tmp_path: Path, curve: str, common: str) -> None:
    client = certificates.client()
    client.set_ecdh_curve(curve)
    config = certificates.load(tmp_path, "curve_preferences: [CurveP384]")
    try:
        await agreed(config, client)
        found = "yes"
    except (ssl.SSLError, ConnectionError):
        found = "no"
    assert found == common


async def test_a_client_that_prefers_http2_is_answered_in_http1(certificates: Certificates, tmp_path: Path) -> None:
    client = certificates.client()
    client.set_alpn_protocols(["h2", "http/1.1"])
    async with protected(certificates.load(tmp_path, "")) as server:
        _, writer = await asyncio.open_connection("127.0.0.1", server.port, ssl=client)
        assert writer.get_extra_info("ssl_object").selected_alpn_protocol() == "http/1.1"
        writer.close()
        await writer.wait_closed()


@pytest.mark.parametrize(
    ("block", "shown", "expected"),
    [
        ("", "", "in"),
        ("", "unknown", "in"),
        (IF_GIVEN, "", "in"),
        (IF_GIVEN, "client", "in"),
        (IF_GIVEN, "unknown", "out"),
        (MUTUAL, "", "out"),
        (MUTUAL, "client", "in"),
        (MUTUAL, "unknown", "out"),
    ],
)
async def test_client_certificates_are_verified_as_configured(
    certificates: Certificates, tmp_path: Path, block: str, shown: str, expected: str
) -> None:
    async with protected(certificates.load(tmp_path, block)) as server:
        try:
            assert await server.status(tls=certificates.client(shown)) == 200
            found = "in"
        except aiohttp.ClientError:
            found = "out"
        assert found == expected
        assert server.seen == (["/"] if expected == "in" else [])


async def test_an_intermediate_alone_can_be_the_authority(certificates: Certificates, tmp_path: Path) -> None:
    team = certificates.authority.create_child_ca()
    team.cert_pem.write_to_path(tmp_path / "team.pem")
    config = certificates.load(tmp_path, f"client_ca_file: {tmp_path}/team.pem, client_auth_type: RequireAndVerifyClientCert")
    member = certificates.client("")
    team.issue_cert("member.example").configure_cert(member)
    async with protected(config) as server:
        assert await server.status(tls=member) == 200
        with pytest.raises(aiohttp.ClientError):
            await server.status(tls=certificates.client())


@pytest.mark.parametrize(
    ("allowed", "shown", "status"),
    [
        ("client.example", "client", 200),
        ("CLIENT.example", "client", 403),
        ("'*.example'", "client", 403),
        ("other.example, client.example", "client", 200),
        ("'FE80:0:0:0::1:2'", "address", 200),
        ("'fe80::1:3'", "address", 403),
        ("ops@client.example", "mail", 200),
        ("client.example", "mail", 403),
        ("spiffe://example/prometheus", "uri", 200),
        ("spiffe://example", "uri", 403),
        ("client.example", "person", 403),
    ],
)
async def test_one_name_of_the_certificate_must_be_allowed(
    certificates: Certificates, tmp_path: Path, allowed: str, shown: str, status: int
) -> None:
    config = certificates.load(tmp_path, f"{MUTUAL}, client_allowed_sans: [{allowed}]")
    async with protected(config) as server:
        assert await server.status(tls=certificates.client(shown)) == status
        assert await server.status("/nowhere", tls=certificates.client(shown)) == (404 if status == 200 else 403)


async def test_a_client_without_a_certificate_has_no_allowed_name(certificates: Certificates, tmp_path: Path) -> None:
    async with protected(certificates.load(tmp_path, f"{IF_GIVEN}, client_allowed_sans: [client.example]")) as server:
        assert await server.status(tls=certificates.client("")) == 403
        assert await server.status(tls=certificates.client()) == 200


async def test_names_that_are_no_longer_allowed_are_refused(certificates: Certificates, tmp_path: Path) -> None:
    config = certificates.load(tmp_path, f"{MUTUAL}, client_allowed_sans: [client.example]")
    async with protected(config) as server:
        assert await server.status(tls=certificates.client()) == 200
        server.apply(certificates.load(tmp_path, f"{MUTUAL}, client_allowed_sans: [other.example]"))
        assert await server.status(tls=certificates.client()) == 403


GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"


async def answer(reader: asyncio.StreamReader) -> bytes:
    """The head of an answer; nothing if the server has closed the connection."""
    try:
        async with asyncio.timeout(PATIENCE):
            head = await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(len("secret page\n"))
            return head
    except (asyncio.IncompleteReadError, ConnectionError):
        return b""


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", MUTUAL),
        ("", IF_GIVEN),
        (IF_GIVEN, MUTUAL),
        (MUTUAL, MUTUAL.replace("CA", "OTHER")),
        ("", "min_version: TLS13"),
        ("", "cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256]"),
        (f"{MUTUAL}, client_allowed_sans: [client.example]", f"{MUTUAL}, client_allowed_sans: [other.example]"),
    ],
)
async def test_an_idle_connection_is_closed_when_the_tls_policy_changes(
    certificates: Certificates, tmp_path: Path, before: str, after: str
) -> None:
    trustme.CA().cert_pem.write_to_path(tmp_path / "other.pem")
    async with protected(certificates.load(tmp_path, before)) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port, ssl=certificates.client())
        writer.write(GET)
        assert (await answer(reader)).startswith(b"HTTP/1.1 200")
        server.apply(certificates.load(tmp_path, after.replace("OTHER", str(tmp_path / "other.pem"))))
        writer.write(GET)
        assert await answer(reader) == b""
        writer.transport.abort()
    assert server.seen == ["/"]


@pytest.mark.parametrize("is_encrypted", [False, True])
async def test_connections_are_closed_when_tls_is_switched_on_or_off(
    certificates: Certificates, tmp_path: Path, *, is_encrypted: bool
) -> None:
    plain, encrypted = WebConfig(), certificates.load(tmp_path, "")
    before, after = (encrypted, plain) if is_encrypted else (plain, encrypted)
    async with protected(before) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port, ssl=certificates.client() if is_encrypted else None)
        writer.write(GET)
        assert (await answer(reader)).startswith(b"HTTP/1.1 200")
        server.apply(after)
        writer.write(GET)
        assert await answer(reader) == b""
        writer.transport.abort()
        assert await server.status(tls=None if is_encrypted else certificates.client()) == 200


async def test_an_answer_in_progress_is_finished_before_the_connection_is_closed(certificates: Certificates, tmp_path: Path) -> None:
    go, begun = threading.Event(), threading.Event()

    def slow(_password: bytes, _stored: bytes) -> bool:
        begun.set()
        return go.wait(PATIENCE)

    users = f"basic_auth_users: {{alice: {ALICE}}}"
    login = f"GET / HTTP/1.1\r\nHost: a\r\nAuthorization: {basic('alice', 'x')}\r\n\r\n".encode()
    async with protected(certificates.load(tmp_path, "", users), PasswordChecker(slow)) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port, ssl=certificates.client())
        writer.write(login)
        await asyncio.to_thread(begun.wait, PATIENCE)
        server.apply(certificates.load(tmp_path, MUTUAL, users))
        go.set()
        head = await answer(reader)
        assert head.startswith(b"HTTP/1.1 200")
        assert b"Connection: close" in head
        writer.write(login)
        assert await answer(reader) == b""
        writer.transport.abort()


async def test_after_a_new_certificate_an_open_connection_is_answered_once_more(certificates: Certificates, tmp_path: Path) -> None:
    config = certificates.load(tmp_path, "")
    assert config.tls
    renewed = replace(config, tls=replace(config.tls, certificate="another"))
    async with protected(config) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port, ssl=certificates.client())
        heads = []
        for applied in (config, certificates.load(tmp_path, ""), renewed, renewed):
            server.apply(applied)
            writer.write(GET)
            heads.append(await answer(reader))
        writer.transport.abort()
    assert [b"Connection: close" in head for head in heads] == [False, False, True, False]
    assert heads[3] == b""


async def test_a_handshake_in_progress_does_not_outlive_its_policy(certificates: Certificates, tmp_path: Path) -> None:
    async with protected(certificates.load(tmp_path, "")) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(b"\x16\x03\x01")
        await server.status(tls=certificates.client())
        server.apply(certificates.load(tmp_path, MUTUAL))
        assert await answer(reader) == b""
        writer.transport.abort()
