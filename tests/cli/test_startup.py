"""What a start imports, and what it leaves for later. A module counts, not the time: that differs between machines."""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pytest

from exporter.cli.lazy import NO_CERTIFICATES, light_imports
from exporter.cli.main import COMMANDS
from exporter.cli.serve import collect_garbage_for
from tests.config.support import ACCOUNT, with_account, write

LATER: Final = {
    "rich": "prints the table of `once`",
    "pygments": "is imported by rich",
    "jinja2": "renders the status page",
    "bcrypt": "checks passwords",
    "jsonschema": "is for tests",
    "sqlite3": "keeps the state",
    "exporter.accounts.state_file": "the same",
    "exporter.cli.once": "is another command",
    "exporter.cli.table": "is for `once`",
    "exporter.overview.build": "is for the status page and the API",
    "exporter.overview.facts": "the same",
    "exporter.push": "pushes the metrics, where that is configured",
    "google.protobuf": "encodes a push",
    "opentelemetry": "the same",
    "exporter.simulator": "is for `demo`",
    "exporter.web.status": "is the status page",
    "exporter.web.web_config.blocks": "is for --web.config.file",
    "exporter.web.web_config.loader": "the same",
}
"""What a daemon that has served no request has not imported, and why it can wait."""

SERVE: Final = """
import asyncio, os, sys
from pathlib import Path
from exporter.cli.main import main
main.commands["serve"].load()
from exporter.config.loading import load_config
from exporter.daemon.daemon import Daemon, ServeOptions
from exporter.web.address import Address
loaded = load_config(Path(sys.argv[1]), os.environ)
daemon = Daemon(loaded, ServeOptions((Address("127.0.0.1", 0),)), os.environ, on_listening=lambda _: daemon.stop())
asyncio.run(daemon.run())
"""
RELOAD_TO_TWO_ACCOUNTS_AND_STOP: Final = """
import asyncio, os, sys
from pathlib import Path
from exporter.config.loading import load_config
from exporter.daemon.daemon import Daemon, ServeOptions
from exporter.web.address import Address
path, later, accounts, results = Path(sys.argv[1]), Path(sys.argv[2]), [], []
async def reload_and_stop():
    later.replace(path)
    results.append(await daemon.reload())
    daemon.stop()
    results.append(await daemon.reload())
def read():
    return load_config(path, os.environ)
async def main():
    tasks = asyncio.get_running_loop().create_task
    global daemon
    daemon = Daemon(
        read(), ServeOptions((Address("127.0.0.1", 0),)), os.environ, read_config=read, on_accounts=accounts.append,
        on_listening=lambda _: results.append(tasks(reload_and_stop())),
    )
    await daemon.run()
    await results.pop(0)
asyncio.run(main())
print(accounts, *(str(problem) for result in results for problem in result))
"""
MODULES: Final = "\nprint(*sys.modules)"


def output(code: str, *arguments: str | Path, environ: Mapping[str, str] | None = None) -> str:
    """Run code in an interpreter of its own, without the measurement of coverage: that imports modules itself."""
    command = [sys.executable, "-W", "error", "-c", code, *map(str, arguments)]
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=inherited | dict(environ or {}))  # noqa: S603 -- our own code
    return done.stdout


def test_the_help_imports_click_and_no_command() -> None:
    code = "import sys\nfrom exporter.cli.main import main\nmain(['--help'], standalone_mode=False)"
    outside = {"coverage", "sitecustomize"}  # the measurement of coverage
    before = set(output(f"import sys{MODULES}").split()) | outside
    page, _, modules = output(code + MODULES).rpartition("\n\n")
    shown, _, modules = modules.rpartition("healthy.\n")
    assert "serve " in page + shown
    imported = set(modules.split()) - before
    roots = {name.partition(".")[0] for name in imported} - sys.stdlib_module_names - outside
    assert roots == {"click", "exporter"}
    assert {name for name in imported if name.startswith("exporter.")} == {
        "exporter.cli",
        "exporter.cli.lazy",
        "exporter.cli.main",
        "exporter.cli.output",
        "exporter.daemon",
        "exporter.daemon.version",
    }
    assert "asyncio" not in imported


