from __future__ import annotations

import asyncio
import io
import json
import platform
import re
from importlib import metadata
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from jsonschema import Draft202012Validator
from rich.console import Console

from exporter.accounts.entry import Schedule
from exporter.accounts.reasons import remedy_of
from exporter.cli.describe import describe
from exporter.cli.lazy import LazyCommand
from exporter.cli.main import COMMANDS, main
from exporter.cli.once import as_polled
from exporter.cli.table import print_table
from exporter.daemon.poll_once import poll_once
from exporter.errors import Cause
from exporter.model import Reason
from exporter.providers.library import BUILT_IN, SEEN, load_definition, load_definitions, packaged_definitions
from exporter.providers.quota_fields import PeriodField
from exporter.simulator.demo_accounts import DEMO_ACCOUNTS, demo_simulator
from exporter.simulator.simulator import Simulator
from tests.overview.entries import NOW, credits_of, polled
from tests.support import make_job, secret_of
from tools.docs.api import accounts_schema


def invoke(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def write_config(path: Path, url: str) -> Path:
    accounts = [
        {
            "name": account.name,
            "provider": account.simulated.provider,
            "credentials": {account.simulated.credential: {"value": account.simulated.secret}},
            "params": dict(account.simulated.params),
            "base_url": url,
            "labels": account.labels,
        }
        for account in DEMO_ACCOUNTS
    ]
    path.write_text(json.dumps({"accounts": accounts}))
    return path


async def once(tmp_path: Path, *arguments: str) -> Result:
    async with demo_simulator() as simulator:
        config = write_config(tmp_path / "config.yaml", simulator.url)
        return await asyncio.to_thread(invoke, "once", "--config.file", config, *arguments)


async def test_once_prints_every_field_and_fails_if_a_poll_failed(tmp_path: Path) -> None:
    result = await once(tmp_path)
    assert result.exit_code == 1
    rows = [re.split(r"\s{2,}", line.strip()) for line in result.stdout.splitlines()]
    assert ["account", "resource", "left", "used", "of", "unit", "resets (UTC)"] in rows
    [wallet] = [row for row in rows if row[:2] == ["heygen/studio", "wallet"]]
    assert wallet[3] == "usd"
    assert re.fullmatch(r"\d\d\.\d+", wallet[2])
    [characters] = [row for row in rows if row[:2] == ["elevenlabs/audiobooks", "characters"]]
    assert characters[2].startswith("-12,")
    assert characters[4:6] == ["500,000", "characters"]
    assert re.fullmatch(r"in 12d, 20\d\d-\d\d-\d\d \d\d:\d\d", characters[6])
    assert characters[7] == "may exceed by 200,000"
    assert ["elevenlabs/old-key: FAILED, unauthorized: HTTP 401 with the error code invalid_api_key"] in rows
    assert ["liveavatar/kiosk: FAILED, rate_limited: HTTP 429 with the error code 4290"] in rows
    assert "no limit" in result.stdout


async def test_once_as_json_has_the_same_values(tmp_path: Path) -> None:
    result = await once(tmp_path, "--output", "json")
    accounts = {(account["provider"], account["account"]): account for account in json.loads(result.stdout)}
    assert len(accounts) == len(DEMO_ACCOUNTS)
    render_farm = accounts["heygen", "render-farm"]
    assert render_farm["quotas"][0]["limit"] == 500
    assert render_farm["labels"] == {"team": "video"}
    dubbing = accounts["elevenlabs", "dubbing"]
    assert (dubbing["status"], dubbing["quotas"][0]["unlimited"], dubbing["features"]["can_extend_voice_limit"]) == ("active", True, False)
    old_key = accounts["elevenlabs", "old-key"]
    error = {"reason": "unauthorized", "message": "HTTP 401 with the error code invalid_api_key", "failures": 1}
    assert old_key["error"] == error | {"remedy": remedy_of(Reason.UNAUTHORIZED, Cause.KEY), "since": old_key["last_poll_at"]}
    assert {name: old_key[name] for name in ("labels", "state", "up", "polls", "quotas", "mismatches")} == {
        "labels": {"team": "voice"},
        "state": "failing",
        "up": False,
        "polls": 1,
        "quotas": [],
        "mismatches": [],
    }


async def test_once_as_json_lists_accounts_as_the_api_does_in_the_order_of_the_configuration(tmp_path: Path) -> None:
    accounts = json.loads((await once(tmp_path, "--output", "json")).stdout)
    assert [(account["provider"], account["account"]) for account in accounts] == [
        (account.simulated.provider, account.name) for account in DEMO_ACCOUNTS
    ]
    schema = json.loads(accounts_schema(tmp_path))
    validator = Draft202012Validator({"$ref": "#/$defs/Account", "$defs": schema["$defs"]})
    assert [error.message for account in accounts for error in validator.iter_errors(account)] == []
    assert not [account["account"] for account in accounts if "next_poll_at" in account]


def test_once_as_json_shows_values_however_long_other_polls_took() -> None:
    long_ago = polled(credits_of(50, 100), age=5_000.0)._replace(schedule=Schedule(None, NOW))
    account = as_polled(long_ago)
    assert (account["state"], account["quotas"][0]["remaining"]) == ("ok", 50)
    assert "next_poll_at" not in account


async def test_once_as_prometheus_has_the_metrics_of_the_daemon(tmp_path: Path) -> None:
    result = await once(tmp_path, "--output", "prometheus")
    assert 'ai_account_up{account="stage",provider="liveavatar",team="events"} 1.0' in result.stdout
    assert result.stdout.startswith("# HELP ai_account_quota_remaining")


async def test_once_succeeds_if_every_poll_succeeded(simulator: Simulator) -> None:
    jobs = [make_job(simulator.url, provider) for provider in ("heygen", "elevenlabs", "liveavatar")]
    assert all(entry.up for entry in (await poll_once(jobs, {})).snapshot().entries)


def test_providers_lists_each_vendor_with_its_permission_and_resources() -> None:
    result = invoke("providers")
    assert result.exit_code == 0
    for definition in load_definitions().values():
        [line] = [line for line in result.stdout.splitlines() if line.split()[:1] == [definition.name]]
        assert (definition.permission or "") in line
        assert all(quota.resource in line for quota in definition.quotas)


def test_the_list_of_providers_ends_with_what_its_levels_mean_and_the_next_command() -> None:
    lines = invoke("providers").stdout.splitlines()
    assert lines[-3:-1] == [
        "documented: from the vendor's own page or API description",
        "seen: from public code that works; name its file in provider_files",
    ]
    assert lines[-1] == "`ai-account-exporter providers NAME` shows an example of the configuration."


LONG = "n" * 300
WORKED = sorted((Path(__file__).parent.parent / "providers" / "worked").glob("*.yaml"))


@pytest.mark.parametrize("path", WORKED, ids=lambda path: path.stem)
def test_the_description_of_a_definition_has_what_its_requests_need(path: Path) -> None:
    definition = load_definition(path)
    text = describe(definition, 0.0)
    assert (definition.base_url or "your own host: set base_url in the account") in text
    assert all(f"{request.method} {request.name}" in text for request in definition.requests)
    assert all(name in text and (param.help or "") in text for name, param in definition.params.items())
    assert all(str(quota.each) in text for quota in definition.quotas if quota.each)
    assert all(
        f"the end of the {quota.resets_at.period}" in text for quota in definition.quotas if isinstance(quota.resets_at, PeriodField)
    )


def test_the_description_of_a_definition_ends_with_an_account(tmp_path: Path) -> None:
    path = tmp_path / "acme.yaml"
    path.write_text((BUILT_IN / "openai.yaml").read_text().replace("name: openai", "name: acme"))
    assert describe(load_definition(path), 0.0).endswith(
        "\n\nprovider_files: [providers/acme.yaml]\naccounts:\n  - name: main\n    provider: acme\n    credentials: {admin_key: {file: keys/acme}}\n"
        "    budgets: {spend: {usd: 500}}    # your own limit for a period"
    )
    assert "provider_files" not in invoke("providers", "openai").stdout
    seen = invoke("providers", "chutes").stdout
    assert "\n  mkdir -p providers && ai-account-exporter providers chutes --yaml > providers/chutes.yaml\n" in seen
    assert f"  file        {SEEN / 'chutes.yaml'}\n" in seen


@pytest.mark.parametrize(
    ("name", "carrier"),
    [("twilio", "basic authentication, as the password"), ("cursor", "basic authentication, as the user"), ("serpapi", "query api_key")],
)
def test_the_description_of_a_definition_has_how_the_secret_is_sent(name: str, carrier: str) -> None:
    [path] = (path for path in WORKED if path.stem == name)
    assert carrier in describe(load_definition(path), 0.0)


@pytest.mark.parametrize("name", list(load_definitions()))
def test_the_description_of_a_provider_has_every_value_and_its_selection(name: str) -> None:
    result = invoke("providers", name)
    definition = load_definitions()[name]
    assert result.exit_code == 0
    assert definition.docs_url in result.stdout
    assert (definition.billing_url or "") in result.stdout
    for quota in definition.quotas:
        assert quota.resource in result.stdout
        for field in (quota.remaining, quota.used, quota.limit, quota.overage_limit, quota.resets_at):
            assert field is None or isinstance(field, PeriodField) or str(field.select) in result.stdout
    for request in definition.requests:
        assert all(feature in result.stdout for feature in request.features)
        assert f"{request.method} {request.name}" in result.stdout
        reload = request.auto_reload
        for part in (request.created_at, request.credential_expires_at, reload and reload.threshold, reload and reload.amount):
            assert not part or str(part.select) in result.stdout


def test_the_description_of_a_provider_says_when_a_request_is_sent_and_may_fail() -> None:
    assert "  GET /v3/api_keys/self (only with api_key, optional)\n" in invoke("providers", "heygen").stdout


@pytest.mark.parametrize("name", ["heygenn", "HeyGen", "HEYGEN"])
def test_an_unknown_provider_is_exit_code_2_with_a_suggestion(name: str) -> None:
    result = invoke("providers", name)
    assert result.exit_code == 2
    assert result.stderr == f"there is no provider {name!r}; did you mean 'heygen'?\n"


@pytest.mark.parametrize("name", ["nope", "gemini", "llama", "nvidia"])
def test_a_provider_that_is_not_close_is_not_suggested(name: str) -> None:
    result = invoke("providers", name)
    assert (result.exit_code, result.stderr) == (2, f"there is no provider {name!r}; the command `providers` lists all\n")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["providers", LONG], 2),
        (["check", "--config.file", LONG], 2),
        (["providers", "test", "openai", "--answer", LONG], 2),
        (["providers", "test", "openai", "--answer", __file__, "--write-example", LONG], 1),
        (["examples", "--output", LONG], 1),
    ],
    ids=str,
)
def test_a_name_that_the_system_refuses_is_reported(arguments: list[str], code: int) -> None:
    result = CliRunner().invoke(main, arguments)
    assert (result.exit_code, type(result.exception)) == (code, SystemExit)
    assert "no provider" in result.stderr or "File name too long" in result.stderr


