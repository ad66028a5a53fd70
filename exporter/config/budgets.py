"""The operator's budgets: how they are written, and which of them apply to an account."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, Field, PlainSerializer, WithJsonSchema

from exporter.config.raw_account import RawAccount, named_parts
from exporter.config.resources import Resource, Resources
from exporter.config.threshold_settings import MAX_AMOUNT
from exporter.errors import Problem
from exporter.validation.document import Document
from exporter.validation.fields import dotted, listed, matching

_EXPECTED: Final = f"expected an amount such as 500: more than 0, {MAX_AMOUNT} at most"


def parse_amount(value: object) -> Decimal:
    """Read an amount. A float is read as it is written: 0.1 is exactly a tenth.

    Raises:
        ValueError: it is not a number, or it is out of range.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= MAX_AMOUNT:
        raise ValueError(_EXPECTED)
    return Decimal(repr(value))


BudgetAmount = Annotated[
    Decimal,
    BeforeValidator(parse_amount),
    PlainSerializer(float),
    WithJsonSchema({"type": "number", "exclusiveMinimum": 0, "maximum": MAX_AMOUNT, "examples": [500]}),
]


def _by_unit(value: object) -> object:
    if not isinstance(value, dict):
        raise ValueError("expected an amount by unit, such as {usd: 500}")  # noqa: TRY004 -- pydantic reports only a ValueError
    return value


BudgetUnit = Annotated[str, Field(max_length=64), matching(r"[a-z0-9][a-z0-9_]*", "expected a unit in lower case, such as usd")]
Budgets = dict[str, Annotated[dict[BudgetUnit, BudgetAmount], Field(min_length=1), BeforeValidator(_by_unit)]]
"""Amounts by resource and unit."""


def budgets_of(defaults: Mapping[str, Mapping[str, Decimal]], own: Mapping[str, Mapping[str, Decimal]]) -> dict[tuple[str, str], Decimal]:
    """Return the budgets of an account by resource and unit: its own, else those of the defaults."""
    return {(resource, unit): amount for block in (defaults, own) for resource, units in block.items() for unit, amount in units.items()}


def budget_problems(document: Document, defaults: Any, accounts: Sequence[RawAccount], resources: Resources) -> Iterator[Problem]:
    """Find the budgets that no response can ever be compared with; other invalid parts are skipped."""
    known = [resources.of(each.provider) or {} for each in accounts]
    for resource in named_parts(defaults, "budgets"):
        is_used = any(resource in each for each in known)
        if not is_used and (problem := resources.problem_of(resource)):
            yield document.problem(f"defaults.budgets.{dotted([resource])}", problem)
    for account, resources_of_account in zip(accounts, known, strict=True):
        for resource, units in named_parts(account.data, "budgets").items():
            problem = resources.problem_of(resource, account.provider)
            if problem is None and resource in resources_of_account:
                problem = _problem_of(units, resources_of_account[resource], account.provider)
            if problem:
                yield account.problem(f"{account.place}.budgets.{dotted([resource])}", problem)


def _problem_of(units: Any, resource: Resource, provider: str) -> str | None:
    if "used" not in resource.parts:
        return f"{provider} does not report what is used of this resource, so a budget has no effect"
    strange = [unit for unit in units if unit not in resource.units] if isinstance(units, dict) else []
    return f"{provider} reports this resource in {listed(resource.units)}" if strange and not resource.has_other_units else None
