"""What is valid in a configuration, and that an operator should know nevertheless."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from exporter.config.loading import Loaded
from exporter.config.models import Account, Defaults
from exporter.model import Seconds
from exporter.validation.duration import format_duration

LOOK_BACK: Final = Seconds(3600.0)
"""How far the alert rules look back at failed polls. If polls are rarer, alerts on failures end between two polls."""


def _can_write(path: Path) -> bool:
    return os.access(path, os.W_OK)


def warnings_of(loaded: Loaded, can_write: Callable[[Path], bool] = _can_write) -> Iterator[str]:
    """Yield warnings about accounts, about the state file, and about definitions that nobody has tried."""
    config = loaded.config
    for account in config.accounts:
        if account.enabled:
            least = loaded.definitions[account.provider].min_interval
            yield from (f"{account.provider}/{account.name}: {text}" for text in _of_account(account, config.defaults, least))
    if config.state:
        yield from (f"state.path: {text}, so the exporter would run without state" for text in _of_state(config.state.path, can_write))
    yield from _of_definitions(loaded)


def _of_account(account: Account, defaults: Defaults, least: Seconds | None) -> Iterator[str]:
    interval = account.interval or defaults.interval
    shortest = min(interval, account.min_interval or defaults.min_interval or interval)
    if least is not None and shortest < least:
        yield f"the interval of {format_duration(shortest)} is shorter than the {format_duration(least)} that the vendor allows"
    for name, longest in {"interval": interval, "max_backoff": account.max_backoff or defaults.max_backoff}.items():
        if longest > LOOK_BACK:
            yield (
                f"the {name} of {format_duration(longest)} is longer than the {format_duration(LOOK_BACK)} for which the alert rules look back, "
                "so alerts on failed polls end between two polls"
            )


def _of_state(path: Path, can_write: Callable[[Path], bool]) -> Iterator[str]:
    """Find why the current user cannot write the state file. Its path is not shown: it may be a misplaced secret."""
    if not path.parent.is_dir():
        yield "the folder does not exist: create it, or change the path"
    elif path.exists() and not path.is_file():
        yield "is not a regular file: change the path"
    elif not can_write(path.parent) or (path.exists() and not can_write(path)):
        yield "this user cannot write the file or its folder: change the permissions, or change the path"


def _of_definitions(loaded: Loaded) -> Iterator[str]:
    for provider in sorted({account.provider for account in loaded.config.accounts if account.enabled}):
        verified = loaded.definitions[provider].verified
        if verified and verified.level != "tried":
            source = "the vendor's own text" if verified.level == "documented" else "public code only"
            yield (
                f"{provider}: the definition is from {source} ({verified.on}), and nobody has tried it: "
                "compare the output of `once` with the vendor's dashboard"
            )