def test_every_command_and_every_option_has_a_help_text() -> None:
    overview = invoke("--help").stdout
    for name in COMMANDS:
        assert re.search(rf"^  {name} +[A-Z]\w+", overview, re.MULTILINE), name
        page = invoke(name, "--help")
        assert page.exit_code == 0
        assert "--help" in page.stdout
        for option in re.findall(r"^  (--[a-z.-]+)", page.stdout, re.MULTILINE):
            assert re.search(rf"{re.escape(option)}[^\n]*(\n\s+)?[^\n]*\w{{4,}}", page.stdout), option


def test_an_unknown_command_is_exit_code_2() -> None:
    assert invoke("server").exit_code == 2


def test_the_version_is_that_of_the_package_with_revision_and_python(monkeypatch: pytest.MonkeyPatch) -> None:
    found = re.fullmatch(r"ai-account-exporter, version (.+) \(revision: (.+)\)\n  python version:   (.+)\n", invoke("--version").stdout)
    assert found
    assert found.groups() == (metadata.version("ai-account-exporter"), "unknown", platform.python_version())
    monkeypatch.setenv("AI_ACCOUNT_EXPORTER_REVISION", "4f2a1c9")
    assert "(revision: 4f2a1c9)" in invoke("--version").stdout


def test_help_fits_in_80_columns() -> None:
    for arguments in [["--help"], *([name, "--help"] for name in COMMANDS)]:
        _usage, *lines = CliRunner().invoke(main, arguments, terminal_width=80).stdout.splitlines()
        assert [line for line in lines if len(line) > 80 or line.endswith("...")] == []


