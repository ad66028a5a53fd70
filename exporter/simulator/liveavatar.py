"""LiveAvatar: `GET /v1/users/credits`, with an API key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from exporter.simulator.examples import example, example_body
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
        """Return the body of a good response."""
        del now
        body: dict[str, Any] = example_body("liveavatar", "credits")
        body["data"]["credits_left"] = f"{self.left.left(elapsed):.2f}"
        return body


def _presented(headers: Mapping[str, str]) -> Presented | None:
    return Presented(key) if (key := headers.get("X-API-KEY")) else None


_NOT_AUTHENTICATED: Final = example("liveavatar", "not-authenticated")

VENDOR: Final = Vendor(
    name="liveavatar",
    path="/v1/users/credits",
    territory="/v1/users/",
    presented=_presented,
    headers=lambda _: _WINDOW,
    missing_key=_NOT_AUTHENTICATED,
    not_found=Answer(404, {"detail": "Not Found"}),
    refusals={
        Fault.BAD_KEY: example("liveavatar", "bad-key"),
        Fault.NO_PERMISSION: _NOT_AUTHENTICATED,  # keys have no permissions here, so there is no other refusal
        Fault.RATE_LIMITED: example("liveavatar", "rate-limited", **_WINDOW_SPENT),
        # An empty balance is no error at this path: it is a balance of zero.
        Fault.QUOTA_EXHAUSTED: example("liveavatar", "zero"),
        Fault.SERVER_ERROR: Answer(500, {"code": 5000, "data": None, "message": "The request failed on our side."}),  # the code is a guess
    },
)
