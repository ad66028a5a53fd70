"""Descriptions of vendors, as text."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime

from exporter.providers.credential import Credential
from exporter.providers.definition import LEVELS, Definition
from exporter.providers.library import BUILT_IN, SEEN
from exporter.providers.quota_fields import AutoReloadFields, NumberField, PeriodField, QuotaFields, TimeField
from exporter.providers.request_fields import Request
from exporter.providers.request_template import fill, fill_all, has_time
from exporter.validation.duration import format_duration


def level_of(definition: Definition) -> str:
    """Return how far a definition was verified, in one word; empty if that is unknown."""
    return definition.verified.level if definition.verified else ""


def describe(definition: Definition, now: float) -> str:
    """Describe one vendor, as text. `now` is the Unix time of which the requests are shown."""
    lines = [
        f"{definition.title} ({definition.name})",
        f"  docs        {definition.docs_url}",
        *([f"  top up      {definition.billing_url}"] if definition.billing_url else []),
        f"  base URL    {definition.base_url or 'your own host: set base_url in the account'}",
    ]
    if verified := definition.verified:
        lines.append(f"  verified    {verified.level}, {LEVELS[verified.level]} ({verified.on:%Y-%m-%d})")
        lines += [f"  source      {source}" for source in verified.sources]
        lines += [f"  file        {path}"] if (path := SEEN / f"{definition.name}.yaml").is_file() else []
    lines += [f"  category    {definition.category}"] if definition.category else []
    lines += [f"  interval    {format_duration(definition.min_interval)} or longer"] if definition.min_interval else []
    lines += [f"  region      {name:<10} {url}" for name, url in definition.regions.items()]
    lines += [f"  credential  {name:<13} {_carrier(credential)}" for name, credential in definition.credentials.items()]
    lines += [f"  param       {name:<13} {param.help or ''}".rstrip() for name, param in definition.params.items()]
    lines += [f"  permission  {definition.permission}"] if definition.permission else []
    for request in definition.requests:
        lines += _request(definition, request, now)
    lines += [""] if definition.notes else []
    lines += [f"  Note: {note}" for note in definition.notes]
    name = definition.name
    copy = f"mkdir -p providers && ai-account-exporter providers {name} --yaml > providers/{name}.yaml"
    seen = ["", "In the folder of config.yaml, switch the definition on:", "", f"  {copy}"] if level_of(definition) == "seen" else []
    return "\n".join(
        [*lines, *seen, "", f"An example of config.yaml. The file keys/{name} contains the key.", "", account_example(definition)]
    )


def account_example(definition: Definition) -> str:
    """Return a configuration with one account of the vendor. An operator replaces the words in capital letters."""
    credential, *others = definition.credentials
    lines = [] if (BUILT_IN / f"{definition.name}.yaml").is_file() else [f"provider_files: [providers/{definition.name}.yaml]"]
    lines += ["accounts:", "  - name: main", f"    provider: {definition.name}"]
    lines += [] if definition.base_url else ["    base_url: https://HOST"]
    lines += [f"    # region: {' or '.join(definition.regions)}"] if definition.regions else []
    alternatives = f"    # or {' or '.join(others)}" if others else ""
    lines.append(f"    credentials: {{{credential}: {{file: keys/{definition.name}}}}}{alternatives}")
    lines += ["    params:"] if definition.params else []
    lines += [f"      {name}: {name.upper()}    # {param.help or ''}".rstrip(" #") for name, param in definition.params.items()]
    return "\n".join(lines + [f"    {line}" for line in _limits(definition)])


def _limits(definition: Definition) -> Iterator[str]:
    """Yield a threshold for the first balance, and a budget for the first spend without a remaining amount."""
    balances = (quota.resource for quota in definition.quotas if quota.remaining and not quota.limit)
    if resource := next(balances, None):
        yield f"thresholds: {{{resource}: {{warning: 50, critical: 10}}}}    # in the unit of the resource"
    spends = (quota for quota in definition.quotas if quota.resource.endswith("spend") and quota.used and not quota.limit)
    if (spend := next(spends, None)) and (unit := spend.unit.name or spend.unit.empty):
        yield f"budgets: {{{spend.resource}: {{{unit}: 500}}}}    # your own limit for a period"


def _request(definition: Definition, request: Request, now: float) -> list[str]:
    lines = ["", f"  {request.method} {request.name}{_conditions(request)}"]
    lines += [f"    {name:<12}{text}" for name, text in content_now(definition, request, now)]
    lines += [line for quota in request.quotas for line in _quota(quota, is_derived=definition.derives_remaining(quota))]
    lines += [f"    info        {label:<32} {selection}" for label, selection in request.info.items()]
    lines += [f"    status      {'':<32} {request.status.select}"] if request.status else []
    lines += [f"    feature     {name:<32} {selection}" for name, selection in request.features.items()]
    lines += [f"    auto reload {part:<32} {field}" for part, field in _fields(request.auto_reload, "threshold", "amount")]
    lines += [f"    time        {part:<32} {field}" for part, field in _fields(request, "created_at", "credential_expires_at")]
    return lines


def content_now(definition: Definition, request: Request, now: float) -> Iterator[tuple[str, str]]:
    """Yield what is sent at a time: the query if it depends on the time, and the body. Params stay as they are written."""
    params = {name: f"{{{name}}}" for name in definition.params}
    at = f"  (at {datetime.fromtimestamp(now, UTC):%Y-%m-%d %H:%M} UTC)"
    if has_time(request.query, params):
        yield "query", "&".join(f"{name}={fill(value, params, now)}" for name, value in request.query.items()) + at
    if request.body is not None:
        body = json.dumps(fill_all(request.body, params, now), ensure_ascii=False)
        yield "body", body + (at if has_time(request.body, params) else "")


def _conditions(request: Request) -> str:
    conditions = [f"only with {name}" for name in request.credentials] + ["optional"] * request.optional
    conditions += [f"nothing if the status is {request.absent}"] if request.absent else []
    return f" ({', '.join(conditions)})" if conditions else ""


def _fields(block: Request | QuotaFields | AutoReloadFields | None, *parts: str) -> list[tuple[str, NumberField | TimeField]]:
    return [(part, field) for part in parts if isinstance(field := getattr(block, part, None), NumberField | TimeField)]


def _quota(quota: QuotaFields, *, is_derived: bool) -> list[str]:
    unit = quota.unit.name or f"unit from {quota.unit.select}"
    parts = _fields(quota, "remaining", "used", "limit", "overage_limit", "resets_at")
    lines = [f"      {part:<14}{field}" for part, field in parts]
    lines += [f"      each          {quota.each}"] if quota.each else []
    lines += [f"      resets_at     the end of the {quota.resets_at.period}"] if isinstance(quota.resets_at, PeriodField) else []
    return [f"    resource    {quota.resource} ({unit})", *(["      remaining     limit - used"] if is_derived else []), *lines]


def _carrier(credential: Credential) -> str:
    if credential.basic:
        return f"basic authentication, as the {'user' if credential.basic.user is None else 'password'}"
    return (
        f"query {credential.query}"
        if credential.query
        else f"header {credential.header}{f': {credential.scheme} ...' if credential.scheme else ''}"
    )
