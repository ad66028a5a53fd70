"""`providers test`: tries a definition on a recorded response."""

from __future__ import annotations

import errno
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, BinaryIO, Final

import click

from exporter.accounts.reasons import remedy_of
from exporter.cli.describe import content_now
from exporter.cli.output import EXIT_FAILED, EXIT_INVALID, say
from exporter.cli.providers import complete_name, find_definition
from exporter.errors import PollError
from exporter.model import Reading, Reason
from exporter.providers.definition import Definition
from exporter.providers.extract import extract
from exporter.providers.inspection.example import (
    content_of,
    differences,
    example_of,
    expected_of,
    outcome_of,
    parse_example,
    written_example,
)
from exporter.providers.inspection.exported import exported, shortened
from exporter.providers.inspection.failure import causes_of
from exporter.providers.inspection.findings import findings_of, unread_numbers
from exporter.providers.inspection.personal_data import personal_data
from exporter.providers.inspection.traces import written
from exporter.providers.request_fields import Request
from exporter.providers.response import accept
from exporter.providers.values import decode_json
from exporter.validation.files import is_file
from exporter.validation.problems import did_you_mean

_MAX_BYTES: Final = 5 * 2**20
_MAX_SHOWN: Final = 5


@click.command("test")
@click.argument("name", metavar="NAME|FILE", shell_complete=complete_name)
@click.option(
    "--answer", type=click.Path(path_type=Path, dir_okay=False, allow_dash=True), required=True,
    help="The body of a response of the vendor, or an example file; - for standard input.",
)  # fmt: skip
@click.option("--status", type=click.IntRange(100, 599), help="The HTTP status of the response; 200 or that of the example unless given.")
@click.option(
    "--request", "path", help="The request of the response, by its path; that of the example or the first of the definition unless given."
)
@click.option(
    "--reason", type=click.Choice([str(reason) for reason in Reason]), metavar="REASON",
    help="The reason of the failed poll that is expected, such as unauthorized: the exit code is then 0.",
)  # fmt: skip
@click.option(
    "--write-example", type=click.Path(path_type=Path, dir_okay=False),
    help="Write the response as an example file, with placeholders for personal data and keys. An existing file is not overwritten.",
)  # fmt: skip
def command(*, name: str, answer: Path, status: int | None, path: str | None, reason: str | None, write_example: Path | None) -> None:
    """Try a definition on a recorded response, without key and network.

    Shows for each field the expression, what it finds in the response, and what is exported; the numbers that nothing reads; and
    personal data, which should be removed before the response is shared.

    An example file contains a response, its status and its request, and the expected result, with which the result is compared.

    Exit codes: 0 a poll with this response succeeds and reports something, or has the expected result; 1 otherwise; 2 invalid
    definition or usage.
    """
    if write_example and is_file(write_example):
        say(f"{write_example}: the file exists; remove it first, or choose another name", err=True)
        raise SystemExit(EXIT_FAILED)
    definition = find_definition(name)
    content = _content(answer)
    example = parse_example(content)
    content = content_of(example) if example else content
    request = _request(definition, path or example.get("request"))
    status = status or example.get("status", 200)
    expected = {"failure": {"reason": reason}} if reason else expected_of(example)
    is_usable = _try(definition, request, status, content)
    _warn_of_personal_data(content)
    if write_example:
        _write(write_example, definition, request, status, content)
    if not (_is_expected(expected, outcome_of(definition, request, status, content)) if expected else is_usable):
        raise SystemExit(EXIT_FAILED)


def _is_expected(expected: dict[str, Any], found: dict[str, Any]) -> bool:
    """Print how the result differs from the expected one; returns whether it does not."""
    lines = [*differences(expected, found)]
    click.echo("The result differs from the expected one:" if lines else "The result is as expected.")
    for line in lines:
        click.echo(f"  {line}")
    return not lines


def _request(definition: Definition, path: str | None) -> Request:
    for request in definition.requests:
        if path in (None, request.path, request.name):
            return request
    names = [request.name for request in definition.requests]
    hint = did_you_mean(str(path), names) or f"; its requests: {', '.join(names)}"
    say(f"{definition.name} has no request {path!r}{hint}", err=True)
    raise SystemExit(EXIT_INVALID)


