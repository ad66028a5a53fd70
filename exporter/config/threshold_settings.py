"""The operator's thresholds: how they are written, and which of them apply to an account."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, Final, Self

from pydantic import BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema, model_validator

from exporter.config.raw_account import RawAccount, named_parts
from exporter.config.resources import Resource, Resources
from exporter.errors import Problem
from exporter.model import EVERY, Threshold
from exporter.validation.block import Described
from exporter.validation.document import Document
from exporter.validation.fields import dotted, listed
from exporter.validation.problems import FieldProblem

MAX_AMOUNT: Final = 10**15
"""Up to here a double represents each whole number."""

_AMOUNT: Final = r"[0-9]{1,15}(?:\.[0-9]{1,15})?"
_SHARE: Final = r"(?:(?:0?[1-9]|[1-9][0-9])(?:\.[0-9]{1,15})?|0{1,2}\.0{0,14}[1-9][0-9]{0,14}|100(?:\.0{1,15})?)%"
"""Without a lookahead, which Go does not support: the schema of the Helm chart contains it."""
_WRITTEN: Final = re.compile(f"({_AMOUNT})(%?)")
_ONLY_SHARES: Final = f'"{EVERY}" takes shares only, such as 20%: an amount would mean something else in each unit'


@dataclass(frozen=True, slots=True)
class ThresholdValue:
    """An amount in the resource's own unit, or so many percent of its limit."""

    number: Decimal
    is_share: bool = False

    def __str__(self) -> str:
        return f"{self.number:f}{'%' if self.is_share else ''}"


def parse_threshold(value: object) -> ThresholdValue:
    """Read `50` or `20%`. A float is read as it is written: 0.1 is exactly a tenth.

    Raises:
        ValueError: it is neither, or it is out of range; the message contains what is expected.
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        if not 0 <= value <= MAX_AMOUNT:
            raise ValueError(f"expected an amount from 0 to {MAX_AMOUNT}")
        return ThresholdValue(abs(Decimal(repr(value))))
    found = _WRITTEN.fullmatch(value) if isinstance(value, str) else None
    if not found:
        raise ValueError("expected an amount such as 50, or a share of the limit such as 20%")
    if found[2] and not re.fullmatch(_SHARE, found[0]):
        raise ValueError("expected a share of more than 0% and at most 100%")
    return ThresholdValue(Decimal(found[1]), is_share=bool(found[2]))


ThresholdField = Annotated[
    ThresholdValue,
    BeforeValidator(parse_threshold),
    PlainSerializer(str),
    WithJsonSchema(
        {
            "anyOf": [{"type": "number", "minimum": 0, "maximum": MAX_AMOUNT}, {"type": "string", "pattern": f"^(?:{_AMOUNT}|{_SHARE})$"}],
            "examples": [50, "20%"],
        }
    ),
]


class SeverityThresholds(Described):
    """Thresholds for the remaining amount of a resource: an amount such as `50`, or a share of the limit such as `20%`."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1, "examples": [{"warning": "20%"}]})

    warning: ThresholdField | None = None
    """Below this, the alert has the severity `warning`."""
    critical: ThresholdField | None = None
    """Below this, the alert has the severity `critical`. With `0` it fires when the amount is negative."""

    @model_validator(mode="before")
    @classmethod
    def _is_by_severity(cls, block: object) -> object:
        if not isinstance(block, dict | SeverityThresholds):
            raise ValueError("expected a threshold by severity, such as {warning: 20%}")  # noqa: TRY004 -- pydantic reports only a ValueError
        return block

    @model_validator(mode="after")
    def _has_a_threshold(self) -> Self:
        if self.warning is None and self.critical is None:
            raise ValueError(f"expected {listed(SEVERITIES, 'or')}")
        return self


SEVERITIES: Final = tuple(SeverityThresholds.model_fields)

Thresholds = Annotated[
    dict[str, SeverityThresholds],
    Field(
        json_schema_extra={
            "allOf": [
                {
                    "properties": {
                        EVERY: {"additionalProperties": {"anyOf": [{"type": "string", "pattern": f"^{_SHARE}$"}, {"type": "null"}]}}
                    }
                }
            ]
        }
    ),
]
"""By resource; `*` is every resource without a threshold of that severity of its own."""

_Values = dict[tuple[str, str], ThresholdValue]
"""By resource and severity."""

_DEFAULTS: Final = "defaults.thresholds"
_NOTHING_REMAINS: Final = "no response contains what remains of this resource, so a threshold has no effect; use `budgets` for what is used"


