"""Writes docs/configuration.md: every key of the configuration, from the models."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from exporter.config.loading import json_schema
from tools.docs.blocks import Reference

NETWORK = ("proxy_url", "no_proxy", "proxy_from_environment", "ca_file", "connect_timeout")

EXAMPLES: Mapping[str, Mapping[str, str]] = {
    "Config": {
        "defaults": "defaults: {interval: 10m}",
        "accounts": "accounts: [{name: studio, provider: heygen, credentials: {api_key: {env: HEYGEN_API_KEY}}}]",
        "providers": "providers: {elevenlabs: {max_requests_per_minute: 30}}",
        "state": "state: {path: /var/lib/ai-account-exporter/state.db}",
        "push": "push: {otlp: {endpoint: https://collector.example.com/v1/metrics}}",
        "account_files": "account_files: [accounts.d/*.yaml]",
        "provider_files": "provider_files: [providers/*.yaml]",
    },
    "Account": {
        "name": "name: studio",
        "provider": "provider: elevenlabs",
        "enabled": "enabled: false",
        "credentials": "credentials: {api_key: {file: /run/secrets/elevenlabs}}",
        "interval": "interval: 2m",
        "timeout": "timeout: 20s",
        "stale_after": "stale_after: 30m",
        "max_backoff": "max_backoff: 10m",
        "max_retry_after": "max_retry_after: 6h",
        "min_interval": "min_interval: 30s",
        "params": "params: {account: 0123456789abcdef0123456789abcdef}",
        "labels": "labels: {team: video}",
        "thresholds": "thresholds: {characters: {warning: 20%, critical: 5000}}",
        "budgets": "budgets: {overage_spend: {usd: 500}}",
        "plain_http": "plain_http: true",
        "region": "region: eu",
        "base_url": "base_url: https://gateway.example.com/elevenlabs",
    },
    "Defaults": {
        "interval": "interval: 5m",
        "timeout": "timeout: 15s",
        "stale_after": "stale_after: 15m",
        "max_backoff": "max_backoff: 15m",
        "max_retry_after": "max_retry_after: 1d",
        "min_interval": "min_interval: 30s",
        "thresholds": 'thresholds: {"*": {warning: 20%, critical: 5%}}',
        "budgets": "budgets: {spend: {usd: 500}}",
    },
    "Network": {
        "proxy_url": "proxy_url: http://proxy.example.com:3128",
        "no_proxy": "no_proxy: [.internal.example, 10.0.0.0/8]",
        "proxy_from_environment": "proxy_from_environment: true",
        "ca_file": "ca_file: ca.pem",
        "connect_timeout": "connect_timeout: 5s",
    },
    "SecretSource": {
        "env": "api_key: {env: HEYGEN_API_KEY}",
        "file": "api_key: {file: /run/secrets/heygen}",
        "value": "api_key: {value: not-a-real-key}",
        "oauth2": "access_token: {oauth2: {client_id: your-client, refresh_token_file: heygen-refresh}}",
    },
    "Login": {
        "client_id": "client_id: your-client",
        "refresh_token_file": "refresh_token_file: /var/lib/ai-account-exporter/heygen-refresh",
    },
    "SeverityThresholds": {"warning": "warning: 20%", "critical": "critical: 10"},
    "RequestBudget": {"max_requests_per_minute": "max_requests_per_minute: 60", "max_concurrent_requests": "max_concurrent_requests: 5"},
    "StateFields": {"path": "path: /var/lib/ai-account-exporter/state.db"},
    "Push": {"otlp": "otlp: {endpoint: https://collector.example.com/v1/metrics}"},
    "Otlp": {
        "plain_http": "plain_http: true",
        "endpoint": "endpoint: https://collector.example.com/v1/metrics",
        "headers": "headers: {Authorization: {file: /run/secrets/otlp}}",
        "interval": "interval: 1m",
        "timeout": "timeout: 10s",
        "resource": "resource: {service.name: ai-account-exporter, deployment.environment.name: production}",
    },
    "HeaderSource": {"env": "Authorization: {env: OTLP_AUTHORIZATION}", "file": "Authorization: {file: /run/secrets/otlp}"},
}
"""An example of each key. A test validates all of them. Every key needs one."""

BLOCKS: Mapping[str, tuple[str, str]] = {
    "Config": ("Top level", "The keys at the top level of the file."),
    "Account": (
        "Accounts",
        "Each entry of `accounts` has these keys. `defaults` applies to what an account does not set.",
    ),
    "Defaults": ("Defaults", "`defaults` has these keys. They apply to every account that does not set its own."),
    "Network": ("Connections", "These keys can be set in `defaults`, in an account and in `push.otlp`."),
    "SecretSource": ("Credentials", "A credential is exactly one of these."),
    "Login": (
        "OAuth logins",
        "`oauth2` has these keys. HeyGen's `access_token` supports it. [OAuth logins](oauth.md) describes how to get both values, and which processes may share a login.",
    ),
    "SeverityThresholds": (
        "Thresholds",
        "Each resource in `thresholds` has these keys. `*` applies to every resource that has no threshold of that severity, and must be a "
        "share. It does not apply to resources in the unit `slots`, which are held rather than used up. An amount is in the unit of the "
        "resource. A share is a share of its limit: see [Set thresholds](alerts.md#set-thresholds). The exporter exports thresholds as "
        "`ai_account_quota_threshold`, and the alert rules use this metric.",
    ),
    "RequestBudget": (
        "Request limits",
        "Each provider in `providers` has these keys. They apply to all of its accounts on one host together.",
    ),
    "StateFields": ("State", "`state` has these keys."),
    "Push": ("Push", "`push` has one key. [Push over OTLP](push.md) describes what is pushed, and when that is useful."),
    "Otlp": ("Push over OTLP", "`push.otlp` has these keys, and those of [a connection](#connections)."),
    "HeaderSource": ("Headers of a push", "The value of a header is exactly one of these: the whole value, such as `Basic dXNlcjprZXk=`."),
}

CONFIGURATION = """\
<!-- Written by `make docs` from exporter/config; do not edit. -->

