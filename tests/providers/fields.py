"""The fields that a definition declares, the places of a body that they read, and the values that depend on them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from exporter.providers.definition import Definition
from exporter.providers.inspection.declared import Field as Declared
from exporter.providers.inspection.declared import Kind, declared_fields
from exporter.providers.inspection.selection_text import select
from exporter.providers.inspection.traces import traced
from exporter.providers.request_fields import Request
from exporter.providers.selection import Selection
from exporter.simulator.json_values import replaced
from exporter.validation.problems import Place
from tests.providers.figures import PARTS

_SENTINELS: Final = ("a made-up text", Decimal("987654321.125"))


@dataclass(frozen=True, slots=True)
class Field:
    declared: Declared
    shows: frozenset[str]
    """The values that depend on it."""

    @property
    def name(self) -> str:
        return self.declared.name

    @property
    def kind(self) -> Kind:
        return self.declared.kind

    @property
    def each(self) -> Selection | None:
        return self.declared.each

    @property
    def is_unit(self) -> bool:
        return self.declared.is_unit

    @property
    def conditions(self) -> tuple[Selection, ...]:
        return self.declared.conditions

    def found(self, body: Any) -> list[list[Any]]:
        """What its selections select, in each element."""
        return [[select(selection, element) for selection in self.declared.selections] for element in self.declared.elements(body)]

    def reads(self, body: Any) -> set[Place]:
        trace = traced(body)
        elements = self.declared.elements(trace.body)
        if self.kind == "list":
            return trace.reads
        if self.each:
            trace.reads.clear()  # finding the elements is a field of its own
        for element in elements:
            for selection in (*self.declared.selections, *self.conditions):
                select(selection, element)
        return trace.reads

    def is_value(self, body: Any, place: Place) -> bool:
        """Whether what is at this place is its value, not only what decides about it. Nothing is subtracted from an absent value."""
        return self.kind != "list" and any(
            found[0] is not None and any(each is value for each in found)
            for value in _SENTINELS
            for found in self.found(replaced(body, place, value))
        )


def reads(selection: Selection, body: Any) -> set[Place]:
    """The places that one expression reads in a body."""
    trace = traced(body)
    select(selection, trace.body)
    return trace.reads


def declared(definition: Definition) -> Iterator[Field]:
    for request in definition.requests:
        yield from fields_of(request)


def fields_of(request: Request) -> Iterator[Field]:
    for field in declared_fields(request):
        yield Field(field, frozenset(_shown(field, request)))


def _shown(field: Declared, request: Request) -> set[str]:
    name, _, part = field.name.rpartition(".")
    if field.name == "auto_reload.unit":
        return {"auto_reload.threshold", "auto_reload.amount"}
    quotas = [quota for quota in request.quotas if quota.resource == name]
    if quotas and part in {"each", "unit"}:
        return {f"{name}.{each}" for each in (*PARTS, "unlimited")}
    parts = {part for quota in quotas for part in quota.amounts}
    derived = {f"{name}.remaining"} if part in {"used", "limit"} <= parts else set()
    unlimited = any(part in quota.amounts and quota.amounts[part].unlimited for quota in quotas)
    return {field.name, *derived, *([f"{name}.unlimited"] if unlimited else [])}
