"""Conflicting values are rejected together, each with its remedy; and the notes after an installation."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tests.helm.rendering import ACCOUNT, CHART, MINIMAL, one, run, template, values_of

pytestmark = pytest.mark.e2e

INLINE = {"accounts": [ACCOUNT | {"credentials": {"api_key": {"value": "sk-canary"}}}]}


RECEIVER = {"endpoint": "https://collector.example/v1/metrics"}
KEYS = "/run/secrets/ai-account-exporter"
LOGIN = {
    "name": "studio",
    "provider": "heygen",
    "credentials": {"access_token": {"oauth2": {"client_id": "id", "refresh_token_file": f"{KEYS}/heygen"}}},
}
WITH_FILE = {"config": {"accounts": [ACCOUNT | {"credentials": {"api_key": {"file": f"{KEYS}/stage"}}}]}}


def refusal(values: dict[str, Any], version: str) -> str:
    answer = template(values, version)
    assert answer.code != 0
    return answer.errors


def test_a_secret_in_the_configuration_is_rejected_and_not_printed(version: str) -> None:
    text = refusal({"config": INLINE}, version)
    assert "config.accounts.0.credentials.api_key.value: a ConfigMap must not contain a secret" in text
    assert "sk-canary" not in text


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (
            {"config": {**MINIMAL["config"], "defaults": {"proxy_url": "http://me:pw@proxy:3128"}}},
            "config.defaults.proxy_url: a ConfigMap must not",
        ),
        (
            {"config": {"accounts": [ACCOUNT | {"proxy_url": "http://me:pw@proxy:3128"}]}},
            "config.accounts.0.proxy_url: a ConfigMap must not",
        ),
        (
            {"config": {**MINIMAL["config"], "push": {"otlp": {**RECEIVER, "proxy_url": "http://me:pw@proxy:3128"}}}},
            "config.push.otlp.proxy_url: a ConfigMap must not",
        ),
        (
            {**MINIMAL, "webConfig": {"settings": {"tls_server_config": {"cert": "c", "key": "canary"}}}},
            "webConfig.settings.tls_server_config: use `webConfig.tls`",
        ),
        (
            {**MINIMAL, "webConfig": {"settings": {"basic_auth_users": {"a": "b"}}}},
            "webConfig.settings.basic_auth_users: a ConfigMap must not",
        ),
        (
            {"config": {"accounts": [LOGIN]}},
            "config.accounts.0.credentials.access_token.oauth2.refresh_token_file: the exporter replaces this file",
        ),
        ({"config": {"account_files": ["/accounts/*.yaml"]}, "demo": True}, "set only one of demo, config.accounts"),
        ({**MINIMAL, "existingConfigMap": {"name": "a"}}, "set only one of existingConfigMap, config.accounts"),
        ({"demo": True, "sharding": {"enabled": True}}, "demo: cannot be combined with `sharding`"),
        ({"demo": True, "telemetryPath": "/accounts"}, "demo: cannot be combined with `sharding`, `webConfig` or `telemetryPath`"),
        (
            {"config": {**MINIMAL["config"], "push": {"otlp": {**RECEIVER, "headers": {"Authorization": {"file": f"{KEYS}/otlp"}}}}}},
            "config.push.otlp.headers.Authorization.file: no entry of `credentials` has the name otlp",
        ),
        (
            WITH_FILE,
            "config.accounts.0.credentials.api_key.file: no entry of `credentials` has the name stage",
        ),
        ({**MINIMAL, "credentials": [{"name": "a", "existingSecret": "s", "key": "k"}] * 2}, "credentials.1.name: a is used twice"),
        ({**MINIMAL, "webConfig": {"clientCA": {"existingSecret": "ca"}}}, "webConfig.clientCA: requires `webConfig.tls`"),
        ({**MINIMAL, "webConfig": {"scheme": "https"}}, "webConfig.scheme: requires"),
        ({**MINIMAL, "sharding": {"enabled": True}, "service": {"type": "NodePort"}}, "service.type: `sharding` requires ClusterIP"),
        (
            {**MINIMAL, "sharding": {"enabled": True}, "persistence": {"enabled": True, "existingClaim": "c"}},
            "persistence.existingClaim: shards cannot share one",
        ),
        ({**MINIMAL, "ingress": {"enabled": True}}, "ingress.hosts: expected one or more"),
        ({**MINIMAL, "httpRoute": {"enabled": True}}, "httpRoute.parentRefs: expected one or more"),
        (
            {**MINIMAL, "sharding": {"enabled": True}, "ingress": {"enabled": True, "hosts": [{"host": "a.example"}]}},
            "ingress.enabled, httpRoute.enabled: cannot be combined with `sharding`",
        ),
        (
            {
                **MINIMAL,
                "webConfig": {"tls": {"existingSecret": "t"}, "clientCA": {"existingSecret": "ca"}},
                "httpRoute": {"enabled": True, "parentRefs": [{"name": "public"}]},
            },
            "ingress.enabled, httpRoute.enabled: cannot be combined with `webConfig.clientCA`",
        ),
        ({**MINIMAL, "serviceMonitor": {"enabled": True}, "podMonitor": {"enabled": True}}, "every series would be scraped twice"),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
def test_conflicting_values_are_rejected_with_their_place(values: dict[str, Any], expected: str) -> None:
    assert expected in refusal(values, "4.3.1")


@pytest.mark.parametrize(
    ("path", "is_own"),
    [("/run", True), ("/run/secrets", True), ("/run/secrets/", True), (KEYS, True), (f"{KEYS}/stage", True), (f"{KEYS}-old", False)],
)
def test_a_file_of_an_own_volume_needs_no_entry(path: str, is_own: bool) -> None:  # noqa: FBT001 -- a parameter of the test
    volume = {"extraVolumes": [{"name": "keys", "emptyDir": {}}], "extraVolumeMounts": [{"name": "keys", "mountPath": path}]}
    answer = template({**WITH_FILE, **volume})
    assert ("no entry of `credentials`" not in answer.errors) == (answer.code == 0) == is_own


@pytest.mark.parametrize("name", ["team.a", "a" * 49 + ".b", "a" * 48 + "-b.c"])
def test_every_release_has_a_valid_name_of_its_service(name: str, version: str) -> None:
    answer = run(version, "template", name, str(CHART), "--values=-", stdin=json.dumps(MINIMAL))
    names = [thing["metadata"]["name"] for thing in answer.objects]
    assert all(re.fullmatch("[a-z]([-a-z0-9]{0,61}[a-z0-9])?", each) for each in names), names


def test_a_release_whose_name_starts_with_a_digit_needs_another_name_for_its_service() -> None:
    answer = run("4.3.1", "template", "2nd", str(CHART), "--values=-", stdin=json.dumps(MINIMAL))
    assert "fullnameOverride: is required for this release, because the name of a service starts with a letter" in answer.errors
    answer = run("4.3.1", "template", "2nd", str(CHART), "--values=-", stdin=json.dumps({**MINIMAL, "fullnameOverride": "second"}))
    assert one(answer.objects, "Service")["metadata"]["name"] == "second"


def test_all_problems_are_reported_together() -> None:
    text = refusal({"config": INLINE, "demo": True, "webConfig": {"scheme": "https"}}, "3.17.2")
    assert [line for line in text.splitlines() if line.startswith("  - ")] == [
        "  - config.accounts.0.credentials.api_key.value: a ConfigMap must not contain a secret: store it in a Secret, "
        "name that Secret in `credentials`, and use `file:` here",
        "  - set only one of demo, config.accounts",
        "  - webConfig.scheme: requires `webConfig.existingSecret`",
    ]


@pytest.mark.parametrize("values", [{"replicas": 2}, {"sevice": {}}, {"image": None}, {"config": {"acounts": []}}], ids=str)
def test_helm_rejects_what_the_schema_rejects(values: dict[str, Any], version: str) -> None:
    assert "don't meet the specifications of the schema" in refusal({**MINIMAL, **values}, version)


def test_the_chart_works_as_a_subchart(version: str, tmp_path: Any) -> None:
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
    """The notes of an installation. Helm 3 would need a cluster."""
    answer = run("4.3.1", "install", "accounts", str(CHART), "--dry-run=client", "--namespace=ns", "--values=-", stdin=values)
    assert answer.code == 0, answer.errors
    return answer.output.split("NOTES:")[1]


def test_the_notes_explain_how_to_check_the_release() -> None:
    text = notes("{existingConfigMap: {name: a}, webConfig: {tls: {existingSecret: s}}, serviceMonitor: {enabled: true}}")
    assert "kubectl -n ns port-forward svc/accounts-ai-account-exporter 9893" in text
    assert "curl -sk https://localhost:9893/metrics | grep ai_account_up" in text
    assert "kube-prometheus-stack selects only objects with the label `release: <its release>`" in text


def test_the_notes_say_if_nothing_runs_or_the_data_is_simulated() -> None:
    assert "NO ACCOUNT IS CONFIGURED" in notes("{}")
    assert "THIS IS THE DEMO" in notes("{demo: true}")


def test_the_notes_warn_about_a_published_page() -> None:
    published = "ingress: {enabled: true, hosts: [{host: a.example}]}"
    text = notes(f"{{existingConfigMap: {{name: a}}, {published}}}")
    assert "The status page is published at a.example. It shows the names of all accounts" in text
    assert "The exporter itself requires no password" in text
    assert "`ingress.tls` is not set" in text
    text = notes(
        f"{{existingConfigMap: {{name: a}}, webConfig: {{existingSecret: {{name: s}}}}, {published[:-1]}, tls: [{{secretName: t}}]}}}}"
    )
    assert "The status page is published at a.example." in text
    assert "requires no password" not in text
    assert "ingress.tls" not in text
    route = "httpRoute: {enabled: true, parentRefs: [{name: g}], hostnames: [b.example, c.example]}"
    assert "published at b.example, c.example." in notes(f"{{existingConfigMap: {{name: a}}, {route}}}")
    assert "published" not in notes("{existingConfigMap: {name: a}}")
