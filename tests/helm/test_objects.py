"""The objects besides the pod: service, monitors, rules, dashboards, network policy."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

from tests.helm.rendering import MINIMAL, ROOT, SCENARIOS, container, of_kind, one, scenario, template, workload
from tools.chart.schema import alert_names

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize("name", SCENARIOS)
def test_services_policies_and_monitors_select_exactly_the_pods(name: str) -> None:
    objects = scenario(name)
    labels = workload(objects)["spec"]["template"]["metadata"]["labels"].items()
    selectors = [one(objects, "Service")["spec"]["selector"], workload(objects)["spec"]["selector"]["matchLabels"]]
    selectors += [each["spec"]["podSelector"]["matchLabels"] for each in of_kind(objects, "NetworkPolicy")]
    selectors += [
        each["spec"]["selector"]["matchLabels"] for kind in ("PodDisruptionBudget", "PodMonitor") for each in of_kind(objects, kind)
    ]
    assert all(selector.items() <= labels for selector in selectors)
    for each in of_kind(objects, "ServiceMonitor"):
        assert each["spec"]["selector"]["matchLabels"].items() <= one(objects, "Service")["metadata"]["labels"].items()
    for each in of_kind(objects, "Pod"):
        assert not any(selector.items() <= each["metadata"]["labels"].items() for selector in selectors)


@pytest.mark.parametrize("name", SCENARIOS)
def test_common_labels_are_on_every_object_and_replace_no_label_of_the_chart(name: str) -> None:
    for thing in scenario(name):
        if thing["metadata"]["name"] not in {"accounts-note", "accounts-text"}:
            assert thing["metadata"]["labels"]["app.kubernetes.io/instance"] == "accounts"
            assert thing["metadata"]["labels"].get("team") in {None, "platform"}
    stolen = template({**MINIMAL, "commonLabels": {"app.kubernetes.io/name": "x"}, "podLabels": {"app.kubernetes.io/instance": "y"}})
    assert workload(stolen.objects)["spec"]["template"]["metadata"]["labels"]["app.kubernetes.io/name"] == "ai-account-exporter"
    assert workload(stolen.objects)["spec"]["template"]["metadata"]["labels"]["app.kubernetes.io/instance"] == "accounts"


def one_pod(name: str) -> list[dict[str, str]]:
    """The relabelings by which all pods of a Deployment have one instance."""
    return [{"targetLabel": "instance", "replacement": name}, {"action": "labeldrop", "regex": "pod"}]


def test_a_service_monitor_has_all_values() -> None:
    monitor = one(scenario("monitors"), "ServiceMonitor")
    assert monitor["metadata"]["namespace"] == "monitoring"
    assert monitor["metadata"]["labels"]["release"] == "kube-prometheus-stack"
    spec = monitor["spec"]
    assert (spec["jobLabel"], spec["targetLabels"], spec["sampleLimit"]) == ("job", ["job"], 50_000)
    assert spec["endpoints"] == [
        {
            "port": "metrics",
            "path": "/accounts/metrics",
            "scheme": "http",
            "honorLabels": True,
            "interval": "1m",
            "scrapeTimeout": "10s",
            "relabelings": [*one_pod("accounts-ai-account-exporter"), {"targetLabel": "cluster", "replacement": "east"}],
            "metricRelabelings": [{"sourceLabels": ["__name__"], "regex": "python_.*", "action": "drop"}],
        }
    ]
    assert "--web.telemetry-path=/accounts/metrics" in container(scenario("monitors"))["args"]


def endpoint(name: str) -> dict[str, Any]:
    [monitor] = [thing for thing in scenario(name) if thing["kind"] in {"ServiceMonitor", "PodMonitor"}]
    [found] = monitor["spec"].get("endpoints") or monitor["spec"]["podMetricsEndpoints"]
    return dict(found)


def test_a_new_pod_continues_the_series_of_the_previous_one() -> None:
    assert endpoint("everything")["relabelings"] == one_pod("accounts")
    sharded = {"sharding": {"enabled": True}, "podMonitor": {"enabled": True}}
    [found] = one(template(sharded).objects, "PodMonitor")["spec"]["podMetricsEndpoints"]
    assert found["relabelings"] == [{"sourceLabels": ["__meta_kubernetes_pod_name"], "targetLabel": "instance"}]


def test_prometheus_verifies_the_certificate_of_the_exporter() -> None:
    assert endpoint("tls")["scheme"] == "https"
    assert endpoint("tls")["tlsConfig"] == {
        "ca": {"secret": {"name": "exporter-tls", "key": "ca.crt"}},
        "serverName": "accounts-ai-account-exporter.monitoring.svc",
    }


def test_prometheus_sends_a_client_certificate_or_a_password() -> None:
    assert endpoint("mutual-tls")["tlsConfig"]["keySecret"] == {"name": "prometheus-client", "key": "tls.key"}
    assert endpoint("basic-auth")["basicAuth"]["password"] == {"name": "exporter-login", "key": "password"}


def rules_of(name: str) -> list[dict[str, Any]]:
    return [rule for group in one(scenario(name), "PrometheusRule")["spec"]["groups"] for rule in group["rules"]]


def repository_rules() -> list[dict[str, Any]]:
    paths = sorted((ROOT / "prometheus" / "rules").glob("*.yaml"))
    return [rule for path in paths for group in yaml.safe_load(path.read_text("utf-8"))["groups"] for rule in group["rules"]]


def test_the_rules_are_those_of_the_repository() -> None:
    assert rules_of("everything") == repository_rules()


def test_values_change_the_rules() -> None:
    changed = rules_of("rules")
    assert {rule["alert"] for rule in changed if "alert" in rule} == {
        *alert_names(),
        "StudioWalletLow",
    } - {"AIAccountBurnSpike", "AIAccountCreditsExpiring"}
    assert changed[-1]["annotations"] == {"summary": "{{ $labels.account }} has {{ $value }} left."}
    for rule in changed[:-1]:
        if "alert" in rule:
            [before] = [each for each in repository_rules() if (each.get("alert"), each["expr"]) == (rule["alert"], rule["expr"])]
            runbook = f"https://wiki.example.com/runbooks/{rule['alert']}.md"
            wait = "1h" if rule["alert"] == "AIAccountDataStale" else before["for"]
            expected = {"labels": {**before["labels"], "team": "video"}, "annotations": {**before["annotations"], "runbook_url": runbook}}
            assert rule == {**before, **expected, "for": wait}


def test_without_rules_there_is_no_object() -> None:
    objects = template({**MINIMAL, "prometheusRule": {"enabled": True, "defaultRules": {"enabled": False}}}).objects
    assert of_kind(objects, "PrometheusRule") == []


def test_each_dashboard_is_a_config_map_for_the_sidecar() -> None:
    maps = [thing for thing in of_kind(scenario("dashboards"), "ConfigMap") if "grafana_dashboard" in thing["metadata"]["labels"]]
    found = {name: json.loads(text) for thing in maps for name, text in thing["data"].items()}
    assert found == {path.name: json.loads(path.read_text("utf-8")) for path in (ROOT / "grafana" / "dashboards").glob("*.json")}
    assert found
    assert {thing["metadata"]["annotations"]["grafana_folder"] for thing in maps} == {"AI accounts"}
    assert {thing["metadata"]["namespace"] for thing in maps} == {"grafana"}


def test_the_config_map_of_a_dashboard_fits_into_an_annotation() -> None:
    """`kubectl apply` and Argo CD keep the whole object in an annotation. All annotations of an object together hold 256 KiB."""
    maps = [thing for thing in of_kind(scenario("dashboards"), "ConfigMap") if "grafana_dashboard" in thing["metadata"]["labels"]]
    sizes = {thing["metadata"]["name"]: len(json.dumps(thing).encode()) for thing in maps}
    assert len(sizes) == 3
    assert {name: size for name, size in sizes.items() if size > 0.6 * 262_144} == {}


def test_the_grafana_operator_uses_the_same_dashboards() -> None:
    objects = scenario("dashboards")
    maps = {thing["metadata"]["name"]: list(thing["data"]) for thing in of_kind(objects, "ConfigMap")}
    for thing in of_kind(objects, "GrafanaDashboard"):
        assert maps[thing["spec"]["configMapRef"]["name"]] == [thing["spec"]["configMapRef"]["key"]]
    assert len(of_kind(objects, "GrafanaDashboard")) == len(maps)


def test_an_ingress_publishes_only_the_status_page_unless_it_has_paths() -> None:
    ingress = one(scenario("ingress"), "Ingress")
    service = {"service": {"name": "accounts-ai-account-exporter", "port": {"name": "metrics"}}}
    assert ingress["metadata"]["labels"]["exposed"] == "internally"
    assert ingress["metadata"]["annotations"] == {"traefik.ingress.kubernetes.io/router.middlewares": "monitoring-login@kubernetescrd"}
    assert ingress["spec"] == {
        "ingressClassName": "traefik",
        "tls": [{"secretName": "accounts-tls", "hosts": ["accounts.example.com", "accounts.internal.example.com"]}],
        "rules": [
            {"host": "accounts.example.com", "http": {"paths": [{"path": "/", "pathType": "Exact", "backend": service}]}},
            {"host": "accounts.internal.example.com", "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": service}]}},
        ],
    }


def test_a_route_publishes_the_service_at_its_port() -> None:
    objects = scenario("http-route")
    route = one(objects, "HTTPRoute")
    assert route["metadata"]["annotations"] == {"example.com/owner": "platform"}
    assert route["spec"]["parentRefs"] == [{"name": "internal", "namespace": "gateways", "sectionName": "https"}]
    assert route["spec"]["hostnames"] == ["accounts.example.com"]
    [rule] = route["spec"]["rules"]
    assert rule["backendRefs"] == [{"name": one(objects, "Service")["metadata"]["name"], "port": 80}]
    assert [match["path"]["value"] for match in rule["matches"]] == ["/", "/api/v1"]
    assert [each["type"] for each in rule["filters"]] == ["ExtensionRef"]


def test_a_route_publishes_only_the_status_page_by_default() -> None:
    route = one(template({**MINIMAL, "httpRoute": {"enabled": True, "parentRefs": [{"name": "public"}]}}).objects, "HTTPRoute")
    assert route["spec"]["rules"][0]["matches"] == [{"path": {"type": "Exact", "value": "/"}}]
    assert "hostnames" not in route["spec"]


@pytest.mark.parametrize("name", [name for name in SCENARIOS if name not in {"ingress", "http-route"}])
def test_nothing_is_published_unless_it_is_enabled(name: str) -> None:
    assert of_kind(scenario(name), "Ingress") + of_kind(scenario(name), "HTTPRoute") == []


def test_the_network_policy_allows_scrapes_and_requests_to_vendors() -> None:
    spec = one(scenario("network-policy"), "NetworkPolicy")["spec"]
    assert spec["policyTypes"] == ["Ingress", "Egress"]
    assert [peer["podSelector"]["matchLabels"].get("app.kubernetes.io/component") for peer in spec["ingress"][0]["from"]] == [None, "test"]
    assert [port["port"] for rule in spec["egress"] for port in rule["ports"]] == [53, 53, 443, 8443, 3128]


@pytest.mark.parametrize("most", [0, 1, "50%"])
def test_a_disruption_budget_has_a_number_or_a_percentage(most: object) -> None:
    objects = template({**MINIMAL, "podDisruptionBudget": {"enabled": True, "maxUnavailable": most}}).objects
    assert one(objects, "PodDisruptionBudget")["spec"]["maxUnavailable"] == most


def test_the_pod_of_helm_test_checks_the_service() -> None:
    test = one(scenario("everything"), "Pod")
    assert test["metadata"]["annotations"]["helm.sh/hook"] == "test"
    assert test["spec"]["containers"][0]["args"] == ["healthcheck", "--web.listen-address=accounts:9893"]
    [sharded] = one(scenario("sharding"), "Pod")["spec"]["containers"]
    assert sharded["args"][-1] == "--web.listen-address=accounts-ai-account-exporter:9893", "a headless service maps no port"
    assert test["spec"]["containers"][0]["image"] == container(scenario("everything"))["image"]


def test_extra_objects_are_maps_or_templates() -> None:
    found = {thing["metadata"]["name"]: thing["data"] for thing in of_kind(scenario("everything"), "ConfigMap")}
    assert found["accounts-note"] == {"note": "of one's own"}
    assert found["accounts-text"] == {"namespace": "monitoring"}


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_chart_creates_no_secret(name: str) -> None:
    assert of_kind(scenario(name), "Secret") == []
