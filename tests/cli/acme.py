"""A definition, a response, and `providers test` with both."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from exporter.cli.main import main

DEFINITION = """
name: acme
title: Acme
docs_url: https://docs.example.com
credentials: {token: {header: Authorization}}
permission: billing.read
requests:
  - path: /v1/balance
    expect: type(data) == 'object'
    quotas:
      - {resource: wallet, unit: {select: data.currency}, remaining: {select: data.left_cents, scale: 0.01}}
      - {resource: spend, unit: usd, used: data.used, limit: {select: data.cap, unlimited: data.cap == null}, resets_at: {period: month}}
      - {resource: tokens, each: data.keys, unit: tokens, used: tokens}
    info: {plan: data.plan}
    features: {open: data.state == 'open'}
  - path: /v1/seats
    query: {since: "{month_start:date}"}
    optional: true
    expect: seats
    quotas: [{resource: seats, unit: slots, used: seats}]
errors: {code: error.code, reasons: {no_scope: forbidden}, missing_permission: [no_scope]}
"""


BODY: dict[str, Any] = {
    "data": {
        "currency": "USD", "left_cents": 1234, "used": "5.5", "cap": 100, "plan": "Pro", "state": "open", "grace": 3,
        "keys": [{"id": "a", "tokens": 5, "cost": 1}, {"id": "b", "tokens": 7, "cost": "2"}],
    }
}  # fmt: skip


def tried(definition: Path | str, body: object, *arguments: str | Path) -> Result:
    text = body if isinstance(body, str) else json.dumps(body)
    return CliRunner().invoke(main, ["providers", "test", str(definition), "--answer", "-", *map(str, arguments)], input=text)


def row(result: Result, name: str) -> list[str]:
    """The expression of an amount, what was found, and what is exported."""
    lines = result.stdout.splitlines()
    [at] = [index for index, line in enumerate(lines) if line.split()[:1] == [name]]
    rows = [lines[at].split(None, 1)[1]]
    for line in lines[at + 1 :]:
        if line.split()[:1] not in (["found"], ["exported"]):
            break
        rows.append(line.split(None, 1)[1])
    return rows


def with_quotas(folder: Path, *quotas: str) -> Path:
    path = folder / "quotas.yaml"
    head = DEFINITION.partition("requests:")[0].replace("permission: billing.read\n", "")
    path.write_text(f"{head}requests:\n  - path: /v1/x\n    expect: '@'\n    quotas:\n" + "".join(f"      - {quota}\n" for quota in quotas))
    return path
