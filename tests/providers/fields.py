"""The fields that a definition declares, and the places of a body that they read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from exporter.providers.definition import Definition
from exporter.providers.quota_fields import NumberField, QuotaFields, TimeField
from exporter.providers.request_fields import Request
from tests.providers.bodies import Path, at

Kind = Literal["number", "time", "text", "boolean"]

_STRING = re.compile(r"'[^']*'")
_LENIENT = re.compile(r"(?<=\w) \| (?=\w+$)")
_IDENTIFIER = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*(?![\w.(])")


@dataclass(frozen=True, slots=True)
class Field:
    """One declared field."""

    name: str
    kind: Kind
    expressions: tuple[str, ...]
    shows: frozenset[str]
    """The values that depend on it."""

    @property
    def has_alternatives(self) -> bool:
        return any("not_null(" in expression for expression in self.expressions)

    def is_fed_by(self, path: Path) -> bool:
        dotted = ".".join(path)
        for expression in self.expressions:
            names = identifiers(expression)
            if dotted in names or (".".join(path[:-1]) in names and path[-1] in names):
                return True
        return False

    def is_shadowed(self, path: Path, body: object) -> bool:
        """Whether a place with precedence has a value, so that this one is not read."""
        for expression in self.expressions:
            names = identifiers(expression)
            earlier = names[: names.index(".".join(path))] if ".".join(path) in names else []
            if any(at(body, tuple(name.split("."))) is not None for name in earlier):
                return True
        return False


def identifiers(expression: str) -> list[str]:
    """The places that a JMESPath expression reads, in order. `a.b | c` is the place `a.b.c`, where `a.b` may be of any type."""
    return _IDENTIFIER.findall(_LENIENT.sub(".", _STRING.sub("", expression)))


def declared(definition: Definition) -> Iterator[Field]:
    for request in definition.requests:
        for quota in request.quotas:
            yield from _of_quota(quota)
        yield from _of_account(request)


def _of_quota(quota: QuotaFields) -> Iterator[Field]:
    name = quota.resource
    for part in ("remaining", "used", "limit", "overage_limit"):
        field: NumberField | None = getattr(quota, part)
        if field:
            derived = {f"{name}.remaining"} if part in {"used", "limit"} and quota.used and quota.limit else set()
            shows = {f"{name}.{part}"} | derived | ({f"{name}.unlimited"} if field.unlimited else set())
            yield Field(f"{name}.{part}", "number", _expressions(field), frozenset(shows))
    if isinstance(quota.resets_at, TimeField):
        yield Field(f"{name}.resets_at", "time", (str(quota.resets_at.select),), frozenset({f"{name}.resets_at"}))
    if quota.unit.select is not None:
        shows = {f"{name}.{part}" for part in ("remaining", "used", "limit", "overage_limit", "unlimited", "resets_at")}
        yield Field(f"{name}.unit", "text", (str(quota.unit.select),), frozenset(shows))


def _of_account(request: Request) -> Iterator[Field]:
    for label, selection in request.info.items():
        yield Field(f"info.{label}", "text", (str(selection),), frozenset({f"info.{label}"}))
    for name, selection in request.features.items():
        yield Field(f"features.{name}", "boolean", (str(selection),), frozenset({f"features.{name}"}))
    if request.status:
        yield Field("status", "text", (str(request.status.select),), frozenset({"status"}))
    if request.auto_reload:
        for part in ("threshold", "amount"):
            field: NumberField | None = getattr(request.auto_reload, part)
            if field:
                yield Field(f"auto_reload.{part}", "number", _expressions(field), frozenset({f"auto_reload.{part}"}))
    for name, time in (("created_at", request.created_at), ("credential_expires_at", request.credential_expires_at)):
        if time:
            yield Field(name, "time", (str(time.select),), frozenset({name}))


def _expressions(field: NumberField) -> tuple[str, ...]:
    return (str(field.select), *([str(field.minus)] if field.minus else []))
