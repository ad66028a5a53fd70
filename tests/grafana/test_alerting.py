"""The provisioning file for Grafana's own alerting has the alerts of Prometheus, in the form that Grafana reads.

Source of the fields: https://github.com/grafana/grafana/blob/main/pkg/services/provisioning/alerting/rules_types.go
"""

from __future__ import annotations

import re

import pytest
import yaml

from exporter.validation.duration import parse_duration
from tests.grafana.boards import ROOT, Json
from tools.rules.grafana import PATH

FILE: Json = yaml.load((ROOT / PATH).read_text(encoding="utf-8"), yaml.CSafeLoader)
PROMETHEUS: Json = yaml.load((ROOT / "prometheus/rules/alerts.yaml").read_text(encoding="utf-8"), yaml.CSafeLoader)
PAIRS = [
    (rule, other)
    for group, others in zip(FILE["groups"], PROMETHEUS["groups"], strict=True)
    for rule, other in zip(group["rules"], others["rules"], strict=True)
]
each_pair = pytest.mark.parametrize(("rule", "other"), PAIRS, ids=[rule["uid"] for rule, _ in PAIRS])
FIELDS = {
    "uid", "title", "condition", "data", "noDataState", "execErrState", "for", "keepFiringFor", "missing_series_evals_to_resolve", "annotations",
    "labels",
}  # fmt: skip


def test_the_groups_are_those_of_prometheus() -> None:
    assert FILE.keys() == {"apiVersion", "groups"}
    assert FILE["apiVersion"] == 1
    for group, other in zip(FILE["groups"], PROMETHEUS["groups"], strict=True):
        assert group.keys() == {"orgId", "name", "folder", "interval", "rules"}
        assert (group["orgId"], group["name"], group["interval"]) == (1, other["name"], other["interval"])
        assert group["folder"]


def test_uids_are_unique_and_valid() -> None:
    uids = [rule["uid"] for rule, _ in PAIRS]
    assert len(uids) == len(set(uids))
    assert all(re.fullmatch(r"[a-zA-Z0-9_-]{1,40}", uid) for uid in uids)


@each_pair
def test_a_rule_has_the_expression_and_the_durations_of_its_alert(rule: Json, other: Json) -> None:
    assert rule.keys() == FIELDS
    query = rule["data"][0]
    assert (rule["title"], rule["labels"], query["model"]["expr"]) == (other["alert"], other["labels"], other["expr"])
    assert parse_duration(rule["for"]) == parse_duration(other["for"])
    assert rule["keepFiringFor"] == other.get("keep_firing_for", "0s")
    assert (rule["noDataState"], rule["execErrState"]) == ("OK", "Error")


@each_pair
def test_every_series_of_the_expression_is_an_alert_whatever_its_value(rule: Json, other: Json) -> None:
    del other
    query, math, threshold = rule["data"]
    assert query["model"] | {"expr": ""} == {
        "datasource": {"type": "prometheus", "uid": query["datasourceUid"]}, "expr": "", "instant": True, "range": False, "refId": "query",
    }  # fmt: skip
    assert math["model"]["expression"] == "is_number($query) || is_nan($query) || is_inf($query)"
    assert threshold["model"]["expression"] == math["refId"]
    assert threshold["model"]["conditions"] == [{"evaluator": {"type": "gt", "params": [0]}}]
    assert rule["condition"] == threshold["refId"]
    for node in (math, threshold):
        assert node["datasourceUid"] == node["model"]["datasource"]["uid"] == "__expr__"
    assert all(node["refId"] == node["model"]["refId"] for node in rule["data"])


@each_pair
def test_the_texts_use_the_variables_of_grafana(rule: Json, other: Json) -> None:
    notes = rule["annotations"]
    assert notes | {"description": ""} == other["annotations"] | {"description": ""}
    assert notes["description"].replace("$values.query.Value", "$value") == other["annotations"]["description"]
    assert set(re.findall(r"\$[a-z]+", notes["description"])) <= {"$labels", "$values"}
    assert "${" not in str(notes)  # Grafana replaces these by environment variables


def test_the_rules_read_the_provisioned_data_source() -> None:
    [source] = yaml.safe_load((ROOT / "grafana/provisioning/datasources/prometheus.yaml").read_text(encoding="utf-8"))["datasources"]
    assert {rule["data"][0]["datasourceUid"] for rule, _ in PAIRS} == {source["uid"]}


def test_the_demo_does_not_load_the_file() -> None:
    """Its Prometheus evaluates the same alerts already."""
    mounts = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))["services"]["grafana"]["volumes"]
    folders = [mount.split(":")[0].removeprefix("./") for mount in mounts if mount.startswith("./")]
    assert not any(PATH.startswith(f"{folder}/") for folder in folders)
