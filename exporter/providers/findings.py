"""What a definition finds in one body: for people who write a definition, or who compare one with a vendor's response."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from exporter.model import AutoReload, Quota, Reading
from exporter.providers.declared import Field, Kind, declared_fields
from exporter.providers.echo import Echo
from exporter.providers.quota_fields import AMOUNTS, PeriodField
from exporter.providers.request_fields import Request
from exporter.providers.selection import Selection
from exporter.providers.strict import Elements
from exporter.providers.traces import Place, places, traced, written
from exporter.providers.values import Mismatch, to_decimal
from exporter.validation.problems import did_you_mean

_EXPECTED: Final[dict[Kind, str]] = {
    "number": "a number",
    "time": "a time in the format of the definition",
    "text": "text",
    "boolean": "true or false",
    "list": "a list whose elements are complete",
}
NO_ECHO: Final = Echo(None)
_MAX_SHOWN: Final = 60
_MAX_TEXTS: Final = 3
_ABSENT: Final = object()


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
    shown = exported(reading)
    findings = []
    for field in declared_fields(request):
        found = _found(field, body, echo)
        result = _result(field, shown, reading)
        findings.append(Finding(field.name, field.text, found, result, field.name in reading.mismatches, field.name in shown))
    return [*findings, *_derived(request, shown)]


def unread_numbers(request: Request, errors: tuple[Selection, ...], body: Any) -> dict[str, list[Any]]:
    """Return the numbers that no expression reads, by place: one place for the elements of a list."""
    read = reads_of(request, errors, body)
    unread: dict[str, list[Any]] = {}
    for place, value in places(body, _is_number):
        if place not in read:
            unread.setdefault(_general(place), []).append(value)
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


def reads_found(selection: Selection, body: Any) -> dict[str, str]:
    """Return what is at the places that an expression reads, in the order of their depth."""
    trace = traced(body)
    select(selection, trace.body)
    return {written(place): _kind_at(body, place) for place in sorted(trace.reads, key=lambda place: (len(place), str(place)))}


def _kind_at(body: Any, place: Place) -> str:
    value, parent = _at(body, place), _at(body, place[:-1])
    if value is not _ABSENT:
        return kind_of(value)
    return f"absent{did_you_mean(str(place[-1]), parent if isinstance(parent, dict) else ())}"


def exported(reading: Reading) -> dict[str, str]:
    """Return what a reading exports, by the names of fields."""
    shown: dict[str, list[str]] = {}
    for quota in reading.quotas:
        for part, text in _of_quota(quota):
            shown.setdefault(f"{quota.resource}.{part}", []).append(text)
    texts = {name: ", ".join(parts) for name, parts in shown.items()}
    texts |= {f"info.{label}": text for label, text in reading.info.items()}
    texts |= {f"features.{name}": "1" if enabled else "0" for name, enabled in reading.features.items()}
    texts |= {"status": reading.status.current} if reading.status else {}
    texts |= dict(_of_auto_reload(reading.auto_reload)) if reading.auto_reload else {}
    times = {"created_at": reading.created_at, "credential_expires_at": reading.credential_expires_at}
    return texts | {name: _time(at) for name, at in times.items() if at is not None}


def kind_of(value: Any) -> str:
    """Return the kind of a JSON value, in words."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, str):
        return "text with a number" if _is_number(value) else "text"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    return "an object" if isinstance(value, dict) else "a number"


def shortened(value: Any) -> str:
    """Write a value in one short line."""
    text = f"{value:f}" if isinstance(value, Decimal) and value.is_finite() and abs(value.adjusted()) < _MAX_SHOWN else str(value)
    text = "".join(character if character.isprintable() else "?" for character in text)
    return text if len(text) <= _MAX_SHOWN else f"{text[: _MAX_SHOWN - 3]}..."


def select(selection: Selection, body: Any) -> Any:
    """Select; None where nothing can be selected."""
    try:
        return selection.field_of(body)
    except Mismatch:
        return None


def _is_number(value: Any) -> bool:
    try:
        return value is not None and not isinstance(value, bool) and to_decimal(value) is not None
    except Mismatch:
        return isinstance(value, Decimal)


