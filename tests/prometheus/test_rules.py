"""The rules are what their source says, right for Prometheus, and about metrics that there are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml

from exporter.metrics.catalogue import ACCOUNT_FAMILIES, CATALOGUE
from exporter.model import ACCOUNT_LABELS, Reason
from tests.prometheus.tool import ROOT, promtool
from tools.rules.documents import documents
from tools.rules.expression import Scale
from tools.rules.write import RUNBOOKS, render

Rule = dict[str, Any]


def rules(scale: Scale | None = None) -> list[Rule]:
    return [rule for text in render(scale).values() for group in yaml.safe_load(text)["groups"] for rule in group["rules"]]


DOCUMENTS = documents()
RULES = rules()
ALERTS = [rule for rule in RULES if "alert" in rule]
RECORDS = {rule["record"] for rule in RULES if "record" in rule}
each_rule = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.get("record") or f"{rule['alert']}-{rule['labels']['severity']}")
each_alert = pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: f"{rule['alert']}-{rule['labels']['severity']}")

TARGET = {"job", "instance"}
FAMILIES = {family.name: set(family.labels) | TARGET for family in CATALOGUE} | {"up": TARGET}
FAMILIES |= {family.name: FAMILIES[family.name] | ACCOUNT_LABELS for family in ACCOUNT_FAMILIES}
FAMILIES |= dict.fromkeys(RECORDS, {"resource", "unit", "severity"} | ACCOUNT_LABELS | TARGET)
LABELS = set[str]().union(*FAMILIES.values())


def nodes(expression: str) -> Iterator[Any]:
    found: list[Any] = []
    promql_parser.walk(promql_parser.parse(expression), found.append)
    return iter(found)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_file_is_what_its_source_writes(name: str) -> None:
    assert (ROOT / name).read_bytes() == DOCUMENTS[name].encode()


def test_there_is_no_file_that_nothing_writes() -> None:
    files = {str(path.relative_to(ROOT)) for folder in ("rules", "tests") for path in (ROOT / "prometheus" / folder).iterdir()}
    assert files == set(DOCUMENTS)


@pytest.mark.parametrize("factor", [1, 60, 3600])
def test_promtool_has_nothing_to_say_about_the_rules(factor: float, tmp_path: Path) -> None:
    for name, text in render(Scale(factor)).items():
        (tmp_path / name).write_text(text)
    code, said = promtool("check", "rules", "--lint=all", "--lint-fatal", *sorted(tmp_path.iterdir()))
    assert (code, said.count("SUCCESS")) == (0, 2), said


@each_rule
def test_an_expression_reads_only_what_there_is(rule: Rule) -> None:
    for node in nodes(rule["expr"]):
        if isinstance(node, promql_parser.VectorSelector):
            name = str(node.name)
            assert {matcher.name for matcher in node.matchers.matchers} <= FAMILIES[name], name


@each_rule
def test_an_expression_matches_and_groups_by_labels_that_there_are(rule: Rule) -> None:
    for node in nodes(rule["expr"]):
        modifier = getattr(node, "modifier", None)
        for labels in (getattr(modifier, "labels", None), getattr(getattr(modifier, "matching", None), "labels", None)):
            assert set(labels or ()) <= LABELS


@each_rule
def test_a_matched_reason_is_one_of_the_closed_set(rule: Rule) -> None:
    matchers = [each for node in nodes(rule["expr"]) if hasattr(node, "matchers") for each in node.matchers.matchers]
    reasons = {value for each in matchers if each.name == "reason" for value in each.value.split("|")}
    assert reasons <= {str(reason) for reason in Reason}


@each_alert
def test_an_alert_says_all_that_is_needed_and_waits_before_it_does(rule: Rule) -> None:
    notes = rule["annotations"]
    assert notes["summary"].endswith(".")
    assert "{{" not in notes["summary"]
    assert notes["description"].endswith(".")
    assert notes["runbook_url"] == f"{RUNBOOKS}/{rule['alert']}.md"
    assert rule["labels"].keys() == {"severity"}
    assert promql_parser.parse_duration(rule["for"]).total_seconds() >= 60


def test_a_critical_alert_comes_before_the_warning_of_its_name() -> None:
    severities: dict[str, list[str]] = {}
    for rule in ALERTS:
        severities.setdefault(rule["alert"], []).append(rule["labels"]["severity"])
    assert {name: levels for name, levels in severities.items() if len(levels) > 1} == {
        "AIAccountBelowThreshold": ["critical", "warning"],
        "AIAccountCredentialExpiring": ["critical", "warning"],
        "AIAccountRunningOut": ["critical", "warning"],
    }


def test_another_scale_changes_times_only() -> None:
    fast = rules(Scale(60))
    assert [each.get("annotations") for each in fast] == [each.get("annotations") for each in RULES]
    assert [(each.get("alert"), each.get("record"), each.get("labels")) for each in fast] == [
        (each.get("alert"), each.get("record"), each.get("labels")) for each in RULES
    ]
    burn = next(each["expr"] for each in fast if each.get("record") == "account:ai_account_quota_burn:rate1h")
    assert "increase(ai_account_quota_consumed_total[1m])" in burn
    assert ">= 15\n" in burn
    assert "last_over_time(account:ai_account_quota_burn:rate1h[10s])" in burn


def test_durations_are_divided_and_names_of_selectors_filled_in() -> None:
    assert Scale(3600).expression("x{SPEND}[7d:30m] offset 12h") == 'x{resource=~"(.*_)?spend"}[2m48s:500ms] offset 12s'
    assert Scale(1000).expression("a:b:rate1h < seconds(3d)") == "a:b:rate1h < 259.2"
