"""From the bodies of a vendor's responses to a Reading: the same for every vendor, without I/O."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any, TypeVar, TypeVarTuple

from pydantic import SecretStr

from exporter.model import EXACT, AutoReload, Quota, Reading, Status
from exporter.providers.definition import AutoReloadFields, NumberField, QuotaFields, Request, TimeField, UnitField
from exporter.providers.echo import Echo
from exporter.providers.selection import Selection
from exporter.providers.values import Mismatch, finite, to_bool, to_decimal, to_text, to_time

T = TypeVar("T")
Arguments = TypeVarTuple("Arguments")


class _Unlimited(Exception):  # noqa: N818 -- the vendor's response, not an error
    """The vendor sent its text for "no limit" instead of a number."""


def extract(answers: Iterable[tuple[Request, Any]], secret: SecretStr | None = None) -> Reading:
    """Read the bodies of one poll. An unusable value affects only its own field, which `mismatches` contains. Never raises.

    `secret` is what authenticated the requests: text that contains it is not used.
    """
    extraction = Extraction(secret)
    for request, body in answers:
        extraction.add(request, body)
    return extraction.reading()


class Extraction:
    """A reading of several responses, which are added one by one."""

    def __init__(self, secret: SecretStr | None = None) -> None:
        self._echo = Echo(secret)
        self.quotas: list[Quota] = []
        self.info: dict[str, str] = {}
        self.status: Status | None = None
        self.features: dict[str, bool] = {}
        self.auto_reload: AutoReload | None = None
        self.created_at: float | None = None
        self.credential_expires_at: float | None = None
        self.mismatches: list[str] = []

    def add(self, request: Request, body: Any) -> None:
        """Extract what a request selects in its response."""
        for fields in request.quotas:
            self._add_quota(fields, body)
        for label, selection in request.info.items():
            if (text := self._text(f"info.{label}", selection, body)) is not None:
                self.info[label] = text
        for name, selection in request.features.items():
            if (enabled := self._field(f"features.{name}", _bool_of, selection, body)) is not None:
                self.features[name] = enabled
        if request.status and (current := self._text("status", request.status.select, body)):
            self.status = Status(current, request.status.states)
        if request.auto_reload:
            self._add_auto_reload(request.auto_reload, body)
        if request.created_at:
            self.created_at = self._time("created_at", request.created_at, body)
        if request.credential_expires_at:
            self.credential_expires_at = self._time("credential_expires_at", request.credential_expires_at, body)

    def reading(self) -> Reading:
        """Return what was extracted."""
        return Reading(
            quotas=tuple(self.quotas),
            info=self.info,
            status=self.status,
            features=self.features,
            auto_reload=self.auto_reload,
            created_at=self.created_at,
            credential_expires_at=self.credential_expires_at,
            mismatches=tuple(self.mismatches),
        )

    def _add_quota(self, fields: QuotaFields, body: Any) -> None:
        unlimited = False
        amounts: dict[str, Decimal | None] = {}
        for part, field in (
            ("remaining", fields.remaining), ("used", fields.used), ("limit", fields.limit), ("overage_limit", fields.overage_limit),
        ):  # fmt: skip
            if field is None:
                continue
            try:
                amounts[part] = _number_of(field, body)
            except _Unlimited:
                unlimited = True
            except Mismatch:
                self.mismatches.append(f"{fields.resource}.{part}")
        used, limit = amounts.get("used"), amounts.get("limit")
        if amounts.get("remaining") is None and used is not None and limit is not None:
            amounts["remaining"] = self._field(f"{fields.resource}.remaining", _difference, limit, used)
        resets_at = self._time(f"{fields.resource}.resets_at", fields.resets_at, body) if fields.resets_at else None
        if unlimited or resets_at is not None or any(amount is not None for amount in amounts.values()):
            # Where nothing was used, a vendor may send no currency.
            has_amount = bool(used) or any(amounts.get(part) is not None for part in ("remaining", "limit", "overage_limit"))
            unit = fields.unit.name or self._unit(f"{fields.resource}.unit", fields.unit, body, is_needed=unlimited or has_amount)
            if unit is not None:
                self.quotas.append(Quota(fields.resource, unit, unlimited=unlimited, resets_at=resets_at, **amounts))

    def _add_auto_reload(self, fields: AutoReloadFields, body: Any) -> None:
        threshold = self._number("auto_reload.threshold", fields.threshold, body)
        amount = self._number("auto_reload.amount", fields.amount, body)
        if threshold is not None or amount is not None:
            unit = self._unit("auto_reload.unit", fields.unit, body)
            if unit is not None:
                self.auto_reload = AutoReload(unit, threshold, amount)

    def _number(self, name: str, field: NumberField | None, body: Any) -> Decimal | None:
        return self._field(name, _number_of, field, body) if field else None

    def _time(self, name: str, field: TimeField | None, body: Any) -> float | None:
        return self._field(name, _time_of, field, body) if field else None

    def _text(self, name: str, selection: Selection, body: Any) -> str | None:
        return self._field(name, _text_of, selection, body, self._echo)

    def _unit(self, name: str, unit: UnitField, body: Any, *, is_needed: bool = True) -> str | None:
        """Return the unit. An absent one is a mismatch where it is needed: an amount of unknown unit is not exported."""
        if unit.select is None:
            return unit.name
        text = self._text(name, unit.select, body)
        if text is None and is_needed and name not in self.mismatches:
            self.mismatches.append(name)
        return text.lower() if text else None

    def _field(self, name: str, read: Callable[[*Arguments], T | None], *arguments: *Arguments) -> T | None:
        try:
            return read(*arguments)
        except Mismatch:
            self.mismatches.append(name)
            return None


def _number_of(field: NumberField, body: Any) -> Decimal | None:
    value = field.select.field_of(body)
    if field.unlimited is not None and value == field.unlimited:
        raise _Unlimited
    number = to_decimal(value)
    if number is None:
        return None
    if field.minus is not None:
        other = to_decimal(field.minus.field_of(body))
        if other is None:
            return None
        number = EXACT.subtract(number, other)
    return finite(EXACT.multiply(number, field.scale) if field.scale != 1 else number)


def _time_of(field: TimeField, body: Any) -> float | None:
    value = field.select.field_of(body)
    if field.unknown is not None and field.format != "iso8601" and to_decimal(value) == field.unknown:
        return None
    return to_time(value, field.format)


def _text_of(selection: Selection, body: Any, echo: Echo) -> str | None:
    return to_text(selection.field_of(body), echo)


def _bool_of(selection: Selection, body: Any) -> bool | None:
    return to_bool(selection.field_of(body))


def _difference(limit: Decimal, used: Decimal) -> Decimal:
    return finite(EXACT.subtract(limit, used))
