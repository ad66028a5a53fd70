"""LiveAvatar: `GET /v1/users/credits`, with an API key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from exporter.simulator.faults import Fault
from exporter.simulator.flow import Stock
from exporter.simulator.vendor import Answer, Presented, Vendor

_WINDOW: Final = {"X-RateLimit-Limit": "10", "X-RateLimit-Remaining": "9", "X-RateLimit-Reset": "1"}
_WINDOW_SPENT: Final = {"X-RateLimit-Remaining": "0", "Retry-After": "1"}


@dataclass(frozen=True, slots=True)
class Credits:
    """A balance of credits."""

    left: Stock

    def __call__(self, elapsed: float, now: float) -> dict[str, Any]:
        """The success body."""
        del now
        return _envelope(1000, {"credits_left": f"{self.left.left(elapsed):.2f}"}, "ok")


def _envelope(code: int, data: Any, message: str) -> dict[str, Any]:
    return {"code": code, "data": data, "message": message}


def _error(status: int, code: int, message: str, headers: Mapping[str, str] | None = None) -> Answer:
    return Answer(status, _envelope(code, None, message), headers or {})


def _presented(headers: Mapping[str, str]) -> Presented | None:
    return Presented(key) if (key := headers.get("X-API-KEY")) else None


_NOT_AUTHENTICATED: Final = _error(403, 4003, "This request carries no usable key.")

VENDOR: Final = Vendor(
    name="liveavatar",
    path="/v1/users/credits",
    territory="/v1/users/",
    presented=_presented,
    headers=lambda _: _WINDOW,
    missing_key=_NOT_AUTHENTICATED,
    not_found=Answer(404, {"detail": "Not Found"}),
    refusals={
        Fault.BAD_KEY: _error(401, 4010, "This key is not valid."),
        Fault.NO_PERMISSION: _NOT_AUTHENTICATED,  # keys have no permissions here, so there is no other refusal
        Fault.RATE_LIMITED: _error(
            429, 4290, "Too many requests in a short time.", _WINDOW_SPENT
        ),  # the code is a guess, the headers are not
        # An empty balance is no error at this path: it is a balance of zero.
        Fault.QUOTA_EXHAUSTED: Answer(200, _envelope(1000, {"credits_left": "0.00"}, "ok")),
        Fault.SERVER_ERROR: _error(500, 5000, "The request failed on our side."),  # the code is a guess
    },
)
