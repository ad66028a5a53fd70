"""The Alertmanager example, unchanged and changed for loopback."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
RUNBOOKS = ROOT / "docs" / "runbooks"
EXAMPLE = ROOT / "prometheus" / "alertmanager.example.yaml"
TEMPLATES = ROOT / "prometheus" / "templates"
RULES = ROOT / "prometheus" / "rules"


def example() -> dict[str, Any]:
    """A copy that the test can change."""
    found: dict[str, Any] = yaml.safe_load(EXAMPLE.read_text())
    return found


def rules(kind: str) -> list[dict[str, Any]]:
    """All rules of one kind: `alert` or `record`."""
    groups = [group for file in sorted(RULES.glob("*.yaml")) for group in yaml.safe_load(file.read_text())["groups"]]
    return [rule for group in groups for rule in group["rules"] if kind in rule]


def severities() -> dict[str, list[str]]:
    """The severities of each alert, warning before critical."""
    order = ["info", "warning", "critical"]
    found: dict[str, set[str]] = {}
    for rule in rules("alert"):
        found.setdefault(rule["alert"], set()).add(rule["labels"]["severity"])
    return {name: sorted(levels, key=order.index) for name, levels in found.items()}


def routes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for child in node.get("routes", []):
        yield from routes(child)


def alerts_of(matchers: list[str], names: list[str]) -> list[str]:
    """The alerts that matchers on `alertname` select."""
    left = names
    for matcher in matchers:
        label, operator, value = re.fullmatch(r'(\w+) (=~|!=|=) "(.*)"', matcher).groups()  # type: ignore[union-attr]  # a matcher of another form has to fail
        if label == "alertname":
            left = [name for name in left if (re.fullmatch(value, name) is not None) == (operator != "!=")]
    return left


def on_loopback(folder: Path, port: int, mail_port: int, *, group_wait: str = "0s", everything_to_webhook: bool = False) -> Path:
    """Write a copy of the example that sends to loopback, without delays. Routes and inhibition are unchanged."""
    config = example()
    (folder / "secret").write_text("secret")
    (folder / "slack").write_text(f"http://127.0.0.1:{port}/slack")
    config["templates"] = [str(TEMPLATES / "*.tmpl")]
    config["global"] = {
        "slack_api_url_file": str(folder / "slack"),
        "pagerduty_url": f"http://127.0.0.1:{port}/pagerduty",
        "smtp_smarthost": f"127.0.0.1:{mail_port}",
        "smtp_from": config["global"]["smtp_from"],
        "smtp_require_tls": False,
    }
    for route in routes(config["route"]):
        route |= {"group_wait": group_wait, "group_interval": "1s"}
    for receiver in config["receivers"]:
        for pager in receiver.get("pagerduty_configs", []):
            pager["routing_key_file"] = str(folder / "secret")
        if everything_to_webhook:
            receiver["webhook_configs"] = [{"send_resolved": True, "http_config": {"authorization": {}}}]
        for hook in receiver.get("webhook_configs", []):
            hook["url"] = f"http://127.0.0.1:{port}/webhook"
            hook["http_config"]["authorization"]["credentials_file"] = str(folder / "secret")
    path = folder / "alertmanager.yml"
    path.write_text(yaml.safe_dump(config))
    return path
