"""What an OAuth2 token endpoint answers (RFC 6749, section 5), and how its refusals read."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from typing import Any, Final, Self

from pydantic import SecretStr

from exporter.errors import CredentialError, PollError
from exporter.model import Reason

SHORTEST_LIFE: Final = 30.0
"""No token is taken to live shorter, so that a wrong figure does not make every poll a refresh."""
USUAL_LIFE: Final = 3600.0
"""What is assumed where the vendor does not tell."""
_TOKEN: Final = re.compile(r"[!-~]+")
_CODES: Final = frozenset(
    {"invalid_request", "invalid_client", "invalid_grant", "unauthorized_client", "unsupported_grant_type", "invalid_scope"}
)
"""RFC 6749, section 5.2: the only words of the vendor's that a message may repeat."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An access token, how long it lives, and the refresh token for next time if it is a new one."""

    access: SecretStr
    refresh: SecretStr | None
    lifetime: float

    @classmethod
    def of(cls, body: dict[str, Any]) -> Self:
        """Accept a good answer as a whole or not at all.

        Raises:
            PollError: a token is missing, of the wrong kind, or cannot be one.
        """
        kind, refresh = body.get("token_type"), body.get("refresh_token")
        if kind is not None and not (isinstance(kind, str) and kind.lower() == "bearer"):
            raise unusable("holds a token of a kind other than bearer")
        return cls(
            access=_token(body, "access_token"),
            refresh=None if refresh is None or refresh == "" else _token(body, "refresh_token"),
            lifetime=_lifetime(body.get("expires_in")),
        )


def by_status(status: int) -> Reason:
    """What the status of a failure means, other than 400 and 401."""
    if status == 429:
        return Reason.RATE_LIMITED
    if status < 400:
        return Reason.INVALID_RESPONSE  # a redirect, which a token must not follow
    return Reason.SERVER_ERROR if status >= 500 else Reason.CLIENT_ERROR


def refused(status: int, content: bytes | None) -> CredentialError:
    """The error for an operator who must log in again."""
    try:
        code = decoded(content or b"").get("error")
    except PollError:
        code = None
    shown = f"HTTP {status}, {code}" if isinstance(code, str) and code in _CODES else f"HTTP {status}"
    return CredentialError(f"the refresh token was refused ({shown}): log in again and replace the file that `refresh_token_file` names")


def unusable(what: str) -> PollError:
    """The error for an answer that is whole and makes no sense."""
    return PollError(Reason.INVALID_RESPONSE, f"the token endpoint's answer {what}")


def decoded(content: bytes) -> dict[str, Any]:
    """Decode a JSON object.

    Raises:
        PollError: it is none.
    """
    try:
        body = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise unusable("is not JSON") from None
    if not isinstance(body, dict):
        raise unusable("is not a JSON object")
    return body


def _token(body: dict[str, Any], name: str) -> SecretStr:
    token = body.get(name)
    if not isinstance(token, str) or not _TOKEN.fullmatch(token):
        raise unusable(f"has no usable {name}")
    return SecretStr(token)


def _lifetime(value: Any) -> float:
    """Take a number, quoted or not. What is none counts as missing: a token must not be lost over it."""
    try:
        life = float(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else math.nan
    except (ValueError, OverflowError):
        life = math.nan
    return max(life, SHORTEST_LIFE) if math.isfinite(life) else USUAL_LIFE
