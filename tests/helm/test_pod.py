"""The pod: its permissions, arguments, files and probes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import trustme
import yaml
from click.testing import CliRunner

from exporter.cli.main import main
from exporter.config.loading import load_config
from exporter.web.web_config.loader import load_web_config
from tests.helm.rendering import MINIMAL, SCENARIOS, Objects, container, of_kind, one, pod, scenario, template, workload

pytestmark = pytest.mark.e2e


def pods(objects: Objects) -> list[dict[str, Any]]:
    return [pod(objects), *(thing["spec"] for thing in of_kind(objects, "Pod"))]


def own_containers(objects: Objects) -> list[dict[str, Any]]:
    return [spec["containers"][0] for spec in pods(objects)]


@pytest.mark.parametrize("name", SCENARIOS)
def test_pods_meet_the_restricted_standard_and_have_no_token(name: str) -> None:
    for spec in pods(scenario(name)):
        assert spec["automountServiceAccountToken"] is False
        assert spec["enableServiceLinks"] is False
        assert spec["securityContext"]["runAsNonRoot"] is True
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert not {"hostNetwork", "hostPID", "hostIPC"} & set(spec)
        assert not [volume for volume in spec.get("volumes", []) if "hostPath" in volume]
    for each in own_containers(scenario(name)):
        assert each["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }


def test_openshift_can_choose_users_and_groups() -> None:
    chosen = [set(spec["securityContext"]) & {"runAsUser", "runAsGroup", "fsGroup"} for spec in pods(scenario("openshift"))]
    assert chosen == [set(), set()]


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_arguments_are_flags_of_the_command(name: str) -> None:
    for each in own_containers(scenario(name)):
        command, *flags = each["args"]
        text = CliRunner().invoke(main, [command, "--help"]).output
        known = set(re.findall(r"--[a-z.-]+[a-z]", text))
        assert {flag.split("=")[0] for flag in flags} <= known


def test_the_arguments_follow_the_values() -> None:
    assert container(scenario("everything"))["args"] == [
        "serve",
        "--config.file=/etc/ai-account-exporter/config.yaml",
        "--web.config.file=/etc/ai-account-exporter-web/web.yaml",
        "--web.listen-address=:8080",
        "--log.level=debug",
        "--log.format=json",
        "--web.max-requests=10",
        "--web.disable-exporter-metrics",
    ]


@pytest.mark.parametrize("name", SCENARIOS)
def test_no_probe_requests_the_metrics(name: str) -> None:
    each = container(scenario(name))
    paths = {each[probe].get("httpGet", {}).get("path") for probe in ("livenessProbe", "readinessProbe", "startupProbe") if probe in each}
    assert paths <= {"/-/healthy", "/-/ready", None}


def handlers(name: str) -> list[Any]:
    each = container(scenario(name))
    times = {"periodSeconds", "timeoutSeconds", "failureThreshold"}
    probes = [each[probe] for probe in ("livenessProbe", "readinessProbe", "startupProbe") if probe in each]
    return [{key: value for key, value in probe.items() if key not in times} for probe in probes]


def over(scheme: str, path: str) -> dict[str, Any]:
    return {"httpGet": {"path": path, "port": "metrics", "scheme": scheme}}


def test_probes_use_http_or_with_a_certificate_https() -> None:
    for name, scheme in (("minimal", "HTTP"), ("tls", "HTTPS")):
        assert handlers(name) == [over(scheme, "/-/healthy"), over(scheme, "/-/ready"), over(scheme, "/-/healthy")]


@pytest.mark.parametrize("name", ["basic-auth", "mutual-tls"])
def test_probes_run_in_the_container_if_requests_need_authentication(name: str) -> None:
    command = {"exec": {"command": ["ai-account-exporter", "healthcheck", "--web.listen-address=:9893", "--timeout=5"]}}
    assert handlers(name) == [command, {"tcpSocket": {"port": "metrics"}}, command]


def test_a_custom_probe_replaces_that_of_the_chart() -> None:
    assert handlers("everything")[0] == {"tcpSocket": {"port": "metrics"}}


def test_there_is_one_pod_and_never_two_at_the_same_time() -> None:
    spec = workload(scenario("minimal"))["spec"]
    assert (spec["replicas"], spec["strategy"]) == (1, {"type": "Recreate"})


def test_there_is_no_pod_without_an_account() -> None:
    assert workload(scenario("defaults"))["spec"]["replicas"] == 0
    assert of_kind(scenario("defaults"), "Pod") == []
    assert workload(template({"sharding": {"enabled": True}}).objects)["spec"]["replicas"] == 0


def test_files_with_accounts_are_accounts() -> None:
    assert workload(template({"config": {"account_files": ["/accounts/*.yaml"]}}).objects)["spec"]["replicas"] == 1


def test_each_shard_has_its_ordinal_and_is_scraped_separately() -> None:
    objects = scenario("sharding")
    assert workload(objects)["kind"] == "StatefulSet"
    assert workload(objects)["spec"]["replicas"] == 3
    assert {"--shard-from-pod-name=$(POD_NAME)", "--total-shards=3"} <= set(container(objects)["args"])
    assert container(objects)["env"] == [{"name": "POD_NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}]
    assert one(objects, "Service")["spec"]["clusterIP"] == "None"
    [claim] = workload(objects)["spec"]["volumeClaimTemplates"]
    assert claim["spec"] == {"accessModes": ["ReadWriteOnce"], "storageClassName": "fast", "resources": {"requests": {"storage": "1Gi"}}}
    assert of_kind(objects, "PersistentVolumeClaim") == []


def volume(name: str, which: str) -> dict[str, Any]:
    found: dict[str, Any] = {each["name"]: each for each in pod(scenario(name))["volumes"]}[which]
    return found


def test_the_state_is_in_the_pod_a_new_claim_or_an_existing_claim() -> None:
    assert volume("minimal", "state")["emptyDir"] == {}
    assert volume("persistence", "state")["persistentVolumeClaim"]["claimName"] == "accounts-ai-account-exporter-state"
    assert volume("existing-claim", "state")["persistentVolumeClaim"]["claimName"] == "accounts-state"
    assert of_kind(scenario("existing-claim"), "PersistentVolumeClaim") == []


def test_keys_are_files_that_only_the_exporter_s_group_can_read() -> None:
    found = volume("everything", "credentials")["projected"]
    assert oct(found["defaultMode"]) == "0o440"
    assert [source["secret"] for source in found["sources"]] == [
        {"name": "ai-account-keys", "items": [{"key": "heygen", "path": "heygen"}]},
        {"name": "acme", "items": [{"key": "token", "path": "acme"}]},
    ]


@pytest.mark.parametrize("name", SCENARIOS)
def test_no_single_file_is_mounted_because_it_would_not_follow_a_change(name: str) -> None:
    assert not [mount for mount in container(scenario(name))["volumeMounts"] if "subPath" in mount]


def written(name: str, folder: Path) -> Path:
    """The files of the ConfigMaps, and the files that they refer to."""
    for thing in of_kind(scenario(name), "ConfigMap"):
        for file, text in thing["data"].items():
            (folder / file).write_text(
                text.replace("/run/secrets/ai-account-exporter", str(folder)).replace("/etc/authorities", str(folder))
            )
    return folder


@pytest.mark.parametrize("name", ["minimal", "environment", "everything"])
def test_the_exporter_accepts_the_rendered_configuration(name: str, tmp_path: Path) -> None:
    for key in ("heygen", "acme"):
        (tmp_path / key).write_text("a-key")
    trustme.CA().cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    loaded = load_config(written(name, tmp_path) / "config.yaml", {"LIVEAVATAR_API_KEY": "a-key"})
    assert loaded.config.state is not None
    assert str(loaded.config.state.path) == "/var/lib/ai-account-exporter/state.db"


def test_a_large_number_is_rendered_as_an_integer() -> None:
    config = yaml.safe_load(one(of_kind(scenario("everything"), "ConfigMap")[:1], "ConfigMap")["data"]["config.yaml"])
    assert config["accounts"][0]["thresholds"] == {"wallet": {"warning": 10_000_000, "critical": 0.5}}


@pytest.mark.parametrize("name", ["tls", "everything"])
def test_the_exporter_accepts_the_rendered_web_configuration(name: str, tmp_path: Path) -> None:
    authority = trustme.CA()
    issued = authority.issue_cert("localhost")
    issued.cert_chain_pems[0].write_to_path(str(tmp_path / "tls.crt"))
    issued.private_key_pem.write_to_path(str(tmp_path / "tls.key"))
    authority.cert_pem.write_to_path(str(tmp_path / "clients.crt"))
    load_web_config(written(name, tmp_path) / "web.yaml")
    paths = [
        item["path"] for source in volume(name, "web-config")["projected"]["sources"] for kind in source.values() for item in kind["items"]
    ]
    assert paths == ["web.yaml", "tls.crt", "tls.key", "clients.crt"][: 4 if name == "everything" else 3]


def pod_annotations(values: dict[str, Any]) -> dict[str, str]:
    found: dict[str, str] = workload(template({**MINIMAL, **values}).objects)["spec"]["template"]["metadata"]["annotations"]
    return found


def test_the_optional_checksum_covers_only_the_configuration() -> None:
    assert "checksum/config" not in pod_annotations({})
    asked = {"restartOnConfigChange": True}
    first = pod_annotations(asked)["checksum/config"]
    assert pod_annotations({**asked, "commonLabels": {"a": "b"}, "log": {"level": "debug"}})["checksum/config"] == first
    assert pod_annotations({**asked, "config": {**MINIMAL["config"], "defaults": {"interval": "1m"}}})["checksum/config"] != first


def test_a_new_chart_version_does_not_restart_the_pod() -> None:
    meta = workload(scenario("everything"))["spec"]
    assert "helm.sh/chart" not in meta["template"]["metadata"]["labels"]
    assert meta["selector"]["matchLabels"] == {
        "app.kubernetes.io/name": "ai-account-exporter",
        "app.kubernetes.io/instance": "accounts",
        "app.kubernetes.io/component": "exporter",
    }


def test_the_image_has_the_version_of_the_chart_by_default() -> None:
    assert container(scenario("minimal"))["image"] == "ghcr.io/ai-account-exporter/ai-account-exporter:0.1.0"
    assert container(scenario("subchart-global"))["image"] == "mirror.example.com/ai-account-exporter/ai-account-exporter:0.1.0"
    assert container(scenario("everything"))["image"].startswith("ghcr.io/mirror/ai-account-exporter@sha256:0123")
    assert pod(scenario("subchart-global"))["imagePullSecrets"] == [{"name": "own"}, {"name": "mirror"}]


def test_pull_secrets_of_a_parent_chart_may_be_names_as_in_kube_prometheus_stack() -> None:
    values = {**MINIMAL, "imagePullSecrets": [{"name": "own"}], "global": {"imagePullSecrets": ["mirror", {"name": "other"}]}}
    assert pod(template(values).objects)["imagePullSecrets"] == [{"name": "own"}, {"name": "mirror"}, {"name": "other"}]
