"""`providers`: lists the vendors, their metrics and the permissions of their keys."""

from __future__ import annotations

import click

from exporter.cli.output import EXIT_INVALID, say
from exporter.providers.credential import Credential
from exporter.providers.definition import Definition
from exporter.providers.library import load_definitions
from exporter.providers.quota_fields import AutoReloadFields, NumberField, PeriodField, QuotaFields, TimeField
from exporter.providers.request_fields import Request


@click.command("providers")
@click.argument("name", required=False)
def command(name: str | None) -> None:
    """List the vendors, or describe the one called NAME."""
    definitions = load_definitions()
    if name is None:
        _print_all(list(definitions.values()))
    elif name in definitions:
        click.echo(describe(definitions[name]))
    else:
        say(f"there is no provider {name!r}; known providers: {', '.join(definitions)}", err=True)
        raise SystemExit(EXIT_INVALID)


def describe(definition: Definition) -> str:
    """Describe one vendor, as text."""
    lines = [
        f"{definition.title} ({definition.name})",
        f"  docs        {definition.docs_url}",
        f"  base URL    {definition.base_url or 'your own host: set base_url in the account'}",
    ]
    lines += [f"  region      {name:<10} {url}" for name, url in definition.regions.items()]
    lines += [f"  credential  {name:<13} {_carrier(credential)}" for name, credential in definition.credentials.items()]
    lines += [f"  param       {name:<13} {param.help or ''}".rstrip() for name, param in definition.params.items()]
    lines += [f"  permission  {definition.permission}"] if definition.permission else []
    for request in definition.requests:
        lines += ["", f"  {request.method} {request.name}{_conditions(request)}"]
        lines += [line for quota in request.quotas for line in _quota(quota)]
        lines += [f"    info        {label:<32} {selection}" for label, selection in request.info.items()]
        lines += [f"    status      {'':<32} {request.status.select}"] if request.status else []
        lines += [f"    feature     {name:<32} {selection}" for name, selection in request.features.items()]
        lines += [f"    auto reload {part:<32} {field.select}" for part, field in _fields(request.auto_reload, "threshold", "amount")]
        lines += [f"    time        {part:<32} {field.select}" for part, field in _fields(request, "created_at", "credential_expires_at")]
    lines += [""] if definition.notes else []
    return "\n".join(lines + [f"  Note: {note}" for note in definition.notes])


def _conditions(request: Request) -> str:
    conditions = [f"only with {name}" for name in request.credentials] + ["optional"] * request.optional
    return f" ({', '.join(conditions)})" if conditions else ""


def _fields(block: Request | QuotaFields | AutoReloadFields | None, *parts: str) -> list[tuple[str, NumberField | TimeField]]:
    return [(part, field) for part in parts if isinstance(field := getattr(block, part, None), NumberField | TimeField)]


def _quota(quota: QuotaFields) -> list[str]:
    unit = quota.unit.name or f"unit from {quota.unit.select}"
    parts = _fields(quota, "remaining", "used", "limit", "overage_limit", "resets_at")
    lines = [f"      {part:<14}{field.select}" for part, field in parts]
    lines += [f"      each          {quota.each}"] if quota.each else []
    lines += [f"      resets_at     the end of the {quota.resets_at.period}"] if isinstance(quota.resets_at, PeriodField) else []
    derived = quota.remaining is None and quota.used is not None and quota.limit is not None
    return [f"    resource    {quota.resource} ({unit})", *(["      remaining     limit - used"] if derived else []), *lines]


def _carrier(credential: Credential) -> str:
    if credential.basic:
        return f"basic authentication, as the {'user' if credential.basic.user is None else 'password'}"
    return (
        f"query {credential.query}"
        if credential.query
        else f"header {credential.header}{f': {credential.scheme} ...' if credential.scheme else ''}"
    )


def _print_all(definitions: list[Definition]) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for column in ("provider", "vendor", "credentials", "permission", "resources"):
        table.add_column(column, overflow="fold")
    for each in definitions:
        resources = ", ".join(quota.resource for quota in each.quotas)
        table.add_row(each.name, each.title, ", ".join(each.credentials), each.permission or "", resources)
    console = Console()
    if not console.is_terminal:
        console.width = 160
    console.print(table)
