"""The fields that a request of a definition declares, one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal

from exporter.providers.numbers import number_of, time_of
from exporter.providers.quota_fields import NumberField, QuotaFields, TimeField, UnitField
from exporter.providers.request_fields import Request
from exporter.providers.selection import Selection
from exporter.providers.strict import Elements
from exporter.providers.values import Mismatch, to_text

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
    unit: UnitField | None = None
    """The unit of the amount."""
    read: Callable[[Any], Any] | None = None
    """Converts the value that one element of a list contains."""

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

    def units(self, body: Any) -> frozenset[str] | None:
        """Return the units in which the value is exported; None if it has no unit."""
        return frozenset(_units(self.unit, self.elements(body))) if self.unit else None


def units_in(quota: QuotaFields, body: Any) -> frozenset[str]:
    """Return the units in which the amounts of a resource are exported."""
    return Field(quota.resource, "list", (), quota.each, unit=quota.unit).units(body) or frozenset()


def _units(unit: UnitField, elements: Iterable[Any]) -> Iterator[str]:
    if unit.select is None:
        yield unit.name or ""
        return
    yield from (unit.empty,) if unit.empty else ()
    for element in elements:
        try:
            yield (to_text(unit.select.field_of(element)) or "").lower()
        except Mismatch:
            continue


def declared_fields(request: Request) -> Iterator[Field]:
    """Yield the fields of a request, in the order in which they are read. The end of a period is not among them: the vendor does not send it."""
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
    yield from (replace(field, unit=quota.unit) for field in _parts_of(quota))


def _parts_of(quota: QuotaFields) -> Iterator[Field]:
    name = quota.resource
    if quota.each:
        yield Field(f"{name}.each", "list", (), quota.each, text=str(quota.each))
    for part, field in quota.amounts.items():
        yield _amount(f"{name}.{part}", field, quota.each)
    if isinstance(quota.resets_at, TimeField):
        yield replace(_plain(f"{name}.resets_at", "time", quota.resets_at.select, quota.each), read=partial(time_of, quota.resets_at))
    if quota.unit.select is not None:
        yield _plain(f"{name}.unit", "text", quota.unit.select, quota.each)


def _amount(name: str, field: NumberField, each: Elements | None = None) -> Field:
    unlimited = field.unlimited and (field.unlimited.condition or field.unlimited.field)
    selections = (field.select, *([field.minus] if field.minus else []))
    return Field(name, "number", selections, each, (unlimited,) if unlimited else (), str(field), read=partial(number_of, field))
