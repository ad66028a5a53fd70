"""What a definition finds in one body: for people who write a definition, or who compare one with a vendor's response."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from exporter.model import Reading
from exporter.providers.echo import Echo
from exporter.providers.inspection.declared import Field, Kind, declared_fields, units_in
from exporter.providers.inspection.exported import exported
from exporter.providers.inspection.selection_text import described, end_of_path, is_number, kind_of, null_read, select
from exporter.providers.inspection.traces import general, places, traced
from exporter.providers.numbers import NoLimit
from exporter.providers.quota_fields import PeriodField, QuotaFields
from exporter.providers.request_fields import Request
from exporter.providers.selection import Selection
from exporter.providers.strict import Elements
from exporter.providers.values import Mismatch
from exporter.validation.problems import Place

_EXPECTED: Final[dict[Kind, str]] = {
    "number": "a number",
    "time": "a time from 2000 on in the format of the definition",
    "text": "text without an e-mail address",
    "boolean": "true or false",
    "list": "a list whose elements are complete",
}
NO_ECHO: Final = Echo(None)
_MAX_TEXTS: Final = 3


@dataclass(frozen=True, slots=True)
class Finding:
    """One declared field, and what became of it."""

    name: str
    expression: str
    found: str
    """The kind of what was selected, and the value."""
    result: str
    """What is exported, or why nothing is."""
    is_mismatch: bool = False
    is_exported: bool = False


def findings_of(request: Request, body: Any, reading: Reading, echo: Echo = NO_ECHO) -> list[Finding]:
    """Return what each field of a request selects in a body, of which `reading` was made. Text with the secret of `echo` is not shown."""
    findings = []
    for field in declared_fields(request):
        found, shown = _found(field, body, echo), exported(reading, field.units(body))
        result = _result(field, shown, reading, body)
        findings.append(Finding(field.name, field.text, found, result, field.name in reading.mismatches, field.name in shown))
    return [*findings, *_derived(request, body, reading)]


def unread_numbers(request: Request, errors: tuple[Selection, ...], body: Any) -> dict[str, list[Any]]:
    """Return the numbers that no expression reads, by place: one place for the elements of a list."""
    read = reads_of(request, errors, body)
    unread: dict[str, list[Any]] = {}
    for place, value in places(body, is_number):
        if place not in read:
            unread.setdefault(general(place), []).append(value)
    return unread


def reads_of(request: Request, errors: tuple[Selection, ...], body: Any) -> set[Place]:
    """Return the places that the expressions of a request read in a body."""
    trace = traced(body)
    for selection in (request.expect, *errors):
        select(selection, trace.body)
    for field in declared_fields(request):
        for element in field.elements(trace.body):
            for selection in (*field.selections, *field.conditions):
                select(selection, element)
    return trace.reads


def _found(field: Field, body: Any, echo: Echo) -> str:
    if field.kind == "list" and field.each:
        return _list_found(field.each, body)
    elements = field.elements(body)
    if not elements:
        return "no element"
    texts = list(dict.fromkeys(_in_element(field, element, echo) for element in elements))
    shown = ", ".join(texts[:_MAX_TEXTS]) + (f" and {len(texts) - _MAX_TEXTS} more" if len(texts) > _MAX_TEXTS else "")
    return f"{shown}, in {len(elements)} elements" if len(elements) > 1 else shown


def _list_found(each: Elements, body: Any) -> str:
    try:
        elements = each.elements_of(body)
    except Mismatch:
        found = select(each, body)
        is_list = found is None or isinstance(found, list)
        return (end_of_path(each, body) or _null_in(each, body) or "a list with an incomplete element") if is_list else kind_of(found)
    if elements is not None and any(isinstance(element, list) for element in elements):
        return f"a list of {len(elements)} with lists in it: add [] at its end to merge them"
    return (end_of_path(each, body) or "null") if elements is None else kind_of(elements)


def _null_in(each: Elements, body: Any) -> str | None:
    """Report which element of a list is null."""
    trace = traced(body)
    for index, element in enumerate(select(each, trace.body) or ()):
        if element is None:
            return f"{_element(each, index)} is null"
    return null_read(trace, body)


def _in_element(field: Field, element: Any, echo: Echo) -> str:
    return " - ".join(_selected(selection, element, echo) for selection in field.selections)


def _selected(selection: Selection, body: Any, echo: Echo) -> str:
    """Describe what is selected; where nothing is, the place at which the path ends."""
    try:
        found = selection.field_of(body)
    except Mismatch:
        trace = traced(body)
        select(selection, trace.body)
        return end_of_path(selection, body) or null_read(trace, body) or "a value of a kind that the expression does not accept"
    if found is None:
        return end_of_path(selection, body) or "null"
    if isinstance(found, str) and echo.is_in(found):
        return "text that contains the key"
    return described(found)


def _result(field: Field, shown: dict[str, str], reading: Reading, body: Any) -> str:
    name, unlimited = field.name, f"{field.name.rpartition('.')[0]}.unlimited"
    if name in reading.mismatches:
        instead = f"{shown[name]} (limit - used)" if name in shown and field.each is None else "nothing"
        return f"{instead}, and counted as a mismatch: expected {_EXPECTED[field.kind]}{_unusable_element(field, body)}"
    if name.endswith(".limit") and unlimited in shown:
        return f"no limit ({shown[unlimited]})"
    if field.kind == "list" or field.is_unit:
        return "part of the amounts"
    if name in shown:
        return shown[name]
    resource = name.rpartition(".")[0]
    cause = next((part for part in ("each", "unit") if f"{resource}.{part}" in reading.mismatches), None)
    return f"nothing, because {resource}.{cause} is unusable" if cause else "nothing"


def _unusable_element(field: Field, body: Any) -> str:
    """Return which element of a list lacks the value, to add to a message; nothing for other fields."""
    if field.each is None or field.read is None:
        return ""
    unusable = (index for index, element in enumerate(field.elements(body)) if not _is_usable(field.read, element))
    return next((f" in {_element(field.each, index)}" for index in unusable), "")


def _is_usable(read: Callable[[Any], Any], element: Any) -> bool:
    try:
        return read(element) is not None
    except NoLimit:
        return True
    except Mismatch:
        return False


def _element(each: Elements, index: int) -> str:
    """Write one element of a list as an expression, such as `rows[1]`."""
    return f"{each}[{index}]" if each.is_path else f"{each} | [{index}]"


def _derived(request: Request, body: Any, reading: Reading) -> Iterator[Finding]:
    """Yield the values that no expression selects. Parts of one resource in one unit may come from several entries."""
    units = [units_in(quota, body) for quota in request.quotas]
    seen: set[tuple[str, frozenset[str]]] = set()
    for quota, own in zip(request.quotas, units, strict=True):
        entries = [each for each, of in zip(request.quotas, units, strict=True) if each.resource == quota.resource and own & of]
        if (quota.resource, own) not in seen:
            seen.add((quota.resource, own))
            yield from _derived_of(quota.resource, entries, exported(reading, own))


def _derived_of(resource: str, entries: Sequence[QuotaFields], shown: dict[str, str]) -> Iterator[Finding]:
    remaining, reset = f"{resource}.remaining", f"{resource}.resets_at"
    if remaining in shown and not any(entry.remaining for entry in entries):
        yield Finding(remaining, "limit - used", "", shown[remaining], is_exported=True)
    period = next((entry.resets_at.period for entry in entries if isinstance(entry.resets_at, PeriodField)), None)
    if period:
        yield Finding(reset, f"the end of the {period}", "", shown.get(reset, "nothing"), is_exported=reset in shown)
