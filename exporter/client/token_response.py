"""The responses of an OAuth2 token endpoint (RFC 6749, section 5)."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final, Self

from pydantic import SecretStr

from exporter.client.transport import Response
from exporter.errors import CredentialError, PollError
from exporter.model import Reason
from exporter.providers.response import by_status

DEFAULT_LIFETIME: Final = 3600.0
"""Seconds, where the response has no lifetime."""
_SHORTEST_LIFETIME: Final = 30.0
"""Seconds: a wrong lifetime must not make every poll a refresh."""
_TOKEN: Final = re.compile(r"[!-~]+")
_CODES: Final = frozenset(
    {"invalid_request", "invalid_client", "invalid_grant", "unauthorized_client", "unsupported_grant_type", "invalid_scope"}
)
"""RFC 6749, section 5.2: the only text of the vendor that a message may repeat."""


@dataclass(frozen=True, slots=True)
class TokenResponse:
    """An access token, its lifetime in seconds, and the refresh token for next time if it is a new one."""

    access: SecretStr
    refresh: SecretStr | None
    lifetime: float

    @classmethod
    def parse(cls, response: Response) -> Self:
        """Accept a response completely or not at all.

        Raises:
            CredentialError: the refresh token was refused.
            PollError: the status is another error, the body cannot be read, or a token is missing or cannot be one.
        """
        if response.status in {HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED}:
            raise _refused(response.status, response.body())
        if not response.is_success:
            raise PollError(by_status(response.status), f"token endpoint: HTTP {response.status}")
        try:
            content = response.body()
        except PollError as error:
            raise PollError(error.reason, f"token endpoint: {error}") from None
        body = decoded(content)
        kind, refresh = body.get("token_type"), body.get("refresh_token")
        if kind is not None and not (isinstance(kind, str) and kind.lower() == "bearer"):
            raise _unusable("has a token of another type than bearer")
        return cls(
            access=_token(body, "access_token"),
            refresh=None if refresh is None or refresh == "" else _token(body, "refresh_token"),
            lifetime=_lifetime(body.get("expires_in")),
        )


def _refused(status: int, content: bytes) -> CredentialError:
    """Return the error for an operator who must log in again."""
    try:
        code = decoded(content).get("error")
    except PollError:
        code = None
    shown = f"HTTP {status}, {code}" if isinstance(code, str) and code in _CODES else f"HTTP {status}"
    return CredentialError(f"the refresh token was refused ({shown}): log in again and replace the file that `refresh_token_file` names")


def decoded(content: bytes) -> dict[str, Any]:
    """Decode a JSON object.

    Raises:
        PollError: the content is not a JSON object.
    """
    try:
        body = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise _unusable("is not JSON") from None
    if not isinstance(body, dict):
        raise _unusable("is not a JSON object")
    return body


def _unusable(what: str) -> PollError:
    return PollError(Reason.INVALID_RESPONSE, f"token endpoint: the response {what}")


def _token(body: dict[str, Any], name: str) -> SecretStr:
    token = body.get(name)
    if not isinstance(token, str) or not _TOKEN.fullmatch(token):
        raise _unusable(f"has no usable {name}")
    return SecretStr(token)


def _lifetime(value: Any) -> float:
    """Return a number, quoted or not. Anything else counts as missing: a token must not be lost because of it."""
    try:
        lifetime = float(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else math.nan
    except (ValueError, OverflowError):
        lifetime = math.nan
    return max(lifetime, _SHORTEST_LIFETIME) if math.isfinite(lifetime) else DEFAULT_LIFETIME
