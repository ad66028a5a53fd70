"""The fields that a definition declares, and the places of a body that they read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, Literal

from exporter.providers.definition import Definition
from exporter.providers.quota_fields import NumberField, QuotaFields, TimeField
from exporter.providers.request_fields import Request
from exporter.providers.selection import Selection
from exporter.providers.strict import Elements
from exporter.providers.traces import traced
from exporter.providers.values import Mismatch
from tests.providers.bodies import Path, replaced
from tests.providers.figures import PARTS

Kind = Literal["number", "time", "text", "boolean", "list"]

_SENTINELS: Final = ("a made-up text", Decimal("987654321.125"))


@dataclass(frozen=True, slots=True)
class Field:
    """One declared field."""

    name: str
    kind: Kind
    selections: tuple[Selection, ...]
    """What selects the value."""
    shows: frozenset[str]
    """The values that depend on it."""
    each: Elements | None = None
    """The list in whose elements it is read."""
    conditions: tuple[Selection, ...] = ()
    """What decides whether the value applies."""

    @property
    def is_unit(self) -> bool:
        return self.name.endswith(".unit")

    def found(self, body: Any) -> list[list[Any]]:
        """What its selections select, in each element."""
        return [[_selected(selection, element) for selection in self.selections] for element in self._elements(body)]

    def reads(self, body: Any) -> set[Path]:
        """The places that it reads in a body."""
        trace = traced(body)
        if self.kind == "list":
            self._elements(trace.body)
            return trace.reads
        elements = self._elements(trace.body)
        if self.each:
            trace.reads.clear()  # finding the elements is a field of its own
        for element in elements:
            for selection in (*self.selections, *self.conditions):
                _selected(selection, element)
        return trace.reads

    def is_value(self, body: Any, path: Path) -> bool:
        """Whether what is at this place is its value, not only what decides about it. Nothing is subtracted from an absent value."""
        return self.kind != "list" and any(
            found[0] is not None and any(each is value for each in found)
            for value in _SENTINELS
            for found in self.found(replaced(body, path, value))
        )

    def _elements(self, body: Any) -> list[Any]:
        try:
            return [body] if self.each is None else self.each.elements_of(body) or []
        except Mismatch:
            return []


def reads(selection: Selection, body: Any) -> set[Path]:
    """The places that one expression reads in a body."""
    trace = traced(body)
    _selected(selection, trace.body)
    return trace.reads


def declared(definition: Definition) -> Iterator[Field]:
    for request in definition.requests:
        yield from fields_of(request)


def fields_of(request: Request) -> Iterator[Field]:
    for quota in request.quotas:
        yield from _of_quota(request, quota)
    yield from _of_account(request)


def _selected(selection: Selection, body: Any) -> Any:
    try:
        return selection.field_of(body)
    except Mismatch:
        return None


def _of_quota(request: Request, quota: QuotaFields) -> Iterator[Field]:
    name, all_parts = quota.resource, frozenset(f"{quota.resource}.{part}" for part in (*PARTS, "unlimited"))
    if quota.each:
        yield Field(f"{name}.each", "list", (), all_parts, quota.each)
    declared_parts = {part for other in request.quotas if other.resource == name for part in other.amounts}
    for part, field in quota.amounts.items():
        derived = {f"{name}.remaining"} if part in {"used", "limit"} <= declared_parts else set()
        unlimited = {f"{name}.unlimited"} if field.unlimited else set()
        yield _amount(f"{name}.{part}", field, frozenset({f"{name}.{part}", *derived, *unlimited}), quota.each)
    if isinstance(quota.resets_at, TimeField):
        yield Field(f"{name}.resets_at", "time", (quota.resets_at.select,), frozenset({f"{name}.resets_at"}), quota.each)
    if quota.unit.select is not None:
        yield Field(f"{name}.unit", "text", (quota.unit.select,), all_parts, quota.each)


def _amount(name: str, field: NumberField, shows: frozenset[str], each: Elements | None = None) -> Field:
    unlimited = field.unlimited and (field.unlimited.condition or field.unlimited.field)
    selections = (field.select, *([field.minus] if field.minus else []))
    return Field(name, "number", selections, shows, each, (unlimited,) if unlimited else ())


def _of_account(request: Request) -> Iterator[Field]:
    def field(name: str, kind: Kind, *selections: Selection) -> Field:
        return Field(name, kind, selections, frozenset({name}))

    for label, selection in request.info.items():
        yield field(f"info.{label}", "text", selection)
    for name, selection in request.features.items():
        yield field(f"features.{name}", "boolean", selection)
    if request.status:
        yield field("status", "text", request.status.select)
    if request.auto_reload:
        yield from _of_auto_reload(request)
    for name, time in (("created_at", request.created_at), ("credential_expires_at", request.credential_expires_at)):
        if time:
            yield field(name, "time", time.select)


def _of_auto_reload(request: Request) -> Iterator[Field]:
    assert request.auto_reload
    for part in ("threshold", "amount"):
        number: NumberField | None = getattr(request.auto_reload, part)
        if number:
            yield _amount(f"auto_reload.{part}", number, frozenset({f"auto_reload.{part}"}))
    if request.auto_reload.unit.select:
        shows = frozenset({"auto_reload.threshold", "auto_reload.amount"})
        yield Field("auto_reload.unit", "text", (request.auto_reload.unit.select,), shows)
