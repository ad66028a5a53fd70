"""An operator's own definition is validated and described."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

from exporter.cli.describe import describe
from exporter.cli.main import main
from exporter.providers.library import load_definition
from tests.cli.acme import DEFINITION, tried, with_quotas


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
