"""`providers test`: what a definition finds in a recorded response, and what is exported."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.cli.acme import BODY, DEFINITION, row, tried, with_quotas


def test_each_figure_has_its_expression_what_was_found_and_what_is_exported(definition: Path) -> None:
    result = tried(definition, BODY)
    assert result.exit_code == 0
    assert row(result, "wallet.remaining") == ["data.left_cents (x 0.01)", "a number: 1234", "12.34 usd"]
    assert row(result, "wallet.unit") == ["data.currency", 'text: "USD"', "part of the amounts"]
    assert row(result, "spend.used") == ["data.used", 'text with a number: "5.5"', "5.5 usd"]
    assert row(result, "spend.limit") == ["data.cap (no limit: data.cap == null)", "a number: 100", "100 usd"]
    assert row(result, "spend.remaining") == ["limit - used", "94.5 usd"]
    assert row(result, "spend.resets_at")[1].endswith("-01 00:00:00 UTC")
    assert row(result, "tokens.each") == ["data.keys", "a list of 2", "part of the amounts"]
    assert row(result, "tokens.used") == ["tokens", "a number: 5, a number: 7, in 2 elements", "12 tokens"]
    assert row(result, "info.plan") == ["data.plan", 'text: "Pro"', "Pro"]
    assert row(result, "features.open") == ["data.state == 'open'", "true or false: true", "1"]


@pytest.mark.parametrize(
    ("changes", "name", "expected"),
    [
        ({"used": "many"}, "spend.used", ['text: "many"', "nothing, and counted as a mismatch: expected a number"]),
        ({"used": [1]}, "spend.used", ["a list of 1", "nothing, and counted as a mismatch: expected a number"]),
        ({"used": None}, "spend.used", ["null", "nothing"]),
        ({"cap": None}, "spend.limit", ["null", "no limit (usd)"]),
        ({"currency": None}, "wallet.remaining", ["a number: 1234", "nothing, because wallet.unit is unusable"]),
        ({"currency": 5}, "wallet.unit", ["a number: 5", "part of the amounts"]),
        ({"keys": "x"}, "tokens.each", ["text", "nothing, and counted as a mismatch: expected a list whose elements are complete"]),
        ({"keys": [[{"tokens": 5}], [{"tokens": 7}]]}, "tokens.each", ["a list of 2 with lists in it: add [] at its end to merge them", "part of the amounts"]),
        ({"keys": [{"tokns": 5}]}, "tokens.used", ["tokens is absent; did you mean 'tokns'?", "nothing, and counted as a mismatch: expected a number in data.keys[0]"]),
        ({"keys": []}, "tokens.used", ["no element", "0 tokens"]),
        ({"keys": [{"tokens": n} for n in range(6)]}, "tokens.used", ["a number: 0, a number: 1, a number: 2 and 3 more, in 6 elements", "15 tokens"]),
        ({"plan": {"name": "Pro"}}, "info.plan", ["an object", "nothing, and counted as a mismatch: expected text without an e-mail address"]),
        ({"plan": "x" * 100}, "info.plan", [f'text: "{"x" * 57}..."', "x" * 100]),
    ],
)  # fmt: skip
def test_what_is_found_is_described_by_its_kind(definition: Path, changes: dict[str, Any], name: str, expected: list[str]) -> None:
    result = tried(definition, {"data": {**BODY["data"], **changes}})
    assert row(result, name)[1:] == expected


def test_numbers_that_nothing_reads_are_listed_by_place(definition: Path) -> None:
    listed = tried(definition, BODY).stdout.partition("Numbers that nothing reads:\n")[2].partition("\n\n")[0]
    assert listed == "  data.grace: 3\n  data.keys[].cost: 1, 2"


def test_a_response_of_which_everything_is_read_has_no_such_list(definition: Path) -> None:
    result = tried(definition, {"seats": 4}, "--request", "/v1/seats")
    assert row(result, "seats.used") == ["seats", "a number: 4", "4 slots"]
    assert "nothing reads" not in result.stdout


def test_the_difference_is_shown_where_what_remains_is_unusable(tmp_path: Path) -> None:
    path = with_quotas(tmp_path, "{resource: wallet, unit: usd, remaining: left, used: used, limit: granted}")
    result = tried(path, {"left": "many", "used": 2, "granted": 10})
    assert row(result, "wallet.remaining")[1:] == ['text: "many"', "8 usd (limit - used), and counted as a mismatch: expected a number"]


@pytest.mark.parametrize(
    "quotas",
    [
        ("{resource: spend, unit: eur, used: used, resets_at: {period: month}}", "{resource: spend, unit: eur, limit: cap}"),
        ("{resource: spend, unit: eur, limit: cap}", "{resource: spend, unit: eur, used: used, resets_at: {period: month}}"),
        ("{resource: spend, unit: {select: currency}, used: used, resets_at: {period: month}}", "{resource: spend, unit: eur, limit: cap}"),
    ],
)
def test_a_period_is_shown_wherever_its_resource_is_continued(tmp_path: Path, quotas: tuple[str, ...]) -> None:
    result = tried(with_quotas(tmp_path, *quotas), {"used": 3, "cap": 10, "currency": "EUR"})
    assert row(result, "spend.resets_at")[1].endswith("-01 00:00:00 UTC")
    assert row(result, "spend.remaining") == ["limit - used", "7 eur"]


def test_two_units_of_a_resource_are_shown_separately(tmp_path: Path) -> None:
    quotas = (
        "{resource: free, unit: eur, remaining: money}",
        "{resource: free, unit: {select: time.unit}, remaining: time.left}",
        "{resource: free, unit: slots, used: slots, limit: cap, resets_at: {period: day}}",
    )
    lines = tried(with_quotas(tmp_path, *quotas), {"money": "2.00", "time": {"left": 180, "unit": "Seconds"}, "slots": 1, "cap": 3}).stdout
    shown = [line.split(None, 1)[1] for line in lines.splitlines() if line.split()[:1] == ["exported"]]
    assert shown[:4] == ["2.00 eur", "180 seconds", "part of the amounts", "1 slots"]
    assert "2 slots" in shown
    assert shown[-1].endswith(" 00:00:00 UTC")


@pytest.mark.parametrize(
    ("each", "rows", "expected"),
    [
        ("rows", [{"used": 1}, {"used": None}, {"used": 2}], "expected a number in rows[1]"),
        ("rows", [{"used": 1}, {"used": 2}, {"used": "many"}], "expected a number in rows[2]"),
        ("rows[].parts[]", [{"parts": [{"used": 1}]}, {"parts": [{"used": 1}, {}]}], "expected a number in rows[].parts[] | [2]"),
    ],
)
def test_the_element_that_has_no_amount_is_named(tmp_path: Path, each: str, rows: Any, expected: str) -> None:
    result = tried(
        with_quotas(tmp_path, "{resource: spend, unit: eur, each: 'rows', used: used}".replace("'rows'", f"'{each}'")), {"rows": rows}
    )
    assert row(result, "spend.used")[2] == f"nothing, and counted as a mismatch: {expected}"


def test_a_null_among_the_elements_is_named(tmp_path: Path) -> None:
    result = tried(
        with_quotas(tmp_path, "{resource: spend, unit: eur, each: rows, used: used}"), {"rows": [{"used": 1}, None, {"used": 2}]}
    )
    assert row(result, "spend.each")[1] == "rows[1] is null"
    result = tried(
        with_quotas(tmp_path, "{resource: spend, unit: eur, each: 'rows[].part', used: used}"),
        {"rows": [{"part": {"used": 1}}, {"part": None}]},
    )
    assert row(result, "spend.each")[1] == "rows[1].part is null"


def test_a_value_at_another_place_is_suggested(tmp_path: Path) -> None:
    path = with_quotas(tmp_path, "{resource: wallet, unit: eur, remaining: balance}", "{resource: spend, unit: eur, used: usage.eur.total}")
    result = tried(path, {"data": {"balance": 1}, "usage": {"usd": {"total": 1}}, "a": {"x-y": {"balance": 2}}, "b" * 40: {"balance": 3}})
    assert row(result, "wallet.remaining")[1] == "balance is absent; did you mean 'data.balance'?"
    assert row(result, "spend.used")[1] == "usage.eur is absent; did you mean 'usage.usd.total'?"


def test_a_filter_that_nothing_matches_is_named(tmp_path: Path) -> None:
    path = tmp_path / "acme.yaml"
    path.write_text(
        DEFINITION.replace("remaining: {select: data.left_cents, scale: 0.01}", "remaining: \"data.keys[?id == 'c'] | [0].tokens\"")
    )
    assert row(tried(path, BODY), "wallet.remaining")[1:] == ["no element matches the filter", "nothing"]
