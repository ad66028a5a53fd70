"""LiveAvatar: `GET /v1/users/credits`, with an API key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from exporter.simulator.examples import example, example_body
from exporter.simulator.faults import Fault
from exporter.simulator.usage import Balance
from exporter.simulator.vendor import FixedResponse, PresentedKey, Vendor

_WINDOW: Final = {"X-RateLimit-Limit": "10", "X-RateLimit-Remaining": "9", "X-RateLimit-Reset": "1"}
_WINDOW_SPENT: Final = {"X-RateLimit-Remaining": "0", "Retry-After": "1"}


@dataclass(frozen=True, slots=True)
class Credits:
    """A balance of credits."""

    left: Balance

    def __call__(self, elapsed: float, now: float) -> dict[str, Any]:
        """Return the body of a good response."""
        del now
        body: dict[str, Any] = example_body("liveavatar", "credits")
        body["data"]["credits_left"] = f"{self.left.left(elapsed):.2f}"
        return body


def _read_key(headers: Mapping[str, str]) -> PresentedKey | None:
    return PresentedKey(key) if (key := headers.get("X-API-KEY")) else None


_NOT_AUTHENTICATED: Final = example("liveavatar", "not-authenticated")

VENDOR: Final = Vendor(
    name="liveavatar",
    path="/v1/users/credits",
    path_prefix="/v1/users/",
    read_key=_read_key,
    headers=lambda _: _WINDOW,
    missing_key=_NOT_AUTHENTICATED,
    not_found=FixedResponse(404, {"detail": "Not Found"}),
    refusals={
        Fault.BAD_KEY: example("liveavatar", "bad-key"),
        Fault.NO_PERMISSION: _NOT_AUTHENTICATED,  # keys have no permissions here, so there is no other refusal
        Fault.RATE_LIMITED: example("liveavatar", "rate-limited", **_WINDOW_SPENT),
        # An empty balance is not an error at this path, but a balance of zero.
        Fault.QUOTA_EXHAUSTED: example("liveavatar", "zero"),
        Fault.SERVER_ERROR: FixedResponse(
            500, {"code": 5000, "data": None, "message": "The request failed on our side."}
        ),  # the code is a guess
    },
)
