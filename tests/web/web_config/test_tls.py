"""TLS on loopback, as a browser or Prometheus meets it."""

from __future__ import annotations

import asyncio
import ssl
import warnings
from pathlib import Path

import aiohttp
import pytest

from exporter.web.web_config.gate import Gate
from exporter.web.web_config.loading import WebConfig
from tests.web.web_config.support import Guarded, Papers, guarding

OLD = {"TLS10": ssl.TLSVersion.TLSv1, "TLS11": ssl.TLSVersion.TLSv1_1}
VERSIONS = OLD | {"TLS12": ssl.TLSVersion.TLSv1_2, "TLS13": ssl.TLSVersion.TLSv1_3}
MUTUAL = "client_ca_file: CA, client_auth_type: RequireAndVerifyClientCert"
IF_GIVEN = "client_ca_file: CA, client_auth_type: VerifyClientCertIfGiven"


def speaking(context: ssl.SSLContext, version: str) -> ssl.SSLContext:
    """A client that speaks one version only, however old."""
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = context.maximum_version = VERSIONS[version]
    return context


async def handshake(server: Guarded, context: ssl.SSLContext) -> tuple[str | None, str]:
    """The version and the suite that both agree on."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port, ssl=context)
    writer.write(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    assert (await reader.read()).startswith(b"HTTP/1.1 200")
    found: ssl.SSLObject = writer.get_extra_info("ssl_object")
    version, suite = found.version(), found.cipher()
    writer.close()
    return version, suite[0] if suite else ""


async def agreed(config: WebConfig, *clients: ssl.SSLContext) -> list[tuple[str | None, str]]:
    async with guarding(Gate(config)) as server:
        return [await handshake(server, client) for client in clients]


@pytest.mark.parametrize(
    ("block", "spoken"),
    [
        ("", {"TLS12", "TLS13"}),
        ("min_version: TLS13", {"TLS13"}),
        ("max_version: TLS12", {"TLS12"}),
        ("min_version: TLS11", {"TLS11", "TLS12", "TLS13"}),
        ("min_version: TLS10, max_version: TLS11", {"TLS10", "TLS11"}),
    ],
)
async def test_the_versions_between_both_bounds_are_spoken_and_no_others(
    papers: Papers, tmp_path: Path, block: str, spoken: set[str]
) -> None:
    found = set()
    async with guarding(Gate(papers.load(tmp_path, block))) as server:
        for version in VERSIONS:
            try:
                await handshake(server, speaking(papers.client(), version))
                found.add(version)
            except (ssl.SSLError, ConnectionError):
                pass
    assert found == spoken


async def test_the_suites_and_their_order_are_the_servers(papers: Papers, tmp_path: Path) -> None:
    suites = "cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA, TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256], max_version: TLS12"
    mine, first = papers.client(), papers.client()
    for client in (mine, first):
        client.set_ciphers("ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-SHA:ECDHE-ECDSA-AES256-GCM-SHA384")
    assert await agreed(papers.load(tmp_path, suites), mine) == [("TLSv1.2", "ECDHE-ECDSA-AES256-SHA")]
    theirs = papers.load(tmp_path, f"{suites}, prefer_server_cipher_suites: false")
    assert await agreed(theirs, first) == [("TLSv1.2", "ECDHE-ECDSA-AES128-GCM-SHA256")]


async def test_a_client_without_a_common_suite_is_refused(papers: Papers, tmp_path: Path) -> None:
    client = papers.client()
    client.set_ciphers("ECDHE-ECDSA-AES256-GCM-SHA384")
    config = papers.load(tmp_path, "cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256], max_version: TLS12")
    with pytest.raises((ssl.SSLError, ConnectionError)):
        await agreed(config, client)


@pytest.mark.parametrize(("curve", "common"), [("secp384r1", "yes"), ("prime256v1", "no")])
async def test_only_the_chosen_curve_is_taken(papers: Papers, tmp_path: Path, curve: str, common: str) -> None:
    client = papers.client()
    client.set_ecdh_curve(curve)
    config = papers.load(tmp_path, "curve_preferences: [CurveP384]")
    try:
        await agreed(config, client)
        found = "yes"
    except (ssl.SSLError, ConnectionError):
        found = "no"
    assert found == common


async def test_a_client_that_would_rather_speak_http2_is_answered_in_http1(papers: Papers, tmp_path: Path) -> None:
    client = papers.client()
    client.set_alpn_protocols(["h2", "http/1.1"])
    async with guarding(Gate(papers.load(tmp_path, ""))) as server:
        _, writer = await asyncio.open_connection("127.0.0.1", server.port, ssl=client)
        assert writer.get_extra_info("ssl_object").selected_alpn_protocol() == "http/1.1"
        writer.close()
        await writer.wait_closed()


@pytest.mark.parametrize(
    ("block", "shown", "let_in"),
    [
        ("", "", "in"),
        ("", "stranger", "in"),
        (IF_GIVEN, "", "in"),
        (IF_GIVEN, "client", "in"),
        (IF_GIVEN, "stranger", "out"),
        (MUTUAL, "", "out"),
        (MUTUAL, "client", "in"),
        (MUTUAL, "stranger", "out"),
    ],
)
async def test_a_client_certificate_is_asked_for_as_configured(papers: Papers, tmp_path: Path, block: str, shown: str, let_in: str) -> None:
    async with guarding(Gate(papers.load(tmp_path, block))) as server:
        try:
            assert await server.status(tls=papers.client(shown)) == 200
            found = "in"
        except aiohttp.ClientError:
            found = "out"
        assert found == let_in
        assert server.seen == (["/"] if let_in == "in" else [])


async def test_an_intermediate_alone_may_be_the_authority(papers: Papers, tmp_path: Path) -> None:
    team = papers.authority.create_child_ca()
    team.cert_pem.write_to_path(tmp_path / "team.pem")
    config = papers.load(tmp_path, f"client_ca_file: {tmp_path}/team.pem, client_auth_type: RequireAndVerifyClientCert")
    member = papers.client("")
    team.issue_cert("member.example").configure_cert(member)
    async with guarding(Gate(config)) as server:
        assert await server.status(tls=member) == 200
        with pytest.raises(aiohttp.ClientError):
            await server.status(tls=papers.client())


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
async def test_one_name_of_the_certificate_must_be_allowed(papers: Papers, tmp_path: Path, allowed: str, shown: str, status: int) -> None:
    config = papers.load(tmp_path, f"{MUTUAL}, client_allowed_sans: [{allowed}]")
    async with guarding(Gate(config)) as server:
        assert await server.status(tls=papers.client(shown)) == status
        assert await server.status("/nowhere", tls=papers.client(shown)) == (404 if status == 200 else 403)


async def test_who_shows_no_certificate_has_no_allowed_name(papers: Papers, tmp_path: Path) -> None:
    async with guarding(Gate(papers.load(tmp_path, f"{IF_GIVEN}, client_allowed_sans: [client.example]"))) as server:
        assert await server.status(tls=papers.client("")) == 403
        assert await server.status(tls=papers.client()) == 200


async def test_names_that_are_no_longer_allowed_are_refused_on_an_open_connection(papers: Papers, tmp_path: Path) -> None:
    gate = Gate(papers.load(tmp_path, f"{MUTUAL}, client_allowed_sans: [client.example]"))
    async with guarding(gate) as server, aiohttp.ClientSession() as session:
        url, tls = f"https://127.0.0.1:{server.port}/", papers.client()
        async with session.get(url, ssl=tls) as before:
            await before.read()
        gate.config = papers.load(tmp_path, f"{MUTUAL}, client_allowed_sans: [other.example]")
        async with session.get(url, ssl=tls) as after:
            assert (before.status, after.status) == (200, 403)