@pytest.mark.parametrize("name", COMMANDS)
def test_the_summary_of_a_command_is_the_first_sentence_of_its_help(name: str) -> None:
    command = main.commands[name]
    assert isinstance(command, LazyCommand)
    assert command.short_help == command.load().get_short_help_str(limit=200)


async def test_a_narrow_terminal_cuts_no_number(simulator: Simulator) -> None:
    store = await poll_once([make_job(simulator.url, "elevenlabs")], {})
    stream = io.StringIO()
    print_table(store.snapshot().accounts, 0.0, Console(file=stream, width=40, force_terminal=True, no_color=True))
    for number in ("82,769", "17,231", "100,000"):
        assert f" {number} " in stream.getvalue()


async def test_text_from_vendors_is_not_interpreted_as_markup(simulator: Simulator) -> None:
    body = {
        "data": {"username": "x", "billing_type": "[bold]wallet[/bold] [/]", "wallet": {"currency": "[red]usd", "remaining_balance": 1}}
    }
    simulator.set_response(secret_of("heygen"), body=body)
    store = await poll_once([make_job(simulator.url, "heygen", account="[/] studio")], {})
    stream = io.StringIO()
    print_table(store.snapshot().accounts, 0.0, Console(file=stream))
    assert "[bold]wallet[/bold] [/]" in stream.getvalue()
    assert "[red]usd" in stream.getvalue()
    assert "heygen/[/] studio" in stream.getvalue()


def test_check_prints_warnings_and_succeeds(tmp_path: Path) -> None:
    account = {"name": "prod", "provider": "openai", "credentials": {"admin_key": {"env": "A_KEY"}}, "interval": "30s"}
    path = tmp_path / "config.yaml"
    path.write_text(json.dumps({"accounts": [account]}))
    result = CliRunner(env={"A_KEY": "made-up"}).invoke(main, ["check", f"--config.file={path}"])
    assert result.exit_code == 0
    assert "is valid: 1 account at openai" in result.stdout
    assert "  openai/prod: the interval of 30s is shorter than the 1m that the vendor allows" in result.stderr
    assert "  openai: nobody has tried the definition" in result.stderr


@pytest.mark.parametrize("name", ["kling", "heygen"])
def test_providers_prints_the_definition_itself(name: str, tmp_path: Path) -> None:
    copy = tmp_path / f"{name}.yaml"
    copy.write_text(CliRunner().invoke(main, ["providers", name, "--yaml"]).stdout, encoding="utf-8")
    assert load_definition(copy) == packaged_definitions()[name]
    assert CliRunner().invoke(main, ["providers", str(copy), "--yaml"]).stdout == copy.read_text(encoding="utf-8")