def thresholds_of(defaults: Mapping[str, SeverityThresholds], own: Mapping[str, SeverityThresholds]) -> tuple[Threshold, ...]:
    """Return the thresholds of an account: its own for each resource and severity, else those of the defaults."""
    values = {
        (resource, severity): value
        for block in (defaults, own)
        for resource, by_severity in block.items()
        for severity in SEVERITIES
        if (value := getattr(by_severity, severity)) is not None
    }
    return tuple(
        Threshold(*key, share=value.number.scaleb(-2)) if value.is_share else Threshold(*key, amount=value.number)
        for key, value in values.items()
    )


def threshold_problems(document: Document, defaults: Any, accounts: Sequence[RawAccount], resources: Resources) -> Iterator[Problem]:
    """Find the problems that involve several thresholds or the providers' resources; other invalid parts are skipped."""
    general = named_parts(defaults, "thresholds")
    known = [resources.of(each.provider) or {} for each in accounts]
    yield from (document.problem(*found) for found in _in_defaults(general, known, resources))
    for account, resources_of_account in zip(accounts, known, strict=True):
        yield from (account.problem(*found) for found in _in_account(account, general, resources_of_account, resources))


def _in_defaults(general: Mapping[str, object], known: Sequence[Mapping[str, Resource]], resources: Resources) -> Iterator[FieldProblem]:
    yield from _problems_of_block(_DEFAULTS, general)
    for resource in general:
        having = [each[resource] for each in known if resource in each]
        if not having and resource != EVERY and (problem := resources.problem_of(resource)):
            yield FieldProblem(_place(_DEFAULTS, resource), problem)
        elif having and not any(each.has_remaining for each in having):
            yield FieldProblem(_place(_DEFAULTS, resource), _NOTHING_REMAINS)
    yield from _reversed(_DEFAULTS, _readable(general), {}, general)


def _in_account(
    account: RawAccount, general: Mapping[str, object], known: Mapping[str, Resource], resources: Resources
) -> Iterator[FieldProblem]:
    place, own = f"{account.place}.thresholds", named_parts(account.data, "thresholds")
    yield from _problems_of_block(place, own)
    for resource in own:
        if resource != EVERY and (problem := resources.problem_of(resource, account.provider)):
            yield FieldProblem(_place(place, resource), problem)
        elif resource in known and not known[resource].has_remaining:
            yield FieldProblem(_place(place, resource), f"{account.provider}: {_NOTHING_REMAINS}")
    yield from _reversed(place, _readable(own), _readable(general), known)


def _readable(thresholds: Mapping[str, object]) -> _Values:
    values = {}
    for resource, by_severity in thresholds.items():
        for severity in SEVERITIES:
            with suppress(ValueError):  # already reported
                values[resource, severity] = parse_threshold(by_severity.get(severity) if isinstance(by_severity, dict) else None)
    return values


def _problems_of_block(place: str, thresholds: Mapping[str, object]) -> Iterator[FieldProblem]:
    for (resource, severity), value in _readable(thresholds).items():
        if resource == EVERY and not value.is_share:
            yield FieldProblem(_place(place, resource, severity), _ONLY_SHARES)


def _place(block: str, *keys: str) -> str:
    return f"{block}.{dotted(keys)}"


def _reversed(place: str, own: _Values, defaults: _Values, known: Collection[str]) -> Iterator[FieldProblem]:
    """Find critical thresholds that are not below the warning: of this block, or of it and the defaults together."""
    values = {**defaults, **own}
    for resource in dict.fromkeys(name for name, _ in values if name == EVERY or name in known):
        keys = [key for severity in ("critical", "warning") if (key := _key_in_force(resource, severity, values))]
        mine = sorted((key for key in keys if key in own), key=lambda key: key[0] == EVERY)
        if len(keys) < 2 or not mine:
            continue
        critical, warning = (values[key] for key in keys)
        if critical.is_share == warning.is_share and critical.number >= warning.number:
            blocks = [_place(place if key in own else _DEFAULTS, key[0]) for key in keys]
            here = _place(place, mine[0][0])
            shown = [f"{values[key]}" if block == here else f"{values[key]} in {block}" for key, block in zip(keys, blocks, strict=True)]
            yield FieldProblem(f"{here}.{mine[0][1]}", f"critical ({shown[0]}) must be below warning ({shown[1]})")


def _key_in_force(resource: str, severity: str, values: _Values) -> tuple[str, str] | None:
    return next((key for key in ((resource, severity), (EVERY, severity)) if key in values), None)
