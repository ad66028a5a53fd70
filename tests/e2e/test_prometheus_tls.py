"""A real Prometheus scrapes the daemon over TLS, with a password or a certificate."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import aiohttp
import pytest

from exporter.simulator.simulator import Simulator
from tests.cli.support import config, daemon
from tests.e2e.programs import prometheus
from tests.e2e.test_prometheus import eventually, query
from tests.web.web_config.support import ALICE, make_certificates

pytestmark = pytest.mark.e2e

SERVER: Final = "cert_file: server.pem, key_file: server.key"
MUTUAL: Final = f"{SERVER}, client_auth_type: RequireAndVerifyClientCert, client_ca_file: ca.pem, client_allowed_sans: [client.example]"
TLS_AND_USERS: Final = f"tls_server_config: {{{SERVER}}}\nbasic_auth_users: {{alice: '{ALICE}'}}\n"
TRUST: Final = {"ca_file": "ca.pem"}
SHOWS: Final = {**TRUST, "cert_file": "client.pem", "key_file": "client.key"}


def job(name: str, tls: dict[str, str] | None = None, password: str = "") -> dict[str, object]:
    """One of Prometheus's jobs."""
    login = {"basic_auth": {"username": "alice", "password_file": password}} if password else {}
    encrypted = {"scheme": "https", "tls_config": tls} if tls else {}
    return {"job_name": name, **encrypted, **login}


@asynccontextmanager
async def scraping(
    folder: Path, simulator: Simulator, text: str, port: int, *jobs: dict[str, object], flags: tuple[str, ...] = ()
) -> AsyncIterator[str]:
    """Run the daemon with this web configuration, and Prometheus with these jobs. Returns its URL."""
    make_certificates(folder)
    (folder / "right").write_text("wonderland")
    (folder / "wrong").write_text("looking-glass")
    (folder / "web.yaml").write_text(text)
    where = ("--web.listen-address", "127.0.0.1:0", "--web.config.file", folder / "web.yaml")
    async with daemon("serve", "--config.file", config(folder, simulator.url), *where) as running:
        targets = [{"targets": [f"127.0.0.1:{running.port}"]}]
        everywhere = {"scrape_interval": "1s", "scrape_timeout": "1s"}
        written = {"global": everywhere, "scrape_configs": [{**each, "static_configs": targets} for each in jobs]}
        (folder / "prometheus.yml").write_text(json.dumps(written))  # JSON is YAML
        async with prometheus(folder, port, *flags) as url:
            yield url
        assert await running.stop() == 0


async def scraped(session: aiohttp.ClientSession, url: str, job: str) -> str:
    """Return `up` of a job after some scrapes. If it is 1, check that the series are present."""
    await eventually(session, url, f'count_over_time(up{{job="{job}"}}[1m]) > 3')
    [up] = await query(session, url, f'up{{job="{job}"}}')
    wallet = await query(session, url, f'ai_account_quota_remaining{{job="{job}",resource="wallet"}} == 42.5')
    assert bool(wallet) == (up["value"][1] == "1")
    return str(up["value"][1])


async def test_prometheus_needs_tls_and_the_right_password(simulator: Simulator, tmp_path: Path, unused_tcp_port: int) -> None:
    jobs = (
        job("right", TRUST, "right"),
        job("wrong-password", TRUST, "wrong"),
        job("no-password", TRUST),
        job("no-trust", {"server_name": "127.0.0.1"}, "right"),
        job("plain", None, "right"),
    )
    async with scraping(tmp_path, simulator, TLS_AND_USERS, unused_tcp_port, *jobs) as url, aiohttp.ClientSession() as session:
        assert [await scraped(session, url, str(each["job_name"])) for each in jobs] == ["1", "0", "0", "0", "0"]


async def test_prometheus_needs_an_allowed_certificate(simulator: Simulator, tmp_path: Path, unused_tcp_port: int) -> None:
    unknown = {**TRUST, "cert_file": "unknown.pem", "key_file": "unknown.key"}
    other_name = {**TRUST, "cert_file": "mail.pem", "key_file": "mail.key"}
    jobs = (job("right", SHOWS), job("none", TRUST), job("unknown", unknown), job("other-name", other_name))
    text = f"tls_server_config: {{{MUTUAL}}}\n"
    async with scraping(tmp_path, simulator, text, unused_tcp_port, *jobs) as url, aiohttp.ClientSession() as session:
        assert [await scraped(session, url, str(each["job_name"])) for each in jobs] == ["1", "0", "0", "0"]


@pytest.mark.parametrize("version", ["TLS12", "TLS13"])
async def test_prometheus_scrapes_with_each_version_of_tls(
    simulator: Simulator, tmp_path: Path, unused_tcp_port: int, version: str
) -> None:
    text = f"tls_server_config: {{{SERVER}, min_version: {version}, max_version: {version}}}\n"
    async with scraping(tmp_path, simulator, text, unused_tcp_port, job("it", TRUST)) as url, aiohttp.ClientSession() as session:
        assert await scraped(session, url, "it") == "1"


async def test_a_prometheus_that_prefers_protobuf_reads_the_text_format(simulator: Simulator, tmp_path: Path, unused_tcp_port: int) -> None:
    flags = ("--enable-feature=native-histograms",)
    jobs = (job("it", TRUST, "right"), {**job("by-http-1", TRUST, "right"), "enable_http2": False})
    async with (
        scraping(tmp_path, simulator, TLS_AND_USERS, unused_tcp_port, *jobs, flags=flags) as url,
        aiohttp.ClientSession() as session,
    ):
        assert [await scraped(session, url, str(each["job_name"])) for each in jobs] == ["1", "1"]
