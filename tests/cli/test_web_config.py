"""`--web.config.file` on the command line: what `check` prints, and that `serve` does not start with an invalid file."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Final

import aiohttp
import pytest

from exporter.errors import ConfigError
from exporter.simulator.simulator import Simulator
from exporter.web.web_config.loader import load_web_config
from tests.cli.support import config, daemon, invoke
from tests.web.web_config.support import ALICE, BOB, make_certificates

TLS: Final = "cert_file: server.pem, key_file: server.key"
WRONG: Final = "tls_server_config: {cert_file: nowhere.pem, key_file: server.key}\nbasic_auth_users: {alice: secret}\nhedaers: {}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    make_certificates(tmp_path)
    return tmp_path


def web(folder: Path, text: str) -> Path:
    path = folder / "web.yaml"
    path.write_text(text)
    return path


def expected(folder: Path) -> list[str]:
    """What is printed about the invalid file."""
    with pytest.raises(ConfigError) as caught:
        load_web_config(web(folder, WRONG))
    found = caught.value.problems
    assert [problem.place for problem in found] == ["basic_auth_users.alice", "hedaers", "tls_server_config.cert_file"]
    return [f"{folder / 'web.yaml'} cannot be used; 3 problems:", *(f"  {problem}" for problem in found)]


@pytest.mark.parametrize(
    ("text", "summary"),
    [
        ("", "no TLS, no users, so no password is needed"),
        (f"tls_server_config: {{{TLS}}}\nbasic_auth_users: {{alice: '{ALICE}'}}", "TLS, 1 user"),
        (
            f"tls_server_config: {{{TLS}, client_auth_type: RequireAndVerifyClientCert, client_ca_file: ca.pem}}",
            "TLS, client certificates are required, no users, so no password is needed",
        ),
        (
            f"tls_server_config: {{{TLS}, client_auth_type: VerifyClientCertIfGiven, client_ca_file: ca.pem}}\n"
            f"basic_auth_users: {{alice: '{ALICE}', bob: '{BOB}'}}\n"
            "http_server_config: {headers: {X-Frame-Options: deny}}\n"
            "rate_limit: {interval: 1s, burst: 10}\n",
            "TLS, client certificates are verified if presented, 2 users, 1 header, a rate limit",
        ),
    ],
)
def test_check_summarises_a_valid_file(folder: Path, text: str, summary: str) -> None:
    path = web(folder, text)
    assert invoke("check", "--web.config.file", path) == (0, f"{path} is valid: {summary}\n", "")


def test_check_lists_the_settings_that_have_no_effect(folder: Path) -> None:
    path = web(folder, "http_server_config: {http2: true}\n")
    lines = [
        f"{path} is valid: no TLS, no users, so no password is needed",
        "  http_server_config.http2: has no effect: the server uses HTTP/1.1",
    ]
    assert invoke("check", "--web.config.file", path) == (0, "".join(f"{line}\n" for line in lines), "")


async def test_an_empty_flag_means_no_web_configuration(simulator: Simulator, folder: Path) -> None:
    path = config(folder, simulator.url, ["heygen"])
    assert invoke("check", "--web.config.file=", "--config.file", path)[0] == 0
    async with daemon("serve", "--config.file", path, "--web.listen-address", "127.0.0.1:0", "--web.config.file=") as running:
        assert await running.get("/-/healthy") == (200, "healthy\n")


async def test_serve_logs_settings_without_effect_once(simulator: Simulator, folder: Path) -> None:
    path = config(folder, simulator.url, ["heygen"])
    flags = ("--web.listen-address", "127.0.0.1:0", "--web.config.file", web(folder, "http_server_config: {http2: true}\n"))
    async with daemon("serve", "--config.file", path, *flags) as running:
        async with aiohttp.ClientSession() as session:
            for _ in range(2):
                async with session.post(f"http://127.0.0.1:{running.port}/-/reload") as response:
                    assert response.status == 200
        assert await running.stop() == 0
    assert running.log.count(b"web setting without effect") == 1


def test_check_lists_all_problems(folder: Path) -> None:
    code, out, err = invoke("check", "--web.config.file", web(folder, WRONG))
    assert (code, out, err.splitlines()) == (2, "", expected(folder))


def test_check_reads_both_files_where_both_are_named(folder: Path) -> None:
    path, right = web(folder, ""), config(folder, "http://127.0.0.1:1", ["heygen"])
    code, out, _ = invoke("check", "--web.config.file", path, "--config.file", right)
    assert (code, out.splitlines()) == (
        0,
        [f"{path} is valid: no TLS, no users, so no password is needed", f"{right} is valid: 1 account at heygen"],
    )
    right.write_text("accounts: 5")
    assert (invoke("check", "--web.config.file", path, "--config.file", right))[0] == 2


def test_a_file_that_does_not_exist_is_invalid(folder: Path) -> None:
    code, _, err = invoke("check", "--web.config.file", folder / "none.yaml")
    assert code == 2
    assert f"{folder / 'none.yaml'} cannot be used; 1 problem:" in err


def test_serve_does_not_start_with_an_invalid_file(simulator: Simulator, folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:  # that would be another error, with exit code 1
        address = "{}:{}".format(*taken.getsockname())
        path = config(folder, simulator.url, ["heygen"])
        path.write_text(f"{path.read_text()}\nstate: {{path: state.db}}\n")
        flags = ("--web.config.file", web(folder, WRONG), "--web.listen-address", address)
        code, out, err = invoke("serve", "--config.file", path, *flags)
    assert (code, out, err.splitlines()) == (2, "", expected(folder))
    assert not simulator.requests
    assert not (folder / "state.db").exists()