def _general(place: Place) -> str:
    """Write a place, with `[]` for every index."""
    return written(tuple("[]" if isinstance(key, int) else key for key in place)).replace(".[]", "[]")


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
        return (_end_of_path(each, body) or "a list with an incomplete element") if is_list else kind_of(found)
    return (_end_of_path(each, body) or "null") if elements is None else kind_of(elements)


def _in_element(field: Field, element: Any, echo: Echo) -> str:
    return " - ".join(_selected(selection, element, echo) for selection in field.selections)


def _selected(selection: Selection, body: Any, echo: Echo) -> str:
    """Describe what is selected; where nothing is, the place at which the path ends."""
    try:
        found = selection.field_of(body)
    except Mismatch:
        return _end_of_path(selection, body) or "a value of a kind that the expression does not accept"
    if found is None:
        return _end_of_path(selection, body) or "null"
    if isinstance(found, str) and echo.is_in(found):
        return "text that contains the key"
    return kind_of(found) if isinstance(found, dict | list) else f"{kind_of(found)}: {_literal(found)}"


def _end_of_path(selection: Selection, body: Any) -> str | None:
    """Say which part of a path is absent, or is no object; None if the path does not end early."""
    trace = traced(body)
    select(selection, trace.body)
    for place in sorted(trace.reads, key=len):
        if _at(body, place) is _ABSENT:
            return f"{written(place)} is {_kind_at(body, place)}"
    last = max(trace.reads, key=len, default=())
    value = _at(body, last)
    is_dead_end = select(selection, body) is None and value is not None and not isinstance(value, dict)
    return f"{written(last)} is {kind_of(value)}" if is_dead_end else None


def _at(body: Any, place: Place) -> Any:
    for key in place:
        try:
            body = body[key]
        except (LookupError, TypeError):
            return _ABSENT
    return body


def _literal(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else f'"{shortened(value)}"' if isinstance(value, str) else shortened(value)


def _result(field: Field, shown: dict[str, str], reading: Reading) -> str:
    name, unlimited = field.name, f"{field.name.rpartition('.')[0]}.unlimited"
    if name in reading.mismatches:
        return f"nothing, and counted as a mismatch: expected {_EXPECTED[field.kind]}"
    if name.endswith(".limit") and unlimited in shown:
        return f"no limit ({shown[unlimited]})"
    if field.kind == "list" or field.is_unit:
        return "part of the amounts"
    if name in shown:
        return shown[name]
    resource = name.rpartition(".")[0]
    cause = next((part for part in ("each", "unit") if f"{resource}.{part}" in reading.mismatches), None)
    return f"nothing, because {resource}.{cause} is unusable" if cause else "nothing"


def _derived(request: Request, shown: dict[str, str]) -> Iterator[Finding]:
    """Yield the values that no expression selects."""
    selected = {field.name for field in declared_fields(request)}
    for quota in {quota.resource: quota for quota in request.quotas}.values():
        remaining, reset = f"{quota.resource}.remaining", f"{quota.resource}.resets_at"
        if remaining not in selected and remaining in shown:
            yield Finding(remaining, "limit - used", "", shown[remaining], is_exported=True)
        if reset not in selected and isinstance(quota.resets_at, PeriodField):
            yield Finding(reset, f"the end of the {quota.resets_at.period}", "", shown.get(reset, "nothing"), is_exported=reset in shown)


def _of_quota(quota: Quota) -> Iterator[tuple[str, str]]:
    for part in AMOUNTS:
        value: Decimal | None = getattr(quota, part)
        if value is not None:
            yield part, f"{shortened(value)} {quota.unit}"
    if quota.unlimited:
        yield "unlimited", quota.unit
    if quota.resets_at is not None:
        yield "resets_at", _time(quota.resets_at)


def _of_auto_reload(reload: AutoReload) -> Iterator[tuple[str, str]]:
    for part, value in (("threshold", reload.threshold), ("amount", reload.amount)):
        if value is not None:
            yield f"auto_reload.{part}", f"{shortened(value)} {reload.unit}"


def _time(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
