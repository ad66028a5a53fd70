"""The catalogue follows Prometheus's naming rules."""

from __future__ import annotations

import re

import pytest

from exporter.metrics.catalogue import ACCOUNT_FAMILIES, BUILD_INFO, CATALOGUE, DURATIONS, SUM_WARNING, Family
from exporter.model import ACCOUNT_LABELS, RESERVED_LABELS

EACH_FAMILY = pytest.mark.parametrize("family", CATALOGUE, ids=lambda family: family.name)
BASE_UNITS = {"seconds", "bytes", "ratio"}
OTHER_UNITS = {"milliseconds", "ms", "minutes", "hours", "days", "percent", "kilobytes", "megabytes", "cents"}
RESERVED_SUFFIXES = ("_created", "_bucket", "_count", "_sum", "_gcount", "_gsum")


@EACH_FAMILY
def test_a_name_is_valid_and_starts_with_the_prefix(family: Family) -> None:
    assert re.fullmatch(r"ai_account_[a-z]+(_[a-z]+)*", family.name)


@EACH_FAMILY
def test_a_name_has_no_suffix_that_a_format_reserves(family: Family) -> None:
    assert not family.name.endswith(RESERVED_SUFFIXES)


@EACH_FAMILY
def test_only_counters_end_in_total(family: Family) -> None:
    assert family.name.endswith("_total") == (family.type == "counter")


@EACH_FAMILY
def test_a_name_contains_no_type_and_only_base_units(family: Family) -> None:
    words = set(family.name.split("_"))
    assert not words & {"gauge", "counter", "histogram", "summary", "metric"}
    assert not words & OTHER_UNITS


@EACH_FAMILY
def test_a_base_unit_ends_the_name(family: Family) -> None:
    words = family.name.removesuffix("_total").split("_")
    assert not BASE_UNITS & set(words[:-1])
    assert ("timestamp" in words) == family.name.endswith("_timestamp_seconds")


@EACH_FAMILY
def test_labels_are_valid_and_reserved(family: Family) -> None:
    assert set(family.labels) <= RESERVED_LABELS
    assert len(family.labels) == len(set(family.labels))
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+)*", label) for label in family.labels)
    assert not set(family.labels) & {"le", "quantile", "job", "instance"}


@EACH_FAMILY
def test_help_is_one_sentence(family: Family) -> None:
    assert re.fullmatch(r"[A-Z0-9].{10,}\.", family.help)


@EACH_FAMILY
def test_names_are_unique_also_with_their_suffixes(family: Family) -> None:
    stem = family.name.removesuffix("_total")
    others = [other.name for other in CATALOGUE if other is not family]
    assert len(others) == len(CATALOGUE) - 1
    assert not {stem, *(stem + suffix for suffix in (*RESERVED_SUFFIXES, "_total", "_info"))} & set(others)


@pytest.mark.parametrize("family", ACCOUNT_FAMILIES, ids=lambda family: family.name)
def test_a_family_of_accounts_does_not_repeat_the_common_labels(family: Family) -> None:
    assert not set(family.labels) & ACCOUNT_LABELS


@EACH_FAMILY
def test_the_help_of_amounts_warns_of_sums_across_units(family: Family) -> None:
    is_amount = "unit" in family.labels and not family.name.endswith(("_timestamp_seconds", "_unlimited"))
    assert family.help.endswith(SUM_WARNING) == is_amount


def test_families_about_the_exporter_itself_have_its_prefix() -> None:
    assert all(family.name.startswith("ai_account_exporter_") for family in (BUILD_INFO, DURATIONS))
    assert not any(family.name.startswith("ai_account_exporter_") for family in ACCOUNT_FAMILIES)
