"""Whether an answer is a success, and if not, why: judged by the body's own error code first, by the HTTP status second."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from exporter.errors import PollError
from exporter.model import Reason
from exporter.providers.definition import Definition, Request
from exporter.providers.selection import Selection
from exporter.providers.values import Mismatch, decode_json, to_text

_BY_STATUS = {
    HTTPStatus.UNAUTHORIZED: Reason.UNAUTHORIZED,
    HTTPStatus.PAYMENT_REQUIRED: Reason.QUOTA_EXHAUSTED,
    HTTPStatus.FORBIDDEN: Reason.FORBIDDEN,
    HTTPStatus.TOO_MANY_REQUESTS: Reason.RATE_LIMITED,
}


def accept(definition: Definition, request: Request, status: int, content: bytes) -> Any:
    """Return the decoded body of a good answer.

    Raises:
        PollError: the vendor said no, or said something that the definition does not expect.
    """
    if 300 <= status < 400:
        raise PollError(Reason.INVALID_RESPONSE, f"HTTP {status}: the redirect was refused, since a key must not follow one")
    good = 200 <= status < 300
    try:
        body = decode_json(content)
    except ValueError:
        if good:
            raise PollError(Reason.INVALID_RESPONSE, f"HTTP {status}, but the body is not JSON") from None
        body = None
    codes = _codes(definition, body)
    for code in codes:
        if code in definition.errors.reasons:
            raise _fault(definition, definition.errors.reasons[code], f"HTTP {status} with the error code {code}")
    if not good:
        raise _fault(definition, by_status(status), f"HTTP {status}")
    if codes:
        raise PollError(Reason.INVALID_RESPONSE, f"HTTP {status} with an error code that the definition does not know")
    if not _holds(request.expect, body):
        raise PollError(Reason.INVALID_RESPONSE, f"HTTP {status}, but the body lacks what every good answer has: {request.expect}")
    return body


def by_status(status: int) -> Reason:
    """What an HTTP status alone says (RFC 9110, section 15)."""
    if status in _BY_STATUS:
        return _BY_STATUS[HTTPStatus(status)]
    if status >= 500:
        return Reason.SERVER_ERROR
    return Reason.CLIENT_ERROR if status >= 400 else Reason.INVALID_RESPONSE


def _codes(definition: Definition, body: Any) -> list[str]:
    """The error codes of a body, the most telling first; those of a success left out."""
    found = []
    for selection in definition.errors.code:
        try:
            value = selection.of(body)
            code = to_text(value)
        except Mismatch:
            code = "?"  # a code of a kind that no definition can list is still a code
        if code is not None and code not in definition.errors.success:
            found.append(code)
    return found


def _holds(expect: Selection, body: Any) -> bool:
    """Whether the expression selects something; 0 is something, as in JMESPath itself."""
    try:
        found = expect.of(body)
    except Mismatch:
        return False
    return found is not None and found is not False and found not in ("", [], {})


def _fault(definition: Definition, reason: Reason, what: str) -> PollError:
    if reason is Reason.FORBIDDEN and definition.permission:
        return PollError(reason, f"{what}: the key needs the permission {definition.permission}")
    return PollError(reason, what)
