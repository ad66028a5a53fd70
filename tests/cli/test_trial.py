"""`providers test`: a definition on a recorded response."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from exporter.cli.describe import describe
from exporter.cli.main import main
from exporter.providers.library import load_definition
from exporter.providers.response import MAX_BODY_BYTES
from tests.providers.examples import ALL, Example

DEFINITION = """
name: acme
title: Acme
docs_url: https://docs.example.com
credentials: {token: {header: Authorization}}
permission: billing.read
requests:
  - path: /v1/balance
    expect: type(data) == 'object'
    quotas:
      - {resource: wallet, unit: {select: data.currency}, remaining: {select: data.left_cents, scale: 0.01}}
      - {resource: spend, unit: usd, used: data.used, limit: {select: data.cap, unlimited: data.cap == null}, resets_at: {period: month}}
      - {resource: tokens, each: data.keys, unit: tokens, used: tokens}
    info: {plan: data.plan}
    features: {open: data.state == 'open'}
  - path: /v1/seats
    query: {since: "{month_start:date}"}
    optional: true
    expect: seats
    quotas: [{resource: seats, unit: slots, used: seats}]
errors: {code: error.code, reasons: {no_scope: forbidden}, missing_permission: [no_scope]}
"""
BODY: dict[str, Any] = {
    "data": {
        "currency": "USD", "left_cents": 1234, "used": "5.5", "cap": 100, "plan": "Pro", "state": "open", "grace": 3,
        "keys": [{"id": "a", "tokens": 5, "cost": 1}, {"id": "b", "tokens": 7, "cost": "2"}],
    }
}  # fmt: skip


@pytest.fixture
def definition(tmp_path: Path) -> Path:
    path = tmp_path / "acme.yaml"
    path.write_text(DEFINITION)
    return path


def tried(definition: Path | str, body: object, *arguments: str | Path) -> Result:
    text = body if isinstance(body, str) else json.dumps(body)
    return CliRunner().invoke(main, ["providers", "test", str(definition), "--answer", "-", *map(str, arguments)], input=text)


def row(result: Result, name: str) -> list[str]:
    """The expression of an amount, what was found, and what is exported."""
    lines = result.stdout.splitlines()
    [at] = [index for index, line in enumerate(lines) if line.split()[:1] == [name]]
    rows = [lines[at].split(None, 1)[1]]
    for line in lines[at + 1 :]:
        if line.split()[:1] not in (["found"], ["exported"]):
            break
        rows.append(line.split(None, 1)[1])
    return rows


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


def test_personal_data_is_pointed_out(definition: Path) -> None:
    owner = {"email": "jane@corp.io", "display_name": "Jane Roe", "phone": "+1 555 123-4567", "contact": "mail to joe@corp.io", "id": 5}
    listed = tried(definition, {**BODY, "owner": owner, "sk-aaaabbbbccccddddeeee": 1}).stdout
    assert "  owner.email: an e-mail address\n" in listed
    assert "  owner.display_name: a name\n" in listed
    assert "  owner.phone: a phone number\n" in listed
    assert "  owner.contact: an e-mail address\n" in listed
    assert "  sk-aaaabbbbccccddddeeee: a key\n" in listed
    assert "owner.id" not in listed.partition("personal data")[2]
    assert "personal data" not in tried(definition, {"seats": 4}, "--request", "/v1/seats").stdout


def test_an_example_has_no_personal_data_and_the_expected_result(definition: Path, tmp_path: Path) -> None:
    path = tmp_path / "example.json"
    owner = {"email": "jane@corp.io", "name": "Jane Roe", "jane@corp.io": {"token": "abc"}}
    result = tried(definition, {**BODY, "owner": owner}, "--write-example", path)
    assert result.exit_code == 0
    assert "jane" not in path.read_text().lower()
    example = json.loads(path.read_text())
    assert example["body"]["owner"] == {"email": "user@example.com", "name": "Example", "example_2": {"token": "made-up"}}
    assert example["body"]["data"] == BODY["data"]
    assert example["reading"] == {
        "quotas": [
            {"resource": "wallet", "unit": "usd", "remaining": "12.34"},
            {"resource": "spend", "unit": "usd", "remaining": "94.5", "used": "5.5", "limit": "100"},
            {"resource": "tokens", "unit": "tokens", "used": "12"},
        ],
        "info": {"plan": "Pro"},
        "features": {"open": True},
    }


@pytest.mark.parametrize("example", ALL[::7], ids=lambda example: example.id)
def test_an_example_that_is_written_again_has_the_same_result(example: Example, tmp_path: Path) -> None:
    path = tmp_path / "example.json"
    definition, request = example.definition, example.request
    arguments: list[str | Path] = ["--status", str(example.status), "--request", request.name, "--write-example", path]
    result = tried(definition.name, example.content.decode(), *arguments)
    written = json.loads(path.read_text())
    if "failure" in example.document:
        assert (result.exit_code, written["failure"]) == (1, example.document["failure"])
    else:
        expected = {**example.document["reading"], "info": written["reading"].get("info", {})}
        assert written["reading"] == {name: value for name, value in expected.items() if value}


@pytest.mark.parametrize(
    ("body", "status", "expected"),
    [
        ({"error": {"code": "no_scope"}}, 403, ["reason forbidden: HTTP 403 with the error code no_scope: the key needs the permission billing.read"]),
        ({}, 401, ["reason unauthorized: HTTP 401", "Check the key"]),
        ({"date": {}}, 200, ["reason invalid_response", "\nexpect is false: data is absent; did you mean 'date'?\nThe poll fails"]),
        ("<html>", 502, ["reason server_error: HTTP 502 with an HTML page"]),
        ("no JSON", 200, ["reason invalid_response", "it is not JSON"]),
    ],
)  # fmt: skip
def test_a_failure_is_explained(definition: Path, body: Any, status: int, expected: list[str]) -> None:
    result = tried(definition, body, "--status", str(status))
    assert result.exit_code == 1
    assert all(text in result.stdout for text in expected), result.stdout


def test_an_optional_request_that_fails_leaves_the_others(definition: Path) -> None:
    result = tried(definition, {}, "--request", "/v1/seats?since={month_start:date}", "--status", "403")
    assert "the other requests of the poll are not affected" in result.stdout
    assert result.exit_code == 1


def test_a_response_without_anything_to_export_is_exit_code_1(definition: Path) -> None:
    result = tried(definition, {"data": {}})
    assert result.exit_code == 1
    assert "No amount of this response would be exported." in result.stdout


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["acmee"], "there is no provider 'acmee'; the command `providers` lists all\n"),
        (["missing.yaml"], "missing.yaml: no such file"),
        (["heygen", "--request", "/v3/users/mee"], "heygen has no request '/v3/users/mee'; did you mean '/v3/users/me'?\n"),
        (["openai", "--request", "x"], "openai has no request 'x'; its requests: /v1/organization/"),
        (["heygen", "--reason", "unauthorised"], "'unauthorised' is not one of"),
    ],
)
def test_what_cannot_be_tried_is_exit_code_2(arguments: list[str], expected: str) -> None:
    name, *rest = arguments
    result = tried(name, {"data": {}}, *rest)
    assert result.exit_code == 2
    assert expected in result.stderr


def test_an_example_that_cannot_be_written_is_exit_code_1(definition: Path) -> None:
    path = definition / "x.json"
    result = tried(definition, BODY, "--write-example", path)
    assert (result.exit_code, result.stderr) == (1, f"{path}: File exists\n")


def test_the_folder_of_a_new_example_is_created(definition: Path) -> None:
    path = definition.parent / "acme" / "responses" / "normal.json"
    assert tried(definition, BODY, "--write-example", path).exit_code == 0
    assert json.loads(path.read_text())["body"] == BODY


def test_a_file_that_cannot_be_read_or_is_too_large_is_exit_code_2(tmp_path: Path) -> None:
    large = tmp_path / "large.json"
    large.write_bytes(b" " * (5 * 2**20 + 1))
    for path, expected in ((tmp_path / "none.json", "No such file or directory"), (large, "larger than 5242880 bytes")):
        result = CliRunner().invoke(main, ["providers", "test", "heygen", "--answer", str(path)])
        assert (result.exit_code, expected in result.stderr) == (2, True)


def test_a_definition_of_an_operator_is_described_like_a_built_in_one(definition: Path) -> None:
    result = CliRunner().invoke(main, ["providers", str(definition)])
    assert result.exit_code == 0
    assert result.stdout.startswith("Acme (acme)\n")
    assert "data.left_cents" in result.stdout


def test_a_definition_is_validated_without_an_account(definition: Path, tmp_path: Path) -> None:
    assert load_definition(definition).name == "acme"
    valid = CliRunner().invoke(main, ["check", "--provider-file", str(definition)])
    assert (valid.exit_code, valid.stdout) == (0, f"{definition} is valid: Acme (acme), 2 requests, wallet, spend, tokens, seats\n")
    broken = tmp_path / "broken.yaml"
    broken.write_text(
        DEFINITION.replace("resource: wallet, ", "").replace("title: Acme", "titel: Acme").replace("name: acme", "name: other")
    )
    invalid = CliRunner().invoke(main, ["check", "--provider-file", str(definition), "--provider-file", str(broken)])
    assert invalid.exit_code == 2
    assert invalid.stderr.startswith(f"{broken} cannot be used; 2 problems:\n")
    assert f"{broken}:3: titel: unknown key; did you mean 'title'?" in invalid.stderr
    assert f"{broken}:11: requests[0].quotas[0].resource: is required" in invalid.stderr


def test_the_difference_is_shown_where_what_remains_is_unusable(tmp_path: Path) -> None:
    path = _with_quotas(tmp_path, "{resource: wallet, unit: usd, remaining: left, used: used, limit: granted}")
    result = tried(path, {"left": "many", "used": 2, "granted": 10})
    assert row(result, "wallet.remaining")[1:] == ['text: "many"', "8 usd (limit - used), and counted as a mismatch: expected a number"]


def _with_quotas(folder: Path, *quotas: str) -> Path:
    path = folder / "quotas.yaml"
    head = DEFINITION.partition("requests:")[0].replace("permission: billing.read\n", "")
    path.write_text(f"{head}requests:\n  - path: /v1/x\n    expect: '@'\n    quotas:\n" + "".join(f"      - {quota}\n" for quota in quotas))
    return path


@pytest.mark.parametrize(
    "quotas",
    [
        ("{resource: spend, unit: eur, used: used, resets_at: {period: month}}", "{resource: spend, unit: eur, limit: cap}"),
        ("{resource: spend, unit: eur, limit: cap}", "{resource: spend, unit: eur, used: used, resets_at: {period: month}}"),
        ("{resource: spend, unit: {select: currency}, used: used, resets_at: {period: month}}", "{resource: spend, unit: eur, limit: cap}"),
    ],
)
def test_a_period_is_shown_wherever_its_resource_is_continued(tmp_path: Path, quotas: tuple[str, ...]) -> None:
    result = tried(_with_quotas(tmp_path, *quotas), {"used": 3, "cap": 10, "currency": "EUR"})
    assert row(result, "spend.resets_at")[1].endswith("-01 00:00:00 UTC")
    assert row(result, "spend.remaining") == ["limit - used", "7 eur"]


def test_two_units_of_a_resource_are_shown_separately(tmp_path: Path) -> None:
    quotas = (
        "{resource: free, unit: eur, remaining: money}",
        "{resource: free, unit: {select: time.unit}, remaining: time.left}",
        "{resource: free, unit: slots, used: slots, limit: cap, resets_at: {period: day}}",
    )
    lines = tried(_with_quotas(tmp_path, *quotas), {"money": "2.00", "time": {"left": 180, "unit": "Seconds"}, "slots": 1, "cap": 3}).stdout
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
        _with_quotas(tmp_path, "{resource: spend, unit: eur, each: 'rows', used: used}".replace("'rows'", f"'{each}'")), {"rows": rows}
    )
    assert row(result, "spend.used")[2] == f"nothing, and counted as a mismatch: {expected}"


def test_a_null_among_the_elements_is_named(tmp_path: Path) -> None:
    result = tried(
        _with_quotas(tmp_path, "{resource: spend, unit: eur, each: rows, used: used}"), {"rows": [{"used": 1}, None, {"used": 2}]}
    )
    assert row(result, "spend.each")[1] == "rows[1] is null"
    result = tried(
        _with_quotas(tmp_path, "{resource: spend, unit: eur, each: 'rows[].part', used: used}"),
        {"rows": [{"part": {"used": 1}}, {"part": None}]},
    )
    assert row(result, "spend.each")[1] == "rows[1].part is null"


ERRORS = "errors: {code: error.code, success: ['0'], reasons: {10009: unauthorized}}"


@pytest.mark.parametrize(
    ("errors", "body", "status", "expected"),
    [
        (ERRORS, {"errors": [{"code": 10009}]}, 401, "errors.code: error is absent; did you mean 'errors[0].code'?"),
        (ERRORS, {"message": "no"}, 401, "errors.code: error is absent\nthe definition finds no error code; the reason is from the HTTP status"),
        (ERRORS, {"error": {"code": None}}, 401, "errors.code: error.code is null\n"),
        (ERRORS, {"error": "no"}, 401, "errors.code: error is text\n"),
        (ERRORS, {"error": {"code": 99999}}, 403, "errors.code: error.code is 99999, which is not in errors.reasons; the reason is from the HTTP status"),
        (ERRORS, {"error": {"code": "99999"}}, 200, "errors.code: error.code is 99999, which is not in errors.reasons; it fails the poll: list it in errors.success if it means success; use `expect` for true and false, and for an object"),
        (ERRORS, {"error": {"code": {"a": 1}}}, 403, "errors.code: error.code is an object, which is not in errors.reasons"),
        (ERRORS, {"error": {"code": "10009"}}, 400, "errors.code: error.code is 10009; errors.reasons has unauthorized for it"),
        (ERRORS, {"error": {"code": 0}}, 500, "errors.code: error.code is 0, a code of errors.success"),
        (ERRORS, {"error": {"code": 0}, "data": []}, 200, "expect is false: data is a list of 0"),
        ("errors: {}", {"error": {"code": 0}}, 404, "the definition finds no error code; the reason is from the HTTP status"),
    ],
)  # fmt: skip
def test_a_failure_shows_what_its_expressions_find(tmp_path: Path, errors: str, body: Any, status: int, expected: str) -> None:
    path = tmp_path / "acme.yaml"
    path.write_text(f"{DEFINITION.partition('errors:')[0]}{errors}")
    result = tried(path, body, "--status", str(status))
    assert expected in result.stdout, result.stdout
    assert "The vendor sent no error code" not in result.stdout


def test_a_redirect_fails_whatever_its_body_contains(definition: Path) -> None:
    assert "errors.code" not in tried(definition, {"error": {"code": "no_scope"}}, "--status", "302").stdout


def test_an_expectation_that_finds_nothing_comes_first(definition: Path) -> None:
    lines = tried(definition, {"places": 4}, "--request", "/v1/seats").stdout.splitlines()
    assert lines[3] == "expect found nothing: seats is absent"


def test_a_value_at_another_place_is_suggested(tmp_path: Path) -> None:
    path = _with_quotas(
        tmp_path, "{resource: wallet, unit: eur, remaining: balance}", "{resource: spend, unit: eur, used: usage.eur.total}"
    )
    result = tried(path, {"data": {"balance": 1}, "usage": {"usd": {"total": 1}}, "a": {"x-y": {"balance": 2}}, "b" * 40: {"balance": 3}})
    assert row(result, "wallet.remaining")[1] == "balance is absent; did you mean 'data.balance'?"
    assert row(result, "spend.used")[1] == "usage.eur is absent; did you mean 'usage.usd.total'?"


def test_an_existing_file_is_not_overwritten_by_an_example(definition: Path, tmp_path: Path) -> None:
    path = tmp_path / "example.json"
    path.write_text(json.dumps(BODY))
    for body in (BODY, {}):
        result = tried(definition, body, "--write-example", path)
        assert (result.exit_code, result.stdout) == (1, "")
        assert result.stderr == f"{path}: the file exists; remove it first, or choose another name\n"
    assert json.loads(path.read_text()) == BODY


def test_an_example_is_tried_again_and_compared(definition: Path, tmp_path: Path) -> None:
    path = tmp_path / "seats.json"
    assert "check it" in tried(definition, {"seats": 4}, "--request", "/v1/seats", "--write-example", path).stdout
    again = CliRunner().invoke(main, ["providers", "test", str(definition), "--answer", str(path)])
    assert (again.exit_code, again.stdout.splitlines()[-1]) == (0, "The result is as expected.")
    example = json.loads(path.read_text())
    other = tried(definition, {**example, "body": {"seats": 5}})
    assert other.exit_code == 1
    assert other.stdout.endswith("The result differs from the expected one:\n  seats in slots.used: expected 4, found 5\n")
    assert tried(definition, {**example, "reading": {"quotas": [{"resource": "seats", "unit": "slots", "used": "4.0"}]}}).exit_code == 0
    wrong = tried(definition, {**example, "reading": {"quotas": [{"resource": "seats", "unit": "slots", "used": "four"}]}})
    assert "seats in slots.used: expected four, found 4" in wrong.stdout


def test_an_error_has_the_expected_reason(definition: Path, tmp_path: Path) -> None:
    for reason, code in (("unauthorized", 0), ("forbidden", 1)):
        assert tried(definition, {}, "--status", "401", "--reason", reason).exit_code == code
    assert "failure.reason: expected unauthorized, found nothing" in tried(definition, BODY, "--reason", "unauthorized").stdout
    path = tmp_path / "error.json"
    assert tried(definition, {}, "--status", "401", "--write-example", path).exit_code == 1
    assert tried(definition, path.read_text()).exit_code == 0


@pytest.mark.parametrize(
    "example", [*ALL[::11], *(each for each in ALL if each.id in {"deepl/pro", "elevenlabs/overage"})], ids=lambda example: example.id
)
def test_an_example_of_a_shipped_definition_has_its_expected_result(example: Example) -> None:
    result = CliRunner().invoke(main, ["providers", "test", example.definition.name, "--answer", str(example.path)])
    assert (result.exit_code, result.stdout.splitlines()[-1]) == (0, "The result is as expected.")


def test_a_response_that_is_no_example_is_a_response(definition: Path) -> None:
    for body in (
        "[]",
        "[" * 1_000,
        "[" * 200_000,
        {"title": "x", "status": "200", "body": {}, "reading": {}},
        {**BODY, "title": "x", "status": 1},
        {"title": "x", "status": 200, "body": {}},
    ):
        assert "expected" not in tried(definition, body).stdout.splitlines()[-1:]


def test_the_body_of_a_request_is_shown_with_the_times_of_now(tmp_path: Path) -> None:
    path = tmp_path / "acme.yaml"
    request = '{path: /v1/x, expect: "@", method: POST, query: {since: "{today:date}"}, body: {team: "{team}", from: ["{month_start:date}"]}, quotas: [{resource: spend, unit: usd, used: a}]}'
    path.write_text(DEFINITION.partition("permission:")[0] + f"params: {{team: {{}}}}\nrequests: [{request}]\n")
    shown = describe(load_definition(path), 1_795_000_000.0)
    assert '    body        {"team": "{team}", "from": ["2026-11-01"]}  (at 2026-11-18 11:06 UTC)\n' in shown
    assert "    query       since=2026-11-18  (at 2026-11-18 11:06 UTC)\n" in shown
    result = tried(path, {"a": 1})
    assert '  body: {"team": "{team}", "from": ["20' in result.stdout
    assert "  query: since=20" in result.stdout


def test_a_long_response_is_searched_for_personal_data_without_delay(definition: Path) -> None:
    result = tried(definition, {**BODY, "image": "a" * 2_000_000, "note": f"{'b' * 1_000_000} jane@corp.io"})
    assert "  note: an e-mail address\n" in result.stdout


def test_what_remains_is_described_where_it_is_derived_from_two_entries(tmp_path: Path) -> None:
    path = _with_quotas(
        tmp_path,
        "{resource: spend, unit: eur, used: used}",
        "{resource: spend, unit: {select: currency}, limit: cap}",
        "{resource: free, unit: minutes, used: a}",
        "{resource: free, unit: slots, limit: b}",
    )
    lines = describe(load_definition(path), 0.0).splitlines()
    assert [lines[at - 1].strip() for at, line in enumerate(lines) if line == "      remaining     limit - used"] == [
        "resource    spend (eur)"
    ]


def test_a_response_that_a_poll_would_not_read_fails(definition: Path) -> None:
    result = tried(definition, {**BODY, "pad": "x" * MAX_BODY_BYTES})
    assert result.exit_code == 1
    assert (
        f"The poll fails with the reason invalid_response: the body of the response is larger than {MAX_BODY_BYTES} bytes." in result.stdout
    )


def test_a_filter_that_nothing_matches_is_named(tmp_path: Path) -> None:
    path = tmp_path / "acme.yaml"
    path.write_text(
        DEFINITION.replace("remaining: {select: data.left_cents, scale: 0.01}", "remaining: \"data.keys[?id == 'c'] | [0].tokens\"")
    )
    assert row(tried(path, BODY), "wallet.remaining")[1:] == ["no element matches the filter", "nothing"]


def test_the_description_of_a_definition_shows_how_amounts_are_converted(definition: Path) -> None:
    text = describe(load_definition(definition), 0.0)
    assert "      remaining     data.left_cents (x 0.01)\n" in text
    assert "      limit         data.cap (no limit: data.cap == null)\n" in text
