"""The library: the built-in definitions and an operator's own."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from exporter.config.job import build_jobs
from exporter.config.loading import load_config
from exporter.errors import ConfigError
from exporter.model import AutoReload, Quota, Reading, Status
from exporter.providers.library import BUILT_IN, load_definition, load_definitions, read_definitions
from tests.providers.examples import read

OWN_VENDOR = """
name: acme-voices
title: Acme Voices
docs_url: https://docs.example.com/billing
base_url: https://api.example.com/billing
credentials:
  token: {header: Authorization, scheme: Token}
requests:
  - path: /v1/balance
    expect: account.id
    quotas:
      - resource: wallet
        unit: {select: account.currency}
        remaining: {select: account.topped_up_cents, minus: account.spent_cents, scale: 0.01}
      - resource: minutes
        unit: minutes
        used: account.minutes.used
        limit: {select: account.minutes.granted, unlimited: no-limit}
        resets_at: {select: account.minutes.renewed_ms, format: unix_ms}
      - resource: debt
        unit: eur
        remaining: {select: account.owed, scale: -1}
    info: {plan: account.plan.name}
    status: {select: account.state, states: [open, closed]}
    features: {cloning: account.features.cloning}
    auto_reload:
      unit: {select: account.currency}
      amount: {select: account.reload_cents, scale: 0.01}
    created_at: {select: account.since, format: iso8601}
errors:
  code: fault
  reasons: {broke: quota_exhausted}
"""
OWN_ANSWER = b"""
{"account": {"id": 7, "currency": "EUR", "topped_up_cents": 5005, "spent_cents": "1000.5", "owed": 12.30, "reload_cents": 2500,
 "minutes": {"used": 90, "granted": "no-limit", "renewed_ms": 1796083200500}, "plan": {"name": "Big"}, "state": "frozen",
 "features": {"cloning": false}, "since": "2024-02-29T12:00:00+01:00"}}
"""


def _write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_the_built_in_vendors_are_in_alphabetical_order() -> None:
    names = list(load_definitions())
    assert {"elevenlabs", "heygen", "liveavatar"} <= set(names)
    assert names == sorted(names)


def test_a_built_in_definition_is_found_by_its_name() -> None:
    assert all(definition.name == name for name, definition in load_definitions().items())


def test_an_operators_own_definition_is_added_to_the_built_in_ones(tmp_path: Path) -> None:
    path = _write(tmp_path, "acme.yaml", OWN_VENDOR)
    assert load_definitions([path]).keys() - load_definitions().keys() == {"acme-voices"}


def test_an_operators_own_definition_reads_a_response(tmp_path: Path) -> None:
    definition = load_definition(_write(tmp_path, "acme.yaml", OWN_VENDOR))
    assert read(definition, 200, OWN_ANSWER) == Reading(
        quotas=(
            Quota("wallet", "eur", remaining=Decimal("40.045")),
            Quota("minutes", "minutes", used=Decimal(90), unlimited=True, resets_at=1796083200.5),
            Quota("debt", "eur", remaining=Decimal("-12.3")),
        ),
        info={"plan": "Big"},
        status=Status("frozen", ("open", "closed")),
        features={"cloning": False},
        auto_reload=AutoReload("eur", amount=Decimal(25)),
        created_at=1709204400.0,
    )


@pytest.mark.parametrize("name", ["heygen", "elevenlabs", "liveavatar"])
def test_a_definition_of_the_operator_replaces_the_built_in_one_of_its_name(tmp_path: Path, name: str) -> None:
    definitions = load_definitions([_write(tmp_path, "mine.yaml", OWN_VENDOR.replace("acme-voices", name))])
    assert definitions[name].title == "Acme Voices"
    assert list(definitions) == list(load_definitions())
    assert len(definitions) == len(list(definitions))


def test_two_own_definitions_cannot_share_a_name(tmp_path: Path) -> None:
    first, second = _write(tmp_path, "a.yaml", OWN_VENDOR), _write(tmp_path, "b.yaml", OWN_VENDOR)
    with pytest.raises(ConfigError) as caught:
        load_definitions([first, second])
    assert [(problem.position, problem.place) for problem in caught.value.problems] == [(f"{second}:2", "name")]


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load_definition(tmp_path / "missing.yaml")
    assert str(caught.value) == f"{tmp_path / 'missing.yaml'}: no such file"


def test_invalid_yaml_is_reported_with_its_line(tmp_path: Path) -> None:
    path = _write(tmp_path, "acme.yaml", "name: acme\ntitle: [\n")
    with pytest.raises(ConfigError) as caught:
        load_definition(path)
    assert str(caught.value).startswith(f"{path}:3:1: is not valid YAML")


def test_a_key_that_is_written_twice_is_refused(tmp_path: Path) -> None:
    path = _write(tmp_path, "acme.yaml", OWN_VENDOR + "title: Another\n")
    with pytest.raises(ConfigError, match="the key 'title' occurs twice"):
        load_definition(path)


def test_the_problems_of_all_files_are_reported_together(tmp_path: Path) -> None:
    first = _write(tmp_path, "a.yaml", OWN_VENDOR.replace("https://api", "http://api"))
    missing = tmp_path / "b.yaml"
    with pytest.raises(ConfigError) as caught:
        load_definitions([first, missing])
    assert [(problem.position, problem.place) for problem in caught.value.problems] == [(f"{first}:5", "base_url"), (str(missing), "")]


def _package(folder: Path) -> Path:
    """A folder as that of the built-in definitions, in which only `acme.yaml` is valid, beside a folder of more definitions."""
    built_in = folder / "providers" / "definitions"
    built_in.mkdir(parents=True)
    (folder / "providers" / "seen").mkdir()
    for name in ("acme", "rival"):
        text = OWN_VENDOR.replace("acme-voices", name) if name == "acme" else "name: [\n"
        (built_in / f"{name}.yaml").write_text(text)
        (folder / "providers" / "seen" / f"{name}-seen.yaml").write_text(text.replace("name: acme", "name: acme-seen"))
    return built_in


def test_a_definition_of_the_package_is_read_only_when_it_is_used(tmp_path: Path) -> None:
    built_in = _package(tmp_path)
    library = read_definitions(sorted((built_in.parent / "seen").glob("*.yaml")), built_in)
    assert library.problems == []
    assert list(library.definitions) == ["acme", "acme-seen", "rival", "rival-seen"]
    assert len(library.definitions) == 4
    assert library.includes("rival")
    assert library.definitions["acme"].name == "acme"
    assert library.definitions["acme-seen"] is library.definitions["acme-seen"]
    for name in ("rival", "rival-seen"):
        with pytest.raises(ConfigError, match="is not valid YAML"):
            library.definitions[name]


def test_only_the_definitions_that_a_configuration_uses_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("exporter.providers.library.BUILT_IN", _package(tmp_path))
    path = tmp_path / "config.yaml"
    path.write_text("""
accounts: [{name: a, provider: acme, credentials: {token: {value: made-up}}, thresholds: {wallet: {critical: 5}}, budgets: {minutes: {minutes: 5}}}]
defaults: {thresholds: {wallet: {warning: 9}, "*": {critical: 1%}}}
providers: {acme: {}}
""")
    [job] = build_jobs(load_config(path, {}))
    assert job.definition.name == "acme"


def test_two_reads_of_a_definition_are_equal() -> None:
    former, again = (load_definition(BUILT_IN / "liveavatar.yaml") for _ in range(2))
    assert former == again