def _opened(answer: Path) -> BinaryIO:
    if str(answer) != "-":
        return answer.open("rb")
    if sys.stdin is None:
        raise OSError(errno.EBADF, "standard input is closed")
    return sys.stdin.buffer


def _content(answer: Path) -> bytes:
    try:
        with _opened(answer) as file:
            content = file.read(_MAX_BYTES + 1)
    except OSError as error:
        say(f"{answer}: {error.strerror}", err=True)
        raise SystemExit(EXIT_INVALID) from None
    if len(content) > _MAX_BYTES:
        say(f"{answer}: larger than {_MAX_BYTES} bytes", err=True)
        raise SystemExit(EXIT_INVALID)
    return content


def _try(definition: Definition, request: Request, status: int, content: bytes) -> bool:
    """Print what a poll with this response does; returns whether it reports something."""
    click.echo(f"{definition.title} ({definition.name}), {request.method} {request.name}, HTTP status {status}")
    for name, text in content_now(definition, request, time.time()):
        click.echo(f"  {name}: {text}")
    click.echo()
    try:
        body = accept(definition, request, status, content)
    except PollError as error:
        decoded = _decoded(content)
        _print_failure(request, error, causes_of(definition, request, status, decoded) if isinstance(decoded, dict | list) else ())
        return False
    if status == request.absent:
        click.echo("The status means that there is nothing.\n")
        return True
    click.echo(f"The response is as expected: {request.expect}\n")
    reading = extract([(request, body)], now=time.time())
    _print_findings(request, body, reading)
    _print_unread(unread_numbers(request, definition.errors.code, body))
    is_usable = any(quota.is_measured for quota in reading.quotas) if request.quotas else bool(exported(reading))
    if not is_usable:
        click.echo("No amount of this response would be exported.\n")
    return is_usable


def _print_failure(request: Request, error: PollError, causes: Iterable[str]) -> None:
    for cause in causes:
        click.echo(cause)
    click.echo(f"The poll fails with the reason {error.reason}: {error}.")
    click.echo(f"  {remedy_of(error.reason, error.cause, is_polled_again=False)}")
    if request.optional:
        click.echo("  The request is optional: the other requests of the poll are not affected.")
    click.echo()


def _print_findings(request: Request, body: Any, reading: Reading) -> None:
    findings = findings_of(request, body, reading)
    width = max((len(each.name) for each in findings), default=0)
    for each in findings:
        click.echo(f"  {each.name:<{width}}  {each.expression}")
        if each.found:
            click.echo(f"  {'':<{width}}    found     {each.found}")
        click.echo(f"  {'':<{width}}    exported  {each.result}")
    click.echo()


def _print_unread(unread: dict[str, list[Any]]) -> None:
    if not unread:
        return
    click.echo("Numbers that nothing reads:")
    for place, values in unread.items():
        shown = ", ".join(dict.fromkeys(shortened(value) for value in values[:_MAX_SHOWN]))
        click.echo(f"  {place}: {shown}{f' and others ({len(values)} values)' if len(values) > _MAX_SHOWN else ''}")
    click.echo()


def _warn_of_personal_data(content: bytes) -> None:
    found = [*personal_data(_decoded(content))]
    if found:
        click.echo("This may be personal data, or a secret; remove it before you share the response:")
        for place, kind in found:
            click.echo(f"  {written(place)}: {kind}")
        click.echo()


def _decoded(content: bytes) -> Any:
    try:
        return decode_json(content)
    except ValueError:
        return content.decode("utf-8", "replace")


def _write(path: Path, definition: Definition, request: Request, status: int, content: bytes) -> None:
    example = example_of(definition, request, status, content)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(written_example(example), encoding="utf-8")
    except OSError as error:
        say(f"{path}: {error.strerror}", err=True)
        raise SystemExit(EXIT_FAILED) from None
    say(f"{path} is written. The expected result in it is that of this definition: check it. Add to the title where the response is from.")
