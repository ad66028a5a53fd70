from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from exporter.accounts.consumption import update_consumption
from exporter.accounts.snapshot import AccountSnapshot
from exporter.cli.demo import demo_config
from exporter.clock import Clock
from exporter.config.job import build_jobs
from exporter.daemon.poll_once import poll_once
from exporter.model import Reading, Reason
from exporter.overview.build import build_overview
from exporter.overview.encoding import encode
from exporter.overview.facts import Overview
from exporter.simulator.demo_accounts import DEMO_ACCOUNTS, demo_simulator
from tests.metrics.showcase import NOW as SHOWN_AT
from tests.metrics.showcase import showcase
from tests.metrics.strategies import readings
from tests.overview.entries import FRESH_FOR, NEW, NOW, burning, changed, credits_of, failed, overview_of, polled
from tools.docs.api import accounts_schema, api
from tools.docs.api_example import example

ROOT = Path(__file__).parent.parent.parent
SCHEMA: dict[str, Any] = json.loads(accounts_schema(ROOT))
VALIDATOR = Draft202012Validator(SCHEMA)


def problems(overview: Overview) -> list[str]:
    answer = json.loads(encode(overview), parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    return [f"{error.json_path}: {error.message}" for error in VALIDATOR.iter_errors(answer)]


def test_the_schema_is_valid() -> None:
    Draft202012Validator.check_schema(SCHEMA)


async def test_the_demo_s_accounts_fit_the_schema() -> None:
    clock = Clock()
    async with demo_simulator() as simulator:
        store = await poll_once(build_jobs(demo_config(simulator.url)), {}, clock)
    overview = build_overview(store.snapshot(), "1.2.3")
    assert problems(overview) == []
    assert overview.summary.accounts == len(DEMO_ACCOUNTS)
    assert {(account.account, account.state) for account in overview.accounts} >= {("old-key", "failing"), ("narration", "ok")}


@pytest.mark.parametrize("later", [0.0, 1.0, 500.0, 5_000.0])
def test_every_state_of_an_account_fits_the_schema(later: float) -> None:
    assert problems(build_overview(replace(showcase().snapshot(), at=SHOWN_AT + later), "1.2.3")) == []


def entry_after(readings: list[Reading], error: Reason | None, gap: float) -> AccountSnapshot:
    """An account after these readings, one after the other, and perhaps a failure."""
    account = NEW
    for number, reading in enumerate(readings, start=1):
        at = NOW + (number - len(readings)) * gap
        consumption = update_consumption(account.entry.consumption, reading.quotas, at, at)
        account = changed(account, up=True, polls=number, reading=reading, consumption=consumption, last_poll_at=at, last_success_at=at)
    return failed(account, error) if error else account


@given(st.lists(readings, max_size=4), st.none() | st.sampled_from(Reason), st.floats(1e-3, 1e6), st.floats(0, 2 * FRESH_FOR))
@settings(max_examples=60, deadline=None)
def test_any_readings_fit_the_schema(readings: list[Reading], error: Reason | None, gap: float, later: float) -> None:
    assert problems(overview_of([entry_after(readings, error, gap)], NOW + later)) == []


@pytest.mark.parametrize("damage", [
    lambda account: account.update(surprise=1),
    lambda account: account.pop("state"),
    lambda account: account.update(state="fine"),
    lambda account: account.update(up=None),
    lambda account: account["quotas"][0].update(remaining="12"),
    lambda account: account["quotas"][0].update(surprise=1),
    lambda account: account["error"].update(reason="bad luck"),
    lambda account: account["labels"].update(team=1),
])  # fmt: skip
def test_the_schema_refuses_invalid_documents(damage: Callable[[dict[str, Any]], object]) -> None:
    answer = json.loads(encode(overview_of([failed(burning(polled(credits_of(5, 10)), 1.0))])))
    assert VALIDATOR.is_valid(answer)
    damage(answer["accounts"][0])
    assert len(list(VALIDATOR.iter_errors(answer))) == 1


def test_the_example_in_the_reference_fits_the_schema() -> None:
    [block] = re.findall(r"^```json\n(.*?)^```", api(ROOT), re.MULTILINE | re.DOTALL)
    assert json.loads(block) == example()
    assert VALIDATOR.is_valid(example())


def test_the_reference_has_every_field() -> None:
    text = api(ROOT)
    kinds = [SCHEMA, *SCHEMA["$defs"].values()]
    fields = {(name, part["description"]) for kind in kinds for name, part in kind.get("properties", {}).items()}
    assert len(fields) > 50
    for name, description in fields:
        assert f"| `{name}` |" in text
        assert description.endswith(".")
