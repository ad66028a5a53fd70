"""The rule files are up to date, valid for promtool, and read only metrics and labels that exist."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml

from exporter.metrics.catalogue import ACCOUNT_FAMILIES, CATALOGUE
from exporter.model import ACCOUNT_LABELS, Reason
from tests.prometheus.tool import ROOT, promtool
from tests.providers.examples import DEFINITIONS
from tools.rules.documents import RUNBOOKS, documents, render
from tools.rules.promql import NAMES, Scale

Rule = dict[str, Any]


def rules(scale: Scale | None = None) -> list[Rule]:
    return [rule for text in render(scale).values() for group in yaml.load(text, yaml.CSafeLoader)["groups"] for rule in group["rules"]]


DOCUMENTS = documents()
RULES = rules()
ALERTS = [rule for rule in RULES if "alert" in rule]
RECORDS = {rule["record"] for rule in RULES if "record" in rule}
each_rule = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.get("record") or f"{rule['alert']}-{rule['labels']['severity']}")
each_alert = pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: f"{rule['alert']}-{rule['labels']['severity']}")

TARGET = {"job", "instance", "namespace", "cluster"}
FAMILIES = {family.name: set(family.labels) | TARGET for family in CATALOGUE} | {"up": TARGET}
FAMILIES |= {family.name: FAMILIES[family.name] | ACCOUNT_LABELS for family in ACCOUNT_FAMILIES}
FAMILIES |= dict.fromkeys(RECORDS, {"resource", "unit", "severity", "reason"} | ACCOUNT_LABELS | TARGET)
LABELS = set[str]().union(*FAMILIES.values())


def nodes(expression: str) -> Iterator[Any]:
    found: list[Any] = []
    promql_parser.walk(promql_parser.parse(expression), found.append)
    return iter(found)


def test_every_rule_file_is_generated() -> None:
    assert {str(path.relative_to(ROOT)) for path in (ROOT / "prometheus" / "rules").iterdir()} == set(DOCUMENTS)


@pytest.mark.parametrize("factor", [1, 60, 3600])
def test_promtool_finds_no_problem_in_the_rules(factor: float, tmp_path: Path) -> None:
    for name, text in render(Scale(factor)).items():
        (tmp_path / name).write_text(text)
    code, output = promtool("check", "rules", "--lint=all", "--lint-fatal", *sorted(tmp_path.iterdir()))
    assert (code, output.count("SUCCESS")) == (0, 2), output


@each_rule
def test_an_expression_reads_only_existing_metrics_and_labels(rule: Rule) -> None:
    for node in nodes(rule["expr"]):
        if isinstance(node, promql_parser.VectorSelector):
            name = str(node.name)
            assert {matcher.name for matcher in node.matchers.matchers} <= FAMILIES[name], name


@each_alert
def test_a_query_in_a_description_reads_only_existing_metrics_and_labels(rule: Rule) -> None:
    for query in re.findall("`(.*?)`(?=.*? query }})", rule["annotations"]["description"]):
        [selector] = nodes(query.replace("%q", '""'))
        assert {matcher.name for matcher in selector.matchers.matchers} <= FAMILIES[selector.name]


@each_rule
def test_an_expression_matches_and_groups_by_existing_labels(rule: Rule) -> None:
    for node in nodes(rule["expr"]):
        modifier = getattr(node, "modifier", None)
        for labels in (getattr(modifier, "labels", None), getattr(getattr(modifier, "matching", None), "labels", None)):
            assert set(labels or ()) <= LABELS


@each_rule
def test_a_matched_reason_exists(rule: Rule) -> None:
    matchers = [each for node in nodes(rule["expr"]) if hasattr(node, "matchers") for each in node.matchers.matchers]
    reasons = {value for each in matchers if each.name == "reason" for value in each.value.split("|")}
    assert reasons <= {str(reason) for reason in Reason}


@each_alert
def test_an_alert_has_all_annotations_and_a_duration(rule: Rule) -> None:
    notes = rule["annotations"]
    assert notes["summary"].endswith(".")
    assert "{{" not in notes["summary"]
    assert notes["description"].endswith(".")
    assert notes["runbook_url"] == f"{RUNBOOKS}/{rule['alert']}.md"
    assert rule["labels"].keys() == {"severity"}
    assert promql_parser.parse_duration(rule["for"]).total_seconds() >= 60


@each_alert
def test_a_description_names_no_unit_twice(rule: Rule) -> None:
    """Characters are counted in characters."""
    description = rule["annotations"]["description"]
    assert "{{ $labels.unit }} of" not in description
    assert "out of {{ $labels.resource }} ({{ $labels.unit }})" not in description


def test_the_critical_rule_of_an_alert_precedes_its_warning() -> None:
    severities: dict[str, list[str]] = {}
    for rule in ALERTS:
        severities.setdefault(rule["alert"], []).append(rule["labels"]["severity"])
    assert {name: levels for name, levels in severities.items() if len(levels) > 1} == {
        "AIAccountBelowThreshold": ["critical", "warning"],
        "AIAccountCredentialExpiring": ["critical", "warning"],
        "AIAccountExhausted": ["critical", "warning"],
        "AIAccountRunningOut": ["critical", "warning"],
        "AIAccountSpendCapExceeded": ["critical", "warning"],
    }


def test_another_scale_changes_only_durations() -> None:
    fast = rules(Scale(60))
    assert [each.get("annotations") for each in fast] == [each.get("annotations") for each in RULES]
    assert [(each.get("alert"), each.get("record"), each.get("labels")) for each in fast] == [
        (each.get("alert"), each.get("record"), each.get("labels")) for each in RULES
    ]
    [burn] = [each["expr"] for each in fast if each.get("record") == "account:ai_account_quota_burn:rate1h"]
    assert burn == "rate(ai_account_quota_consumed_total[1m])"
    [ending] = [each["expr"] for each in fast if each.get("record") == "account:ai_account_quota_available:ending12h"]
    assert "- time() < 720\n" in ending
    assert ending.endswith("offset 5s) * 0")


def test_the_short_windows_of_vendors_have_the_names_that_the_rules_know() -> None:
    pattern = re.compile(NAMES["WINDOW"].partition('"')[2].rstrip('"'))
    resources = {quota.resource for each in DEFINITIONS.values() for request in each.requests for quota in request.quotas}
    found = {name for name in resources if pattern.fullmatch(name)}
    assert found == {name for name in resources if re.search("hour|daily|minute_", name)}
    assert {"hourly_searches", "daily_usage", "five_hour_flows"} <= found


def test_durations_are_divided_and_names_are_replaced_by_matchers() -> None:
    assert Scale(3600).expression("x{SPEND}[7d:30m] offset 12h") == 'x{resource=~"(.*_)?spend"}[2m48s:500ms] offset 12s'
    assert Scale(1000).expression("a:b:rate1h < seconds(3d)") == "a:b:rate1h < 259.2"
