"""The bodies of a vendor's examples as functions of time: what is used rises, what remains falls, and periods end in the future."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from decimal import ROUND_DOWN, Decimal
from typing import Any, Final, NamedTuple

from exporter.model import EXACT
from exporter.providers.inspection.selection_text import at, is_number, select
from exporter.providers.inspection.traces import places
from exporter.providers.numbers import NoLimit, number_of
from exporter.providers.quota_fields import NumberField, PeriodField, QuotaFields, TimeField
from exporter.providers.request_fields import Request
from exporter.providers.selection import Selection
from exporter.providers.times import Period
from exporter.providers.values import Mismatch, to_decimal, to_time
from exporter.simulator.course import Course
from exporter.simulator.json_values import precision_of, replaced, written_number, written_time
from exporter.simulator.usage import DAY
from exporter.validation.problems import Place

KEY_LIFE: Final = 25 * DAY
"""Seconds from the start until a key expires."""
_MARK: Final = Decimal(987654321)
_MOVING: Final = ("used", "remaining")


@dataclass(frozen=True, slots=True)
class _Amount:
    """One amount in a body, and the place at which it changes."""

    place: Place
    found: Any
    """What the example has at this place."""
    value: Decimal
    """The amount of the example."""
    scale: Decimal
    minuend: Decimal | None
    """What the number at this place is subtracted from; None if the number is the amount."""

    @property
    def precision(self) -> Decimal:
        """The smallest change of the amount."""
        return precision_of(self.found) * abs(self.scale)

    def written(self, amount: Decimal) -> Any:
        number = EXACT.divide(amount, self.scale)
        return written_number(self.found, number if self.minuend is None else self.minuend - number)

    def read(self, holder: list[Any]) -> Decimal:
        number = to_decimal(at(holder, (0, *self.place))) or Decimal(0)
        return EXACT.multiply(number if self.minuend is None else self.minuend - number, self.scale)


@dataclass(slots=True)
class _Resource:
    """One resource in one unit, with its parts from all responses of a poll."""

    totals: dict[str, Decimal] = field(default_factory=dict)
    """The parts as the examples have them."""
    amounts: dict[tuple[str, str], list[_Amount]] = field(default_factory=dict)
    """The places of what is used and of what remains, by request and part."""
    factors: dict[tuple[str, str], list[tuple[Place, Any]]] = field(default_factory=dict)
    """The numbers from which an expression computes an amount, by request and part: they are in proportion to it."""
    calendar: Period | None = None

    def at(self, course: Course, now: float) -> dict[str, Decimal]:
        """Return what is used and what remains: together the same amount at any time."""
        precision = max((each.precision for listed in self.amounts.values() for each in listed), default=Decimal(1))
        used, remaining, limit = (self.totals.get(part) for part in (*_MOVING, "limit"))
        if used is not None and remaining is not None:
            whole = used + remaining
        elif limit is not None:
            whole = limit
        else:
            whole = max(10 * precision, 2 * used if used is not None else remaining or Decimal(0))
        most = max(Decimal(0), whole if limit is None else min(whole, limit))
        spent = most * Decimal(course.share * course.fraction(self.calendar, now))
        spent = (spent / precision).to_integral_value() * precision
        spent -= precision if spent > most else 0
        return {"used": spent, "remaining": whole - spent}


@dataclass(frozen=True, slots=True)
class _Moment:
    """A time in a body."""

    place: Place
    found: Any
    field: TimeField
    later: float
    """Seconds after the first time of its kind."""


class MovingExamples:
    """The example bodies of one vendor's requests, whose amounts and times move."""

    def __init__(self, examples: Iterable[tuple[Request, Any]]) -> None:
        """`examples` are the requests with the bodies of their examples."""
        self._bodies: dict[str, Any] = {}
        self._resources: dict[tuple[str, str], _Resource] = {}
        self._resets: dict[str, list[_Moment]] = {}
        self._expiries: dict[str, list[_Moment]] = {}
        for request, body in examples:
            self._bodies[request.name] = body
            for fields in request.quotas:
                self._read(request, fields, body)
            resets = [(fields, fields.resets_at) for fields in request.quotas if isinstance(fields.resets_at, TimeField)]
            self._resets[request.name] = [moment for fields, time in resets for moment in _moments(fields, time, body)]
            self._expiries[request.name] = [*_moments(None, request.credential_expires_at, body)] if request.credential_expires_at else []

    def body(self, request: Request, course: Course, elapsed: float, now: float) -> Any:
        """Return the body of a request, at seconds since the start and Unix time; None if the request has no example."""
        holder = [deepcopy(self._bodies.get(request.name))]
        moving: list[tuple[list[_Amount], Decimal]] = []
        for resource in self._resources.values():
            for part, amount in resource.at(course, now).items():
                moving.append((resource.amounts.get((request.name, part), []), amount))
                for place, found in resource.factors.get((request.name, part), ()):
                    factor = Decimal(str(found)) * amount / (resource.totals[part] or 1)
                    _put(holder, place, written_number(found, factor))
        fixed: set[Place] = set()
        for amounts, whole in sorted(moving, key=lambda each: len(each[0])):  # a sum may contain the amount of another resource
            _put_shares(holder, amounts, whole, fixed)
        for moments, time in ((self._resets, course.end(now)), (self._expiries, round(now - elapsed) + KEY_LIFE)):
            for moment in moments.get(request.name, ()):
                _put(holder, moment.place, written_time(moment.found, time + moment.later, moment.field.format))
        return holder[0]

    def _read(self, request: Request, fields: QuotaFields, body: Any) -> None:
        parts = {part: number for part, number in fields.amounts.items() if part in _MOVING}
        sources = _sources(fields, [number.minus or number.select for number in parts.values()], body)
        totals: dict[tuple[str, str], Decimal] = {}
        for index, element in enumerate(_elements(fields, body)):
            unit = fields.unit.name or str(fields.unit.select and select(fields.unit.select, element)).lower()
            resource = self._resources.setdefault((fields.resource, unit), _Resource())
            if isinstance(fields.resets_at, PeriodField):
                resource.calendar = fields.resets_at.period
            for part, number in fields.amounts.items():
                if (value := _value(number, element)) is None:
                    continue
                totals[unit, part] = totals.get((unit, part), Decimal(0)) + value
                key = (index, number.minus or number.select)
                if part in parts and key in sources.values:
                    place = sources.values[key]
                    minuend = to_decimal(select(number.select, element)) if number.minus else None
                    amount = _Amount(place, at(body, place), value, number.scale, minuend)
                    resource.amounts.setdefault((request.name, part), []).append(amount)
                elif part in parts:
                    factors = [(place, at(body, place)) for place in sources.factors.get(key, ())]
                    resource.factors.setdefault((request.name, part), []).extend(factors)
        for (unit, part), total in totals.items():
            self._resources[fields.resource, unit].totals.setdefault(part, total)


