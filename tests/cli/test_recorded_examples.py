"""`providers test`: an example is written without personal data, and a recorded one has its expected result."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from exporter.cli.main import main
from tests.cli.acme import BODY, tried
from tests.providers.examples import ALL, Example


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


def test_a_long_response_is_searched_for_personal_data_without_delay(definition: Path) -> None:
    result = tried(definition, {**BODY, "image": "a" * 2_000_000, "note": f"{'b' * 1_000_000} jane@corp.io"})
    assert "  note: an e-mail address\n" in result.stdout


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


def test_an_example_that_cannot_be_written_is_exit_code_1(definition: Path) -> None:
    path = definition / "x.json"
    result = tried(definition, BODY, "--write-example", path)
    assert (result.exit_code, result.stderr) == (1, f"{path}: File exists\n")


def test_the_folder_of_a_new_example_is_created(definition: Path) -> None:
    path = definition.parent / "acme" / "responses" / "normal.json"
    assert tried(definition, BODY, "--write-example", path).exit_code == 0
    assert json.loads(path.read_text())["body"] == BODY


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
