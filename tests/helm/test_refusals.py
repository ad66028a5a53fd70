"""What cannot be meant is refused with the remedy, all at once; what the operator is told after an installation."""

from __future__ import annotations

from typing import Any

import pytest

from tests.helm.rendering import ACCOUNT, CHART, MINIMAL, run, template, values_of

pytestmark = pytest.mark.e2e

INLINE = {"accounts": [ACCOUNT | {"credentials": {"api_key": {"value": "sk-canary"}}}]}


def refusal(values: dict[str, Any], version: str) -> str:
    answer = template(values, version)
    assert answer.code != 0
    return answer.errors


def test_a_secret_in_the_configuration_is_refused_and_not_shown(version: str) -> None:
    text = refusal({"config": INLINE}, version)
    assert "config.accounts.0.credentials.api_key.value: a ConfigMap is no place for a secret" in text
    assert "sk-canary" not in text


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (
            {"config": {**MINIMAL["config"], "defaults": {"proxy_url": "http://me:pw@proxy:3128"}}},
            "config.defaults.proxy_url: a ConfigMap is no",
        ),
        ({"config": {"accounts": [ACCOUNT | {"proxy_url": "http://me:pw@proxy:3128"}]}}, "config.accounts.0.proxy_url: a ConfigMap is no"),
        (
            {**MINIMAL, "webConfig": {"settings": {"basic_auth_users": {"a": "b"}}}},
            "webConfig.settings.basic_auth_users: a ConfigMap is no",
        ),
        ({**MINIMAL, "existingConfigMap": {"name": "a"}}, "expected one of existingConfigMap, config.accounts"),
        ({"demo": True, "sharding": {"enabled": True}}, "demo: goes without `sharding`"),
        (
            {"config": {"accounts": [ACCOUNT | {"credentials": {"api_key": {"file": "/run/secrets/ai-account-exporter/stage"}}}]}},
            "config.accounts.0.credentials.api_key.file: no entry of `credentials` is named stage",
        ),
        ({**MINIMAL, "credentials": [{"name": "a", "existingSecret": "s", "key": "k"}] * 2}, "credentials.1.name: a is there twice"),
        ({**MINIMAL, "webConfig": {"clientCA": {"existingSecret": "ca"}}}, "webConfig.clientCA: needs `webConfig.tls`"),
        ({**MINIMAL, "webConfig": {"scheme": "https"}}, "webConfig.scheme: goes with"),
        ({**MINIMAL, "sharding": {"enabled": True}, "service": {"type": "NodePort"}}, "service.type: shards need ClusterIP"),
        (
            {**MINIMAL, "sharding": {"enabled": True}, "persistence": {"enabled": True, "existingClaim": "c"}},
            "persistence.existingClaim: shards cannot share",
        ),
        ({**MINIMAL, "serviceMonitor": {"enabled": True}, "podMonitor": {"enabled": True}}, "everything would be scraped twice"),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
def test_what_contradicts_itself_is_refused_with_its_place(values: dict[str, Any], expected: str) -> None:
    assert expected in refusal(values, "4.3.1")


def test_all_that_is_wrong_comes_out_at_once() -> None:
    text = refusal({"config": INLINE, "demo": True, "webConfig": {"scheme": "https"}}, "3.17.2")
    assert [line for line in text.splitlines() if line.startswith("  - ")] == [
        "  - config.accounts.0.credentials.api_key.value: a ConfigMap is no place for a secret: put it into a Secret, "
        "name that in `credentials`, and write `file:` here",
        "  - expected one of demo, config.accounts",
        "  - webConfig.scheme: goes with `webConfig.existingSecret` only",
    ]


@pytest.mark.parametrize("values", [{"replicas": 2}, {"sevice": {}}, {"image": None}, {"config": {"acounts": []}}], ids=str)
def test_helm_refuses_what_the_schema_refuses(values: dict[str, Any], version: str) -> None:
    assert "don't meet the specifications of the schema" in refusal({**MINIMAL, **values}, version)


def test_the_chart_can_be_a_part_of_another(version: str, tmp_path: Any) -> None:
    parent = tmp_path / "parent"
    (parent / "charts").mkdir(parents=True)
    (parent / "charts" / "ai-account-exporter").symlink_to(CHART)
    condition = "dependencies: [{name: ai-account-exporter, version: '*', condition: ai-account-exporter.enabled}]"
    (parent / "Chart.yaml").write_text(f"apiVersion: v2\nname: parent\nversion: 1.0.0\n{condition}\n")
    child = {key: value for key, value in values_of("subchart-global").items() if key != "global"}
    values = {"global": values_of("subchart-global")["global"], "ai-account-exporter": child}
    assert {thing["metadata"]["namespace"] for thing in template(values, version, parent).objects} == {"monitoring"}
    assert template(values | {"ai-account-exporter": {**child, "enabled": False}}, version, parent).objects == []


def notes(values: str) -> str:
    """What the operator is told; Helm 3 wants a cluster for that."""
    answer = run("4.3.1", "install", "accounts", str(CHART), "--dry-run=client", "--namespace=ns", "--values=-", stdin=values)
    assert answer.code == 0, answer.errors
    return answer.output.split("NOTES:")[1]


def test_the_notes_tell_how_to_see_it_work() -> None:
    text = notes("{existingConfigMap: {name: a}, webConfig: {tls: {existingSecret: s}}, serviceMonitor: {enabled: true}}")
    assert "kubectl -n ns port-forward svc/accounts-ai-account-exporter 9893" in text
    assert "curl -sk https://localhost:9893/metrics | grep ai_account_up" in text
    assert "kube-prometheus-stack selects only objects with the label `release: <its release>`" in text


def test_the_notes_say_that_nothing_runs_or_that_it_is_made_up() -> None:
    assert "NO ACCOUNT IS CONFIGURED" in notes("{}")
    assert "THIS IS THE DEMO" in notes("{demo: true}")