def _value(number: NumberField, element: Any) -> Decimal | None:
    try:
        return number_of(number, element)
    except (NoLimit, Mismatch):
        return None


def _moments(fields: QuotaFields | None, field_: TimeField, body: Any) -> Iterator[_Moment]:
    times = {}
    for place in _sources(fields, [field_.select], body).values.values():
        try:
            times[place] = to_time(at(body, place), field_.format) or 0.0
        except Mismatch:  # such as 0, if there is no such time
            continue
    for place, time in times.items():
        yield _Moment(place, at(body, place), field_, time - min(times.values()))


def _elements(fields: QuotaFields | None, body: Any) -> Sequence[Any]:
    try:
        return (fields.each.elements_of(body) or []) if fields and fields.each else [body]
    except Mismatch:
        return []


class _Sources(NamedTuple):
    """Where selections find what they select, by the number of the element."""

    values: dict[tuple[int, Selection], Place]
    """The place whose content is what is selected."""
    factors: dict[tuple[int, Selection], list[Place]]
    """The places of numbers whose change changes the number that is selected, but is not it."""


def _sources(fields: QuotaFields | None, selections: Sequence[Selection], body: Any) -> _Sources:
    elements, sources = _elements(fields, body), _Sources({}, {})
    for place, value in places(body, lambda value: value is not None and not isinstance(value, bool)):
        mark = str(_MARK) if isinstance(value, str) else _MARK
        changed = _elements(fields, replaced(body, place, mark))
        for index, element in enumerate(changed if len(changed) == len(elements) else ()):
            for each in selections:
                found = select(each, element)
                if found in (_MARK, str(_MARK)):
                    sources.values[index, each] = place
                elif is_number(value) and is_number(found) and found != select(each, elements[index]):
                    sources.factors.setdefault((index, each), []).append(place)
    return sources


def _put_shares(holder: list[Any], amounts: Sequence[_Amount], whole: Decimal, fixed: set[Place]) -> None:
    """Divide an amount among its places as the example does. Those that are fixed keep theirs."""
    whole -= sum((each.read(holder) for each in amounts if each.place in fixed), Decimal(0))
    free = sorted((each for each in amounts if each.place not in fixed), key=lambda each: each.precision)
    total = sum((each.value for each in free), Decimal(0))
    left = whole
    for each in free[1:]:
        share = whole * each.value / total if total else whole / len(free)
        share = (share / free[-1].precision).to_integral_value(ROUND_DOWN) * free[-1].precision
        _put(holder, each.place, each.written(share))
        left -= share
    for each in free[:1]:
        _put(holder, each.place, each.written(left))
    fixed.update(each.place for each in free)


def _put(holder: list[Any], place: Place, value: Any) -> None:
    """Change a place of the body that the list `holder` contains: a body may be a number."""
    *parents, key = (0, *place)
    at(holder, (*parents,))[key] = value
