"""The page of a fixed store, byte for byte. After an intended change, run with UPDATE_GOLDEN=1 and read the difference."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path

import pytest
from prometheus_client import Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from exporter.metrics.catalogue import CATALOGUE
from tests.metrics.showcase import LABELS, OPENMETRICS, page, showcase

GOLDEN = Path(__file__).parent.parent / "golden"
PAGES = pytest.mark.parametrize(("name", "accept"), [("metrics.txt", ""), ("metrics.openmetrics.txt", OPENMETRICS)])

Series = tuple[str, frozenset[tuple[str, str]]]


def lines_of(accept: str) -> list[str]:
    return [line for line in page(showcase(), accept).decode().split("\n") if line and not line.startswith("#")]


def samples_of(families: Iterable[Metric]) -> list[tuple[Series, float]]:
    return [((sample.name, frozenset(sample.labels.items())), sample.value) for family in families for sample in family.samples]


def both_pages() -> tuple[list[tuple[Series, float]], list[tuple[Series, float]]]:
    text, openmetrics = (page(showcase(), accept).decode() for accept in ("", OPENMETRICS))
    return samples_of(parse_text(text)), samples_of(parse_openmetrics(openmetrics))  # type: ignore[no-untyped-call]  # prometheus-client has no types there


@PAGES
def test_the_page_is_the_golden_one(name: str, accept: str) -> None:
    body = page(showcase(), accept)
    if os.environ.get("UPDATE_GOLDEN") == "1":
        (GOLDEN / name).write_bytes(body)
    assert body.decode() == (GOLDEN / name).read_bytes().decode()


def test_the_official_parsers_read_the_same_from_both_formats() -> None:
    text, openmetrics = both_pages()
    assert text == openmetrics
    assert len(text) > 150


def test_every_series_is_on_the_page_once() -> None:
    series = [series for series, _ in both_pages()[0]]
    assert len(series) == len(set(series))


def test_a_name_with_quotes_a_backslash_and_an_emoji_is_exported() -> None:
    labels = {"provider": "heygen", "account": 'Bühne "A" \\ 🎭', "team": 'C:\\shows "live"', "cost_center": ""}
    assert (("ai_account_up", frozenset(labels.items())), 1.0) in both_pages()[1]


def test_every_series_of_an_account_has_every_label_of_the_operator() -> None:
    about_accounts = [labels for (name, labels), _ in both_pages()[0] if not name.startswith("ai_account_exporter_")]
    for labels in about_accounts:
        assert {"provider", "account", "team", "cost_center"} <= dict(labels).keys()
    assert ("cost_center", "") in next(labels for labels in about_accounts if ("account", "stage") in labels)


@PAGES
def test_no_sample_has_a_timestamp_or_a_creation_time(name: str, accept: str) -> None:
    for line in lines_of(accept):
        assert re.fullmatch(r"[a-z_]+(\{.*\})? [0-9.e+-]+", line)
        assert "_created" not in line.partition("{")[0].replace("created_timestamp", "")


@PAGES
def test_labels_are_sorted_by_name(name: str, accept: str) -> None:
    for line in lines_of(accept):
        labels = re.findall(r'([a-z_]+)="(?:[^"\\]|\\.)*"', line)
        assert labels == sorted(labels)


@PAGES
def test_families_have_the_order_of_the_catalogue_and_each_has_a_sample(name: str, accept: str) -> None:
    strip = "_total" if accept else ""
    lines = page(showcase(), accept).decode().splitlines()
    assert [line.split()[2] for line in lines if line.startswith("# TYPE")] == [family.name.removesuffix(strip) for family in CATALOGUE]
    types = [number for number, line in enumerate(lines) if line.startswith("# TYPE")]
    assert not any(lines[number + 1].startswith("#") for number in types)


@PAGES
def test_accounts_have_the_order_of_the_configuration(name: str, accept: str) -> None:
    lines = [line for line in lines_of(accept) if line.startswith("ai_account_scrape_interval_seconds")]
    names = [key.account.replace("\\", "\\\\").replace('"', '\\"') for key in LABELS]
    assert [f'account="{name}"' in line for name, line in zip(names, lines, strict=True)] == [True] * len(names)


def test_a_family_without_samples_is_omitted() -> None:
    text = page(showcase(), now=1_770_000_000.0).decode()
    assert "ai_account_quota_remaining" not in text
    assert "ai_account_last_success_timestamp_seconds" in text


def test_openmetrics_ends_with_eof_and_text_does_not() -> None:
    assert page(showcase(), OPENMETRICS).endswith(b"\n# EOF\n")
    assert b"# EOF" not in page(showcase())
