"""The fields that a request of a definition declares, one by one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from exporter.providers.quota_fields import NumberField, QuotaFields, TimeField
from exporter.providers.request_fields import Request
from exporter.providers.selection import Selection
from exporter.providers.strict import Elements
from exporter.providers.values import Mismatch

Kind = Literal["number", "time", "text", "boolean", "list"]


@dataclass(frozen=True, slots=True)
class Field:
    """One declared field."""

    name: str
    """As a mismatch of it is counted, such as `characters.used`."""
    kind: Kind
    """What the vendor must send."""
    selections: tuple[Selection, ...]
    """What selects the value, and what is subtracted from it. None for the list of a sum."""
    each: Elements | None = None
    """The list in whose elements the field is read."""
    conditions: tuple[Selection, ...] = ()
    """What decides whether there is a limit."""
    text: str = ""
    """How the definition describes the value."""

    @property
    def is_unit(self) -> bool:
        """Whether it is the unit of amounts."""
        return self.name.endswith(".unit")

    def elements(self, body: Any) -> list[Any]:
        """Return what the field is read in: the body, or the elements of a list."""
        try:
            return [body] if self.each is None else self.each.elements_of(body) or []
        except Mismatch:
            return []


def declared_fields(request: Request) -> Iterator[Field]:
    """Yield the fields of a request, in the order in which they are read. The end of a period is none: the vendor does not send it."""
    for quota in request.quotas:
        yield from _of_quota(quota)
    yield from (_plain(f"info.{label}", "text", selection) for label, selection in request.info.items())
    yield from (_plain(f"features.{name}", "boolean", selection) for name, selection in request.features.items())
    if request.status:
        yield _plain("status", "text", request.status.select)
    if reload := request.auto_reload:
        parts = (("threshold", reload.threshold), ("amount", reload.amount))
        yield from (_amount(f"auto_reload.{part}", field) for part, field in parts if field)
        if reload.unit.select:
            yield _plain("auto_reload.unit", "text", reload.unit.select)
    for name, time in (("created_at", request.created_at), ("credential_expires_at", request.credential_expires_at)):
        if time:
            yield _plain(name, "time", time.select)


def _plain(name: str, kind: Kind, selection: Selection, each: Elements | None = None) -> Field:
    return Field(name, kind, (selection,), each, text=str(selection))


def _of_quota(quota: QuotaFields) -> Iterator[Field]:
    name = quota.resource
    if quota.each:
        yield Field(f"{name}.each", "list", (), quota.each, text=str(quota.each))
    for part, field in quota.amounts.items():
        yield _amount(f"{name}.{part}", field, quota.each)
    if isinstance(quota.resets_at, TimeField):
        yield _plain(f"{name}.resets_at", "time", quota.resets_at.select, quota.each)
    if quota.unit.select is not None:
        yield _plain(f"{name}.unit", "text", quota.unit.select, quota.each)


def _amount(name: str, field: NumberField, each: Elements | None = None) -> Field:
    unlimited = field.unlimited and (field.unlimited.condition or field.unlimited.field)
    text = str(field.select)
    text += f" - {field.minus}" if field.minus else ""
    text += f" (x {field.scale:f})" if field.scale != 1 else ""
    text += f" (no limit: {field.unlimited})" if field.unlimited else ""
    selections = (field.select, *([field.minus] if field.minus else []))
    return Field(name, "number", selections, each, (unlimited,) if unlimited else (), text)
