"""How thresholds are read, and which of them apply to an account."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from exporter.config.loading import json_schema
from exporter.config.threshold_settings import SeverityThresholds, ThresholdValue, parse_threshold
from exporter.model import Threshold
from tests.config.support import ACCOUNT, load, problems, resolved, with_account, write

LEVEL = Draft202012Validator(json_schema(SeverityThresholds))


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("50", ThresholdValue(Decimal(50))),
        ("0", ThresholdValue(Decimal(0))),
        ("-0.0", ThresholdValue(Decimal("0.0"))),
        ("+5", ThresholdValue(Decimal(5))),
        ("0.1", ThresholdValue(Decimal("0.1"))),
        ("12345678.87", ThresholdValue(Decimal("12345678.87"))),
        ("1.0e-7", ThresholdValue(Decimal("0.00000010"))),
        ("1.0e+15", ThresholdValue(Decimal(10**15))),
        ("1_000", ThresholdValue(Decimal(1000))),
        ('"0.1"', ThresholdValue(Decimal("0.1"))),
        ('"999999999999999.999999999999999"', ThresholdValue(Decimal("999999999999999.999999999999999"))),
        ("20%", ThresholdValue(Decimal(20), is_share=True)),
        ("0.5%", ThresholdValue(Decimal("0.5"), is_share=True)),
        ("05%", ThresholdValue(Decimal(5), is_share=True)),
        ("100%", ThresholdValue(Decimal(100), is_share=True)),
        ("100.0%", ThresholdValue(Decimal(100), is_share=True)),
        ("0.000000000000001%", ThresholdValue(Decimal("1e-15"), is_share=True)),
    ],
)
def test_an_amount_or_a_share_is_read_exactly(written: str, expected: ThresholdValue) -> None:
    value = yaml.safe_load(written)
    assert parse_threshold(value) == expected
    assert LEVEL.is_valid({"warning": value})


@pytest.mark.parametrize(
    "written",
    [
        "-1", "-0.01", "1.1e+15", ".inf", "-.inf", "true", "soon", '""', "'%'", "-5%", "0%", "00.0%", "101%", "100.01%", "1000%", "20 %",
        "1e3", "'1e3'", "1e-3%", "'+5'", "'-5'", "'.5'", "'5.'", "1,5", "' 5'", "٣", "٣%", "'nan'", "'1_000'", "'1000000000000000'",
        "9" * 400, "2024-01-01", "[5]", "{a: 5}",
    ],
)  # fmt: skip
def test_anything_else_is_refused_by_the_schema_too(written: str) -> None:
    value = yaml.safe_load(written)
    with pytest.raises(ValueError, match=r"^expected "):
        parse_threshold(value)
    assert not LEVEL.is_valid({"warning": value})


def test_an_amount_must_be_a_number() -> None:
    with pytest.raises(ValueError, match=r"^expected an amount from 0 to 1000000000000000$"):
        parse_threshold(float("nan"))


@example("0%")
@example("100%")
@given(st.from_regex(r"[0-9]{0,4}(\.[0-9]{0,3})?%?", fullmatch=True) | st.integers() | st.floats(allow_nan=False) | st.booleans())
def test_the_schema_and_the_program_agree(value: object) -> None:
    try:
        parse_threshold(value)
    except ValueError:
        assert not LEVEL.is_valid({"critical": value})
    else:
        assert LEVEL.is_valid({"critical": value})


def thresholds_of(folder: Path, defaults: dict[str, Any], own: dict[str, Any], **account: Any) -> set[Threshold]:
    accounts = [{**ACCOUNT, "thresholds": own, **account}]
    config = load(write(folder, json.dumps({"defaults": {"thresholds": defaults}, "accounts": accounts})))
    thresholds = resolved(config).thresholds
    assert len(set(thresholds)) == len(thresholds)
    return set(thresholds)


def test_an_account_has_its_own_thresholds_and_the_defaults_for_the_rest(tmp_path: Path) -> None:
    defaults = {"*": {"warning": "20%", "critical": "5%"}, "wallet": {"warning": 50, "critical": 0.1}}
    own = {"wallet": {"warning": "40.50"}, "premium_credits": {"critical": "2.5%"}, "*": {"critical": "1%"}}
    assert thresholds_of(tmp_path, defaults, own) == {
        Threshold("*", "warning", share=Decimal("0.2")),
        Threshold("*", "critical", share=Decimal("0.01")),
        Threshold("wallet", "warning", amount=Decimal("40.50")),
        Threshold("wallet", "critical", amount=Decimal("0.1")),
        Threshold("premium_credits", "critical", share=Decimal("0.025")),
    }


def test_an_account_without_thresholds_has_those_of_the_defaults(tmp_path: Path) -> None:
    assert thresholds_of(tmp_path, {"wallet": {"warning": 50}}, {}) == {Threshold("wallet", "warning", amount=Decimal(50))}


def test_an_account_has_no_thresholds_unless_they_are_configured(tmp_path: Path) -> None:
    assert thresholds_of(tmp_path, {}, {}) == set()


@pytest.mark.parametrize(
    ("own", "expected"),
    [
        ({"wallet": {"warning": 10, "critical": "50%"}}, []),
        ({"wallet": {"warning": "10%", "critical": 50}}, []),
        ({"wallet": {"warning": 0, "critical": 0}}, ["wallet.critical: critical (0) must be below warning (0)"]),
        ({"*": {"warning": "5%", "critical": "50%"}, "wallet": {"warning": 5}}, ["*.critical: critical (50%) must be below warning (5%)"]),
        (
            {"*": {"critical": "50%"}, "wallet": {"warning": "5%"}},
            ["wallet.warning: critical (50% in accounts[0].thresholds.*) must be below warning (5%)"],
        ),
        (
            {"wallet": {"warning": 5, "critical": 6}, "spend": {"warning": "x"}},
            [
                "spend.warning: expected an amount such as 50, or a share of the limit such as 20%",
                "wallet.critical: critical (6) must be below warning (5)",
            ],
        ),
    ],
)
def test_the_warning_must_be_above_the_critical_threshold_of_the_same_kind(
    tmp_path: Path, own: dict[str, Any], expected: list[str]
) -> None:
    assert problems(write(tmp_path, with_account(thresholds=own))) == [f"accounts[0].thresholds.{problem}" for problem in expected]


def test_a_default_threshold_for_another_providers_resource_is_not_used(tmp_path: Path) -> None:
    defaults = {"characters": {"critical": "50%"}}
    assert thresholds_of(tmp_path, defaults, {"*": {"warning": "5%"}}) >= {Threshold("*", "warning", share=Decimal("0.05"))}
