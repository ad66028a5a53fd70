"""The shared contract finds what is wrong with a definition."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from exporter.model import Reading
from exporter.providers.definition import Definition
from tests.providers import test_contract as contract
from tests.providers.examples import Example, read
from tests.providers.made_up import definition_of

BODY = {"data": {"rows": [{"cost": 1, "state": "on"}, {"cost": 2, "state": "on"}], "left": 5, "other": 7, "plan": "pro"}}


class MadeUp(Example):
    """An example of a vendor that does not exist."""

    @property
    def definition(self) -> Definition:
        definition: Definition = self.document["definition"]
        return definition

    @property
    def reading(self) -> Reading:
        return read(self.definition, 200, json.dumps(BODY).encode())


def made_up(expect: str = "type(data) == 'object'", info: dict[str, str] | None = None, **fields: Any) -> MadeUp:
    quota = {"resource": "wallet", "unit": "usd", **fields}
    request = {"path": "/v1/balance", "expect": expect, "quotas": [quota], "info": info or {}}
    return MadeUp(Path("made-up/example.json"), {"definition": definition_of({"requests": [request]}), "status": 200, "body": BODY})


@pytest.mark.parametrize(
    ("rule", "example"),
    [
        (contract.test_a_broken_element_costs_the_whole_sum_and_changes_no_other_value, partial(made_up, used="sum(data.rows[].cost)")),
        (contract.test_a_broken_element_costs_the_whole_sum_and_changes_no_other_value, partial(made_up, used="max(data.rows[].cost)")),
        (contract.test_a_wrong_kind_removes_exactly_its_own_field, partial(made_up, remaining="data.left || data.other")),
        (contract.test_a_wrong_kind_removes_exactly_its_own_field, partial(made_up, remaining="to_number(data.left)")),
        (contract.test_unknown_fields_change_nothing_at_any_place, partial(made_up, used="length(keys(data))")),
    ],
    ids=["sum()", "max()", "||", "to_number()", "a count of keys"],
)
def test_a_fault_of_a_definition_breaks_the_contract(rule: Callable[[Example], None], example: Callable[[], MadeUp]) -> None:
    with pytest.raises(AssertionError):
        rule(example())


@pytest.mark.parametrize(
    "example",
    [
        partial(made_up, used="cost", each="data.rows"),
        partial(made_up, used="cost", each="data.rows[?state == 'on']"),
        partial(made_up, remaining="data.left", info={"plan": "data.plan"}),
        partial(made_up, remaining={"select": "data.left", "minus": "data.other"}),
        partial(made_up, limit={"select": "data.left", "unlimited": "data.left == null"}, used="data.other"),
    ],
    ids=["each", "a filter", "a path", "minus", "a condition"],
)
def test_a_good_definition_keeps_the_contract(example: Callable[[], MadeUp]) -> None:
    for rule in (
        each for name, each in vars(contract).items() if name.startswith("test_") and each.__code__.co_varnames[:1] == ("example",)
    ):
        rule(example())