# Configuration

One YAML file lists the accounts. `ai-account-exporter check` lists all problems of the file and where they are. It rejects unknown keys and
suggests the nearest known key. Editors complete keys with the JSON Schema. Write it beside the configuration:

```sh
ai-account-exporter check --schema > config.schema.json
```

```yaml
# yaml-language-server: $schema=./config.schema.json
defaults: {{interval: 5m}}
accounts:
  - name: studio
    provider: heygen
    credentials: {{api_key: {{env: HEYGEN_API_KEY}}}}
```

Durations have the format of Prometheus: `30s`, `5m`, `1h30m`. Relative paths start at the folder of the file, and `~` and variables such
as `$HOME` are not replaced. The exporter reloads a changed file within 30 seconds, on SIGHUP, or on `POST /-/reload`. If the new file is
invalid, the previous configuration stays in effect. A reload does not affect accounts that did not change. With another `base_url`,
`region` or param, an account may be another one at the vendor: its values disappear until the next poll, and a difference does not count as
consumption. The same happens if its key comes from the variable or the file of another account's key, or did so until now, and if the
definition of its vendor is changed: it may read another field, or in another unit.

Listen addresses are flags of [`serve`](cli.md#serve). TLS and users are in the [web configuration file](serving.md#tls-users-headers).

{blocks}"""


def configuration(_path: Path) -> str:
    """The reference of the configuration, with one section for each block."""
    blocks = _blocks()
    reference = Reference({name: title for name, (title, _) in BLOCKS.items()}, EXAMPLES, {"Account": EXAMPLES["Defaults"]})
    sections = (f"## {title}\n\n{about}\n\n{reference.rows(name, blocks[name])}\n" for name, (title, about) in BLOCKS.items())
    return CONFIGURATION.format(blocks="\n".join(sections))


def _blocks() -> Mapping[str, Mapping[str, Any]]:
    """The properties of every block. `Network` contains those that several blocks share."""
    schema = json_schema()
    found = {name: dict(block["properties"]) for name, block in {**schema["$defs"], "Config": schema}.items()}
    network = {name: found["Defaults"][name] for name in NETWORK}
    for block in ("Account", "Defaults", "Otlp"):
        found[block] = {name: each for name, each in found[block].items() if name not in NETWORK}
    found["Config"]["defaults"] = {"$ref": "#/$defs/Defaults", "description": "Settings for every account that does not set its own."}
    required = {name: block.get("required", ()) for name, block in {**schema["$defs"], "Config": schema}.items()}
    marked = {block: {name: {**each, "required": name in required[block]} for name, each in keys.items()} for block, keys in found.items()}
    return {**marked, "Network": network}
