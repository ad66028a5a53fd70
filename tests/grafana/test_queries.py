"""The queries of the dashboards are valid PromQL, read only existing series, and sum only within a unit."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import promql_parser
import pytest
import yaml

from exporter.metrics.catalogue import ACCOUNT_FAMILIES, CATALOGUE
from exporter.model import ACCOUNT_LABELS
from tests.grafana.boards import ANY, BOARDS, ROOT, expressions, filled, panels
from tools.rules.states import ACCOUNT as STATE
from tools.rules.states import POLLS, REASONS

TARGET = {"job", "instance"}
FAMILIES = {family.name: set(family.labels) | TARGET for family in CATALOGUE}
FAMILIES |= {family.name: FAMILIES[family.name] | ACCOUNT_LABELS for family in ACCOUNT_FAMILIES}
FAMILIES |= {f"{family.name}_bucket": FAMILIES[family.name] | {"le"} for family in CATALOGUE if family.type == "histogram"}
RULES = yaml.safe_load((ROOT / "prometheus/rules/recording.yaml").read_text(encoding="utf-8"))
RECORDS = {rule["record"] for group in RULES["groups"] for rule in group["rules"]}
FAMILIES |= {name: ACCOUNT_LABELS | TARGET | {"resource", "unit", "severity", "reason"} for name in RECORDS}
FAMILIES |= {"ALERTS": {"alertname", "alertstate", "severity", "resource", "unit"} | ACCOUNT_LABELS | TARGET}
AMOUNTS = {name for name, labels in FAMILIES.items() if "unit" in labels} - {"ALERTS", STATE, POLLS, REASONS}
COUNTERS = {family.name for family in CATALOGUE if family.type == "counter"}
OURS = re.compile(r"up|scrape_[a-z_]+|process_[a-z_]+|python_[a-z_]+")

EXPRESSIONS = list(expressions())
each_board = pytest.mark.parametrize("board", sorted({board for board, _, _ in EXPRESSIONS}))


def is_count(expression: promql_parser.Expr) -> bool:
    """Whether the values are 0 or 1, so that their sum is a count."""
    return isinstance(expression, promql_parser.BinaryExpr) and bool(expression.modifier and expression.modifier.return_bool)


def of(board: str) -> list[str]:
    return [expression for name, _, expression in EXPRESSIONS if name == board]


def nodes(expression: promql_parser.Expr) -> Iterator[Any]:
    found: list[Any] = []
    promql_parser.walk(expression, found.append)
    return iter(found)


def selectors(expression: promql_parser.Expr) -> Iterator[Any]:
    return (node for node in nodes(expression) if isinstance(node, promql_parser.VectorSelector))


@each_board
def test_a_query_reads_only_existing_series(board: str) -> None:
    for expression in of(board):
        for selector in selectors(promql_parser.parse(expression)):
            name = str(selector.name)
            labels = {matcher.name for matcher in selector.matchers.matchers}
            assert labels <= (TARGET if OURS.fullmatch(name) else FAMILIES[name]), name
            assert labels >= TARGET, f"{name} is not filtered by exporter"


@each_board
def test_no_query_has_a_smallest_step(board: str) -> None:
    """Grafana ends a chart at a multiple of its step: with a step of a day, there is no data before midnight."""
    targets = [target for panel in panels(BOARDS[f"grafana/dashboards/{board}.json"]) for target in panel["targets"]]
    assert targets
    assert [target for target in targets if target.get("interval") or "$__interval" in target["expr"]] == []


@each_board
def test_no_query_is_too_long_to_read(board: str) -> None:
    assert max(map(len, of(board))) < 1_250


@each_board
def test_counters_are_read_as_rates(board: str) -> None:
    for expression in of(board):
        bare = set(re.findall(r"([a-z_]+)\{[^{}]*\}(?!\[)", expression)) & COUNTERS
        # The number of polls shows which accounts exist, and which were never polled.
        assert bare <= {"ai_account_scrapes_total"}


@each_board
def test_amounts_are_summed_only_within_a_unit(board: str) -> None:
    for expression in of(board):
        for node in nodes(promql_parser.parse(expression)):
            if isinstance(node, promql_parser.AggregateExpr) and str(node.op) in {"sum", "avg"} and not is_count(node.expr):
                amounts = {str(selector.name) for selector in selectors(node.expr)} & AMOUNTS
                assert not amounts or (node.modifier and "unit" in node.modifier.labels), amounts


@each_board
def test_two_exporters_of_the_same_accounts_are_counted_once(board: str) -> None:
    for expression in of(board):
        inner = r"\(+(?:max|min|group) by \((?![^)]*instance)|\(rate\(ai_account_exporter_vendor_request_duration_seconds_bucket"
        assert len(re.findall(r"\bsum\b", expression)) == len(re.findall(rf"\bsum(?: by \([^)]*\) )?(?:{inner})", expression))


def test_variables_query_existing_labels() -> None:
    for board in BOARDS.values():
        for each in board["templating"]["list"]:
            if each["type"] == "query":
                found = re.fullmatch(r"label_values\((.*), ([a-z]+)\)", each["query"]["query"])
                assert found, each
                [selector] = selectors(promql_parser.parse(filled(found[1], ANY)))
                assert {matcher.name for matcher in selector.matchers.matchers} | {found[2]} <= FAMILIES[str(selector.name)]
