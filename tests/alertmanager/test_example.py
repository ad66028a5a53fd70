"""The Alertmanager example uses existing names, reads secrets from files, and routes by team and severity."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from tests.alertmanager.example import EXAMPLE, TEMPLATES, alerts_of, example, routes, severities
from tests.support import PATIENCE


def leaves(node: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(node, dict):
        for key, value in node.items():
            yield from leaves(value, f"{path}.{key}")
    elif isinstance(node, list):
        for value in node:
            yield from leaves(value, path)
    else:
        yield path, node


def test_every_receiver_sends_resolved_alerts() -> None:
    kinds = [kind for receiver in example()["receivers"] for key, kind in receiver.items() if key.endswith("_configs")]
    assert [config for kind in kinds for config in kind if config.get("send_resolved") is not True] == []


def test_secrets_come_from_files_only() -> None:
    secrets = [
        (path, value)
        for path, value in leaves(example())
        if re.search(r"slack_api_url|password|routing_key|credentials|service_key|token", path)
    ]
    assert len(secrets) >= 6
    assert [path for path, value in secrets if not path.endswith("_file") or not str(value).startswith("/run/secrets/")] == []


def test_every_receiver_is_used_and_defined() -> None:
    config = example()
    assert {route["receiver"] for route in routes(config["route"])} == {receiver["name"] for receiver in config["receivers"]}


def test_every_used_template_is_defined() -> None:
    written = "".join(file.read_text() for file in TEMPLATES.glob("*.tmpl"))
    defined = set(re.findall(r'define "([\w.]+)"', written))
    used = set(re.findall(r'template "([\w.]+)"', written + EXAMPLE.read_text()))
    assert used == defined


def test_every_inhibition_names_existing_alerts() -> None:
    names = list(severities())
    for rule in example()["inhibit_rules"]:
        for side in ("source_matchers", "target_matchers"):
            for matcher in (matcher for matcher in rule[side] if matcher.startswith("alertname")):
                assert alerts_of([matcher], names), matcher
                for part in re.findall(r"\((.*?)\)", matcher):
                    assert all(any(re.search(word, name) for name in names) for word in part.split("|")), matcher


def test_no_two_alerts_inhibit_each_other() -> None:
    names = list(severities())
    arrows = {
        (source, target)
        for rule in example()["inhibit_rules"]
        for source in alerts_of(rule["source_matchers"], names)
        for target in alerts_of(rule["target_matchers"], names)
        if source != target
    }
    assert ("AIAccountVendorDown", "AIAccountDataStale") in arrows
    both_ways = {(source, target) for source, target in arrows if (target, source) in arrows and source < target}
    # Of these two, the critical alert always inhibits the warning of the other.
    assert both_ways == {("AIAccountBelowThreshold", "AIAccountRunningOut")}


def amtool(*arguments: str) -> str:
    program = shutil.which("amtool")
    assert program, "amtool is not on the PATH: install Debian's package `prometheus-alertmanager`"
    done = subprocess.run(  # noqa: S603 -- the PATH's amtool, with fixed arguments
        [program, *arguments], capture_output=True, check=False, timeout=PATIENCE
    )
    assert done.returncode == 0, (done.stdout + done.stderr).decode()
    return done.stdout.decode().strip()


@pytest.mark.e2e
def test_amtool_finds_no_problem() -> None:
    assert "1 templates" in amtool("check-config", str(EXAMPLE))


@pytest.mark.e2e
@pytest.mark.parametrize(
    ("labels", "receivers"),
    [
        ("alertname=AIAccountExporterDown severity=critical job=ai-accounts", "platform-page"),
        ("alertname=AIAccountExporterConfigReloadFailed severity=warning", "platform-chat"),
        ("alertname=AIAccountVendorDown severity=warning provider=heygen", "platform-chat"),
        ("alertname=AIAccountExhausted severity=critical team=video", "video-page"),
        ("alertname=AIAccountExhausted severity=critical team=voice", "voice-page"),
        ("alertname=AIAccountExhausted severity=critical team=", "platform-page"),
        ("alertname=AIAccountExhausted severity=critical team=unheard-of", "platform-page"),
        ("alertname=AIAccountRunningOut severity=warning team=video", "video-chat"),
        ("alertname=AIAccountRunningOut severity=warning", "platform-chat"),
        ("alertname=AIAccountCredentialFailing severity=critical team=voice", "voice-page"),
        ("alertname=AIAccountSpendCapExceeded severity=critical team=video", "billing,video-page"),
        ("alertname=AIAccountSpendCapNear severity=warning team=voice", "billing,voice-chat"),
        ("alertname=AIAccountNotActive severity=warning", "billing,platform-chat"),
        ("alertname=AIAccountAutoReloadOff severity=warning team=video", "billing,video-chat"),
        ("alertname=AIAccountCreditsExpiring severity=info team=video", "billing,digest"),
    ],
)
def test_an_alert_goes_to_its_team_by_its_severity(labels: str, receivers: str) -> None:
    assert amtool("config", "routes", "test", f"--config.file={EXAMPLE}", *labels.split()) == receivers
