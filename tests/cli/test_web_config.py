"""The file of TLS and users on the command line: what `check` says of it, and that `serve` does not start with a wrong one."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Final

import pytest

from exporter.simulator.server import Simulator
from tests.cli.test_daemon import config, invoke
from tests.web.web_config.support import ALICE, BOB, make_papers, problems

TLS: Final = "cert_file: server.pem, key_file: server.key"
WRONG: Final = "tls_server_config: {cert_file: nowhere.pem, key_file: server.key}\nbasic_auth_users: {alice: secret}\nhedaers: {}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    make_papers(tmp_path)
    return tmp_path


def web(folder: Path, text: str) -> Path:
    path = folder / "web.yaml"
    path.write_text(text)
    return path


def told(folder: Path) -> list[str]:
    """All that is wrong with the wrong file."""
    found = problems(web(folder, WRONG))
    assert [problem.partition(":")[0] for problem in found] == ["basic_auth_users.alice", "hedaers", "tls_server_config.cert_file"]
    return [f"{folder / 'web.yaml'} cannot be used; 3 problems:", *(f"  {problem}" for problem in found)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no TLS, no users: everybody is let in"),
        (f"tls_server_config: {{{TLS}}}\nbasic_auth_users: {{alice: '{ALICE}'}}", "TLS, 1 user"),
        (
            f"tls_server_config: {{{TLS}, client_auth_type: RequireAndVerifyClientCert, client_ca_file: ca.pem}}",
            "TLS, clients must show a certificate, no users: everybody is let in",
        ),
        (
            f"tls_server_config: {{{TLS}, client_auth_type: VerifyClientCertIfGiven, client_ca_file: ca.pem}}\n"
            f"basic_auth_users: {{alice: '{ALICE}', bob: '{BOB}'}}\n"
            "http_server_config: {headers: {X-Frame-Options: deny}}\n"
            "rate_limit: {interval: 1s, burst: 10}\n",
            "TLS, clients may show a certificate, 2 users, 1 header, a rate limit",
        ),
    ],
)
def test_check_tells_what_a_right_file_asks_for(folder: Path, text: str, said: str) -> None:
    path = web(folder, text)
    assert invoke("check", "--web.config.file", path) == (0, f"{path} is right: {said}\n", "")


def test_check_tells_all_that_is_wrong(folder: Path) -> None:
    code, out, err = invoke("check", "--web.config.file", web(folder, WRONG))
    assert (code, out, err.splitlines()) == (2, "", told(folder))


def test_check_reads_both_files_where_both_are_named(folder: Path) -> None:
    path, right = web(folder, ""), config(folder, "http://127.0.0.1:1", ["heygen"])
    code, out, _ = invoke("check", "--web.config.file", path, "--config.file", right)
    assert (code, out.splitlines()) == (
        0,
        [f"{path} is right: no TLS, no users: everybody is let in", f"{right} is right: 1 account at heygen"],
    )
    right.write_text("accounts: 5")
    assert invoke("check", "--web.config.file", path, "--config.file", right)[0] == 2


def test_a_file_that_is_not_there_is_wrong(folder: Path) -> None:
    code, _, err = invoke("check", "--web.config.file", folder / "none.yaml")
    assert code == 2
    assert f"{folder / 'none.yaml'} cannot be used; 1 problem:" in err


async def test_serve_does_not_start_with_a_wrong_file(simulator: Simulator, folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:  # that would be an error of its own, with exit code 1
        address = "{}:{}".format(*taken.getsockname())
        path = config(folder, simulator.url, ["heygen"])
        path.write_text(f"{path.read_text()}\nstate: {{path: state.db}}\n")
        flags = ("--web.config.file", web(folder, WRONG), "--web.listen-address", address)
        code, out, err = invoke("serve", "--config.file", path, *flags)
    assert (code, out, err.splitlines()) == (2, "", told(folder))
    assert not simulator.requests
    assert not (folder / "state.db").exists()
