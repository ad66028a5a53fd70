"""The credits of a LiveAvatar account."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from exporter.simulator.examples import example_body
from exporter.simulator.usage import Balance


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
