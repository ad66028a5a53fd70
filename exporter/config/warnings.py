"""What is valid in a configuration, and that an operator should know nevertheless."""

from __future__ import annotations

from collections.abc import Iterator

from exporter.config.loading import Loaded
from exporter.validation.duration import format_duration


def warnings_of(loaded: Loaded) -> Iterator[str]:
    """Yield warnings about accounts, and about definitions that nobody has tried."""
    defaults = loaded.config.defaults
    for account in loaded.config.accounts:
        least = loaded.definitions[account.provider].min_interval
        interval = account.interval or defaults.interval
        shortest = min(interval, account.min_interval or defaults.min_interval or interval)
        if least is not None and shortest < least and account.enabled:
            name = f"{account.provider}/{account.name}"
            yield f"{name}: the interval of {format_duration(shortest)} is shorter than the {format_duration(least)} that the vendor allows"
    for provider in sorted({account.provider for account in loaded.config.accounts if account.enabled}):
        verified = loaded.definitions[provider].verified
        if verified and verified.level != "tried":
            source = "the vendor's own text" if verified.level == "documented" else "public code only"
            yield (
                f"{provider}: the definition is from {source} ({verified.on}), and nobody has tried it: "
                "compare the output of `once` with the vendor's dashboard"
            )
