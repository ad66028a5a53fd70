"""Why a poll with a response fails, for people who write a definition: what `expect` and `errors.code` find in the body."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from exporter.providers.definition import Definition
from exporter.providers.inspection.selection_text import described, end_of_path, places_read, select
from exporter.providers.request_fields import ErrorFields, Request
from exporter.providers.selection import Selection
from exporter.providers.values import Mismatch, to_code

_USE: Final = ": list it in errors.success if it means success; use `expect` for true and false, and for an object"


def causes_of(definition: Definition, request: Request, status: int, body: Any) -> Iterator[str]:
    """Yield what decides that a poll with this body fails, one line each."""
    if 300 <= status < 400:
        return
    is_success, errors = 200 <= status < 300, definition.errors
    codes = {selection: code for selection in errors.code if (code := _code(selection, body)) is not None}
    if is_success and errors.success.issuperset(codes.values()):
        yield from _of_expect(request.expect, body)
    elif codes:
        yield from _of_codes(errors, codes, is_success=is_success)
    else:
        yield from (f"errors.code: {end_of_path(selection, body) or f'{selection} is null'}" for selection in errors.code)
        yield "the definition finds no error code; the reason is from the HTTP status"


def _code(selection: Selection, body: Any) -> str | None:
    try:
        return to_code(selection.of(body))
    except Mismatch:
        return described(select(selection, body))


def _of_codes(errors: ErrorFields, codes: Mapping[Selection, str], *, is_success: bool) -> Iterator[str]:
    is_known = not errors.reasons.keys().isdisjoint(codes.values())
    effect = "" if is_known else f"; it fails the poll{_USE}" if is_success else "; the reason is from the HTTP status"
    for selection, code in codes.items():
        if code in errors.reasons:
            yield f"errors.code: {selection} is {code}; errors.reasons has {errors.reasons[code]} for it"
        elif code in errors.success:
            yield f"errors.code: {selection} is {code}, a code of errors.success"
        else:
            yield f"errors.code: {selection} is {code}, which is not in errors.reasons{effect}"


def _of_expect(expect: Selection, body: Any) -> Iterator[str]:
    found = "is false" if select(expect, body) is False else "found nothing"
    read = ", ".join(f"{place} is {what}" for place, what in places_read(expect, body).items())
    yield f"expect {found}: {read}" if read else f"expect {found}"
