"""`providers`: the list of vendors, and the description of one definition."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from exporter.cli.describe import describe
from exporter.cli.main import main
from exporter.providers.library import BUILT_IN, SEEN, load_definition, load_definitions, packaged_definitions
from exporter.providers.quota_fields import PeriodField
from tests.cli.acme import DEFINITION, tried, with_quotas
from tests.cli.support import result_of


def test_providers_lists_each_vendor_with_its_permission_and_resources() -> None:
    result = result_of("providers")
    assert result.exit_code == 0
    for definition in load_definitions().values():
        [line] = [line for line in result.stdout.splitlines() if line.split()[:1] == [definition.name]]
        assert (definition.permission or "") in line
        assert all(quota.resource in line for quota in definition.quotas)


def test_the_list_of_providers_ends_with_what_its_levels_mean_and_the_next_command() -> None:
    lines = result_of("providers").stdout.splitlines()
    assert lines[-3:-1] == [
        "documented: from the vendor's own page or API description",
        "seen: from public code that works; name its file in provider_files",
    ]
    assert lines[-1] == "`ai-account-exporter providers NAME` shows an example of the configuration."


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
    assert "provider_files" not in result_of("providers", "openai").stdout
    seen = result_of("providers", "chutes").stdout
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
    result = result_of("providers", name)
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
    assert "  GET /v3/api_keys/self (only with api_key, optional)\n" in result_of("providers", "heygen").stdout


@pytest.mark.parametrize("name", ["heygenn", "HeyGen", "HEYGEN"])
def test_an_unknown_provider_is_exit_code_2_with_a_suggestion(name: str) -> None:
    result = result_of("providers", name)
    assert result.exit_code == 2
    assert result.stderr == f"there is no provider {name!r}; did you mean 'heygen'?\n"


@pytest.mark.parametrize("name", ["nope", "gemini", "llama", "nvidia"])
def test_a_provider_that_is_not_close_is_not_suggested(name: str) -> None:
    result = result_of("providers", name)
    assert (result.exit_code, result.stderr) == (2, f"there is no provider {name!r}; the command `providers` lists all\n")


@pytest.mark.parametrize("name", ["kling", "heygen"])
def test_providers_prints_the_definition_itself(name: str, tmp_path: Path) -> None:
    copy = tmp_path / f"{name}.yaml"
    copy.write_text(CliRunner().invoke(main, ["providers", name, "--yaml"]).stdout, encoding="utf-8")
    assert load_definition(copy) == packaged_definitions()[name]
    assert CliRunner().invoke(main, ["providers", str(copy), "--yaml"]).stdout == copy.read_text(encoding="utf-8")


def test_a_definition_of_an_operator_is_described_like_a_built_in_one(definition: Path) -> None:
    result = CliRunner().invoke(main, ["providers", str(definition)])
    assert result.exit_code == 0
    assert result.stdout.startswith("Acme (acme)\n")
    assert "data.left_cents" in result.stdout


def test_the_description_of_a_definition_shows_how_amounts_are_converted(definition: Path) -> None:
    text = describe(load_definition(definition), 0.0)
    assert "      remaining     data.left_cents (x 0.01)\n" in text
    assert "      limit         data.cap (no limit: data.cap == null)\n" in text


def test_what_remains_is_described_where_it_is_derived_from_two_entries(tmp_path: Path) -> None:
    path = with_quotas(
        tmp_path,
        "{resource: spend, unit: eur, used: used}",
        "{resource: spend, unit: {select: currency}, limit: cap}",
        "{resource: free, unit: minutes, used: a}",
        "{resource: free, unit: slots, limit: b}",
    )
    lines = describe(load_definition(path), 0.0).splitlines()
    assert [lines[at - 1].strip() for at, line in enumerate(lines) if line == "      remaining     limit - used"] == [
        "resource    spend (eur)"
    ]


def test_the_body_of_a_request_is_shown_with_the_times_of_now(tmp_path: Path) -> None:
    path = tmp_path / "acme.yaml"
    request = '{path: /v1/x, expect: "@", method: POST, query: {since: "{today:date}"}, body: {team: "{team}", from: ["{month_start:date}"]}, quotas: [{resource: spend, unit: usd, used: a}]}'
    path.write_text(DEFINITION.partition("permission:")[0] + f"params: {{team: {{}}}}\nrequests: [{request}]\n")
    shown = describe(load_definition(path), 1_795_000_000.0)
    assert '    body        {"team": "{team}", "from": ["2026-11-01"]}  (at 2026-11-18 11:06 UTC)\n' in shown
    assert "    query       since=2026-11-18  (at 2026-11-18 11:06 UTC)\n" in shown
    result = tried(path, {"a": 1})
    assert '  body: {"team": "{team}", "from": ["20' in result.stdout
    assert "  query: since=20" in result.stdout


def test_a_definition_is_validated_without_an_account(definition: Path, tmp_path: Path) -> None:
    assert load_definition(definition).name == "acme"
    valid = CliRunner().invoke(main, ["check", "--provider-file", str(definition)])
    assert (valid.exit_code, valid.stdout) == (0, f"{definition} is valid: Acme (acme), 2 requests, wallet, spend, tokens, seats\n")
    broken = tmp_path / "broken.yaml"
    broken.write_text(
        DEFINITION.replace("resource: wallet, ", "").replace("title: Acme", "titel: Acme").replace("name: acme", "name: other")
    )
    invalid = CliRunner().invoke(main, ["check", "--provider-file", str(definition), "--provider-file", str(broken)])
    assert invalid.exit_code == 2
    assert invalid.stderr.startswith(f"{broken} cannot be used; 2 problems:\n")
    assert f"{broken}:3: titel: unknown key; did you mean 'title'?" in invalid.stderr
    assert f"{broken}:11: requests[0].quotas[0].resource: is required" in invalid.stderr