def test_a_daemon_imports_only_what_it_needs_at_once(tmp_path: Path) -> None:
    config = write(tmp_path, with_account())
    modules = output(SERVE + MODULES, config, environ={"HEYGEN_API_KEY": "k"}).split()
    assert "aiohttp" in modules
    assert {name: reason for name, reason in LATER.items() if name in modules} == {}


def test_aiohttp_reads_no_certificates_that_no_request_uses() -> None:
    code = "from exporter.cli.main import main\nmain.commands['serve'].load()\nfrom aiohttp import connector\n"
    assert output(code + "print(connector._SSL_CONTEXT_VERIFIED.cert_store_stats()['x509'])") == "0\n"


def test_the_system_s_certificates_are_still_trusted_after_the_start() -> None:
    bundle = "import ssl; print(ssl.get_default_verify_paths().cafile)"
    code = "from exporter.cli.main import main\nmain.commands['serve'].load()\n"
    assert output(code + bundle) == output(bundle)


def test_what_is_left_out_while_a_command_is_imported_is_back_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/etc/own.pem")
    monkeypatch.delenv("SSL_CERT_DIR", raising=False)
    monkeypatch.delitem(sys.modules, "rich", raising=False)
    with light_imports():
        assert {name: os.environ[name] for name in NO_CERTIFICATES} == NO_CERTIFICATES
        assert sys.modules["rich"] is None
        assert not gc.isenabled()
    assert os.environ["SSL_CERT_FILE"] == "/etc/own.pem"
    assert "SSL_CERT_DIR" not in os.environ
    assert "rich" not in sys.modules
    assert gc.isenabled()


def test_a_module_that_is_imported_already_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rich", pytest)
    with light_imports():
        assert sys.modules["rich"] is pytest
    assert sys.modules["rich"] is pytest


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("ai-account-exporter ", COMMANDS),
        ("ai-account-exporter se", ["serve"]),
        ("ai-account-exporter check --sch", ["--schema"]),
        ("ai-account-exporter serve --log.format ", ["logfmt", "json"]),
    ],
)
def test_the_shell_completes_commands_options_and_values(words: str, expected: list[str]) -> None:
    environ = {"_AI_ACCOUNT_EXPORTER_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": str(words.count(" "))}
    code = "import sys; sys.argv = ['ai-account-exporter']\nfrom exporter.cli.main import run\nrun()"
    assert [line.partition(",")[2] for line in output(code, environ=environ).splitlines()] == [*expected]


def test_a_daemon_does_not_read_the_installed_metadata(tmp_path: Path) -> None:
    config = write(tmp_path, with_account())
    refused = "from importlib import metadata\nmetadata.distribution = lambda name: 1 / 0\n"
    output(refused + SERVE, config, environ={"HEYGEN_API_KEY": "k"})


def test_the_number_of_accounts_is_reported_after_a_reload_and_a_reload_during_the_stop_is_refused(tmp_path: Path) -> None:
    config, later = write(tmp_path, with_account()), tmp_path / "later.yaml"
    later.write_text(json.dumps({"accounts": [ACCOUNT, {**ACCOUNT, "name": "other"}]}))
    shown = output(RELOAD_TO_TWO_ACCOUNTS_AND_STOP, config, later, environ={"HEYGEN_API_KEY": "k"})
    assert shown.splitlines()[-1] == "[1, 2] the exporter is stopping"


def test_the_threshold_of_garbage_collection_follows_the_number_of_accounts() -> None:
    before = gc.get_threshold()
    try:
        for accounts, expected in ((10_000, 200_000), (3, 10_000), (1_000, 20_000)):
            collect_garbage_for(accounts)
            assert gc.get_threshold()[0] == expected
    finally:
        gc.set_threshold(*before)
