"""Whether a response is a success, and if not, why: by the body's own error code first, by the HTTP status second."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Any, Final

from pydantic import SecretStr

from exporter.errors import Cause, PollError
from exporter.model import Reason
from exporter.providers.definition import Definition
from exporter.providers.echo import Echo
from exporter.providers.request_fields import Request
from exporter.providers.selection import Selection
from exporter.providers.values import Mismatch, decode_json, to_code

_BY_STATUS = {
    HTTPStatus.UNAUTHORIZED: Reason.UNAUTHORIZED,
    HTTPStatus.PAYMENT_REQUIRED: Reason.QUOTA_EXHAUSTED,
    HTTPStatus.FORBIDDEN: Reason.FORBIDDEN,
    HTTPStatus.TOO_MANY_REQUESTS: Reason.RATE_LIMITED,
}
MAX_BODY_BYTES: Final = 1_048_576
"""Counted before and after decompression."""
_UNUSABLE_CODE = "?"
_CODE = re.compile(r"[0-9]{1,6}|(?=.{1,64}$)[A-Za-z]{1,24}[0-9]{0,4}(?:[_.:-][A-Za-z]{1,24}[0-9]{0,4})*")
"""What may be shown of a vendor's text: words and short numbers, such as `payment_issue` or `4003`. Keys and sentences do not match."""


def accept(definition: Definition, request: Request, status: int, content: bytes, secret: SecretStr | None = None) -> Any:
    """Return the decoded body of a successful response. `secret` is what authenticated the request: no message repeats it.

    Raises:
        PollError: the vendor refused the request, or the body is not what the definition expects.
    """
    return check(definition, request, status, decode(status, content), secret)


def decode(status: int, content: bytes) -> Any:
    """Return the decoded body of a response.

    Raises:
        PollError: it is a redirect, too large, or not JSON.
    """
    if 300 <= status < 400:
        raise PollError(Reason.INVALID_RESPONSE, f"HTTP {status}: redirects are not followed, to protect the key")
    if len(content) > MAX_BODY_BYTES:
        raise PollError(Reason.INVALID_RESPONSE, f"the body of the response is larger than {MAX_BODY_BYTES} bytes")
    try:
        return decode_json(content)
    except ValueError as error:
        if not _is_success(status):
            raise _not_json(status, content) from None
        why = str(error) if type(error) is ValueError else "it is not JSON"
        raise PollError(Reason.INVALID_RESPONSE, f"HTTP {status}, but the body cannot be read: {why}") from None


def check(definition: Definition, request: Request, status: int, body: Any, secret: SecretStr | None = None) -> Any:
    """Return the decoded body of a successful response, or None where its status means that there is nothing. `secret` is as for `accept`.

    Raises:
        PollError: the vendor refused the request, or the body is not what the definition expects.
    """
    codes = _codes(definition, body, Echo(secret))
    for code in codes:
        if code in definition.errors.reasons:
            raise _known(definition, status, code)
    if status == request.absent:
        return None
    shown = next((f" with the error code {code}" for code in codes if _CODE.fullmatch(code)), " with an error code" if codes else "")
    if not _is_success(status):
        raise PollError(by_status(status), f"HTTP {status}{shown}", cause=Cause.OTHER_CODE if codes else None)
    if codes:
        raise PollError(Reason.INVALID_RESPONSE, f"HTTP {status}{shown} that the definition does not contain")
    if not _holds(request.expect, body):
        raise PollError(Reason.INVALID_RESPONSE, f"HTTP {status}, but the body is not as expected: {request.expect}")
    return body


def _is_success(status: int) -> bool:
    return 200 <= status < 300


def by_status(status: int) -> Reason:
    """Return the meaning of an HTTP status alone (RFC 9110, section 15)."""
    if status in _BY_STATUS:
        return _BY_STATUS[HTTPStatus(status)]
    if status >= 500:
        return Reason.SERVER_ERROR
    return Reason.CLIENT_ERROR if status >= 400 else Reason.INVALID_RESPONSE


def _codes(definition: Definition, body: Any, echo: Echo) -> list[str]:
    """Return the error codes of a body, in the definition's order. Codes of a success are left out."""
    found = []
    for selection in definition.errors.code:
        try:
            code = to_code(selection.of(body), echo)
        except Mismatch:
            code = _UNUSABLE_CODE  # a code of a kind that no definition can list, or one that contains the key, is still a code
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


def _known(definition: Definition, status: int, code: str) -> PollError:
    reason, message = definition.errors.reasons[code], f"HTTP {status} with the error code {code}"
    if code in definition.errors.missing_permission:
        needed = f": the key needs the permission {definition.permission}" if definition.permission else ""
        return PollError(reason, f"{message}{needed}", cause=Cause.PERMISSION)
    return PollError(reason, message, cause=Cause.KEY if reason is Reason.UNAUTHORIZED else Cause.OTHER_CODE)


def _not_json(status: int, content: bytes) -> PollError:
    """Return an error that may not come from the vendor: gateways, firewalls and portals respond with their own pages."""
    start = content[:65_536].lower()
    kind = "without a body" if not content.strip() else "with an HTML page" if b"<html" in start else "with a body that is not JSON"
    by = " of Cloudflare" if b"cloudflare" in start else ""
    return PollError(by_status(status), f"HTTP {status} {kind}{by}", cause=Cause.NOT_JSON)
