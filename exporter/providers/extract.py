"""From the bodies of a vendor's responses to a Reading: the same for every vendor, without I/O."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any, TypeVar, TypeVarTuple

from pydantic import SecretStr

from exporter.model import AutoReload, Reading, Status
from exporter.providers.echo import Echo
from exporter.providers.elements import elements_of, sums_of
from exporter.providers.numbers import NoLimit, number_of, reset_of, time_of
from exporter.providers.quota_fields import AutoReloadFields, NumberField, PeriodField, QuotaFields, TimeField, UnitField
from exporter.providers.quota_parts import Quotas
from exporter.providers.request_fields import Request
from exporter.providers.selection import Selection
from exporter.providers.values import Mismatch, has_email, to_bool, to_text

T = TypeVar("T")
Arguments = TypeVarTuple("Arguments")


def extract(responses: Iterable[tuple[Request, Any]], secret: SecretStr | None = None, now: float | None = None) -> Reading:
    """Read the responses of one poll: each request with its decoded body. An unusable value affects only its own field, which `mismatches` contains. Never raises.

    `secret` is what authenticated the requests: text that contains it is not used. `now` is the time that the requests asked for, without
    which the ends of periods are unknown.
    """
    extraction = Extraction(secret, now)
    for request, body in responses:
        extraction.add(request, body)
    return extraction.reading()


class Extraction:
    """A reading of several responses, which are added one by one."""

    def __init__(self, secret: SecretStr | None, now: float | None) -> None:
        self._echo = Echo(secret)
        self._now = now
        self._quotas = Quotas()
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
            add = self._add_sums if fields.each else self._add_quota
            add(fields, body)
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
        quotas, underived = self._quotas.all()
        return Reading(
            quotas=tuple(quotas),
            info=self.info,
            status=self.status,
            features=self.features,
            auto_reload=self.auto_reload,
            created_at=self.created_at,
            credential_expires_at=self.credential_expires_at,
            mismatches=(*self.mismatches, *underived),
        )

    def _add_quota(self, fields: QuotaFields, body: Any) -> None:
        unlimited = False
        amounts: dict[str, Decimal | None] = {}
        for part, field in fields.amounts.items():
            try:
                amounts[part] = number_of(field, body)
            except NoLimit:
                unlimited = True
            except Mismatch:
                self._mismatch(f"{fields.resource}.{part}")
        is_measured = unlimited or any(amount is not None for amount in amounts.values())
        resets_at = self._reset(fields, body) if is_measured or not isinstance(fields.resets_at, PeriodField) else None
        if is_measured or resets_at is not None:
            # Where nothing was used, a vendor may send no currency.
            is_needed = unlimited or any(amount if part == "used" else amount is not None for part, amount in amounts.items())
            unit = fields.unit.name or self._unit(f"{fields.resource}.unit", fields.unit, body, is_needed=is_needed)
            if unit is not None:
                self._add_parts(fields.resource, unit, {**amounts, "unlimited": unlimited, "resets_at": resets_at})

    def _add_sums(self, fields: QuotaFields, body: Any) -> None:
        """Add up the parts of the elements of a list. What one element lacks is missing from the sum, so there is no sum."""
        elements = self._field(f"{fields.resource}.each", elements_of, fields, body)
        units = [self._unit(f"{fields.resource}.unit", fields.unit, element) for element in elements or ()]
        if elements is None or None in units:
            return
        try:
            sums = sums_of(fields, zip(units, elements, strict=True), self._now)
        except Mismatch:
            self._mismatch(f"{fields.resource}.unit")
            return
        for unit, parts, unusable in sums:
            for part in unusable:
                self._mismatch(f"{fields.resource}.{part}")
            if parts:
                self._add_parts(fields.resource, unit, parts)

    def _add_parts(self, resource: str, unit: str, parts: dict[str, Any]) -> None:
        for part in self._quotas.add(resource, unit, parts):
            self._mismatch(f"{resource}.{part}")

    def _add_auto_reload(self, fields: AutoReloadFields, body: Any) -> None:
        threshold = self._number("auto_reload.threshold", fields.threshold, body)
        amount = self._number("auto_reload.amount", fields.amount, body)
        if threshold is not None or amount is not None:
            unit = self._unit("auto_reload.unit", fields.unit, body)
            if unit is not None:
                self.auto_reload = AutoReload(unit, threshold, amount)

    def _number(self, name: str, field: NumberField | None, body: Any) -> Decimal | None:
        return self._field(name, number_of, field, body) if field else None

    def _time(self, name: str, field: TimeField | None, body: Any) -> float | None:
        return self._field(name, time_of, field, body) if field else None

    def _reset(self, fields: QuotaFields, body: Any) -> float | None:
        return self._field(f"{fields.resource}.resets_at", reset_of, fields.resets_at, body, self._now) if fields.resets_at else None

    def _text(self, name: str, selection: Selection, body: Any) -> str | None:
        return self._field(name, _text_of, selection, body, self._echo)

    def _unit(self, name: str, unit: UnitField, body: Any, *, is_needed: bool = True) -> str | None:
        """Return the unit. An absent one is a mismatch where it is needed: an amount of unknown unit is not exported."""
        if unit.select is None:
            return unit.name
        text = self._text(name, unit.select, body)
        if text is None and is_needed:
            self._mismatch(name)
        return text.lower() if text else None

    def _field(self, name: str, read: Callable[[*Arguments], T | None], *arguments: *Arguments) -> T | None:
        try:
            return read(*arguments)
        except Mismatch:
            self._mismatch(name)
            return None

    def _mismatch(self, name: str) -> None:
        if name not in self.mismatches:
            self.mismatches.append(name)


def _text_of(selection: Selection, body: Any, echo: Echo) -> str | None:
    value = selection.field_of(body)
    if isinstance(value, str) and has_email(value):  # no label is ever one
        raise Mismatch
    return to_text(value, echo)


def _bool_of(selection: Selection, body: Any) -> bool | None:
    return to_bool(selection.field_of(body))
