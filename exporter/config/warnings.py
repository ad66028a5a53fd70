"""What is valid in a configuration, and that an operator should know nevertheless."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Hashable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from exporter.config.budgets import budgets_of
from exporter.config.credentials import Source, shown_file
from exporter.config.loading import Loaded
from exporter.config.models import Account, Defaults
from exporter.config.settings import base_url_of
from exporter.config.threshold_settings import thresholds_of
from exporter.model import EVERY, Seconds
from exporter.providers.definition import Definition
from exporter.providers.library import read_definitions
from exporter.validation.duration import format_duration
from exporter.validation.fields import listed

LOOK_BACK: Final = Seconds(3600.0)
"""How far the alert rules look back at failed polls. If polls are rarer, alerts on failures end between two polls."""

_CURRENCY: Final = re.compile(r"(?i)\bcurrency(?:_?code)?$")
_SQLITE: Final = b"SQLite format 3\0"
_CODE: Final = re.compile(r"[a-z]{3}")
_NO_STATE: Final = ", so the exporter would run without state"


def _can_write(path: Path) -> bool:
    return os.access(path, os.W_OK)


def warnings_of(loaded: Loaded, can_write: Callable[[Path], bool] = _can_write) -> Iterator[str]:
    """Yield warnings about accounts, the state file, files of keys, keys in the configuration, and definitions that nobody has tried."""
    config = loaded.config
    for account in config.accounts:
        if account.enabled:
            texts = _of_account(account, config.defaults, loaded.definitions[account.provider])
            yield from (f"{account.provider}/{account.name}: {text}" for text in texts)
    if config.state and (text := _of_state(config.state.path, can_write)):
        yield f"state.path: {text}"
    yield from _of_equal_accounts(loaded)
    yield from _of_secret_files(loaded)
    for account in loaded.inline_secrets:
        yield f"{account.provider}/{account.name}: the key is in the configuration file; use env or file instead of value"
    yield from _of_definitions(loaded)


def _of_account(account: Account, defaults: Defaults, definition: Definition) -> Iterator[str]:
    yield from _of_intervals(account, defaults, definition.min_interval)
    yield from _of_credential(account, definition)
    yield from _of_thresholds(account, defaults, definition)
    yield from _of_units(account, definition)


def _of_intervals(account: Account, defaults: Defaults, least: Seconds | None) -> Iterator[str]:
    interval = account.interval or defaults.interval
    shortest = min(interval, account.min_interval or defaults.min_interval or interval)
    if least is not None and shortest < least:
        yield f"the interval of {format_duration(shortest)} is shorter than the {format_duration(least)} that the vendor allows"
    if account.min_interval is not None and account.min_interval >= interval:
        yield f"the min_interval of {format_duration(account.min_interval)} is not shorter than the interval, so it has no effect"
    stale_after, slowest = account.stale_after or defaults.stale_after, Seconds(interval + (account.timeout or defaults.timeout))
    if stale_after is not None and stale_after < slowest:
        yield (
            f"the stale_after of {format_duration(stale_after)} is shorter than interval and timeout together ({format_duration(slowest)}), "
            "so values disappear while a slow poll lasts"
        )
    for name, longest in {"interval": interval, "max_backoff": account.max_backoff or defaults.max_backoff}.items():
        if longest > LOOK_BACK:
            yield (
                f"the {name} of {format_duration(longest)} is longer than the {format_duration(LOOK_BACK)} for which the alert rules look back, "
                "so alerts on failed polls end between two polls"
            )


def _of_credential(account: Account, definition: Definition) -> Iterator[str]:
    """Find thresholds and budgets of resources that only requests with another credential read."""
    [credential] = account.credentials
    reads = {name: {quota.resource for each in definition.requests_with(name) for quota in each.quotas} for name in definition.credentials}
    for key, block in (("thresholds", account.thresholds), ("budgets", account.budgets)):
        for resource in (resource for resource in block if resource not in {EVERY, *reads[credential]}):
            others = listed([name for name, resources in reads.items() if resource in resources], "or")
            yield f"{key}.{resource} has no effect: {account.provider} reports this resource with {others}, not with {credential}"


def _of_thresholds(account: Account, defaults: Defaults, definition: Definition) -> Iterator[str]:
    """Find shares of limits that no response to the requests of this account contains, and amounts that may be meant as shares."""
    requests = definition.requests_with(next(iter(account.credentials)))
    quotas = [quota for request in requests for quota in request.quotas]
    with_limit = {quota.resource for quota in quotas if "limit" in quota.amounts}
    without_limit = {quota.resource for quota in quotas} - with_limit
    for each in thresholds_of(defaults.thresholds, account.thresholds):
        name = f"thresholds.{each.resource}.{each.severity}"
        if each.amount is not None and 0 < each.amount < 1 and each.resource in with_limit:
            yield f"{name} is an amount of {each.amount}, not a share: a share has a %, such as 20%"
        elif each.share is not None and each.resource in without_limit:
            yield (
                f"{name} is a share, and {account.provider} reports no limit of this resource, so the threshold has no effect: use an amount"
            )


def _of_units(account: Account, definition: Definition) -> Iterator[str]:
    """Find budgets in a unit that is not a currency code, of resources whose unit is the currency that the vendor sends."""
    units = {(quota.resource, quota.unit.name or quota.unit.empty) for quota in definition.quotas}
    others = {quota.resource for quota in definition.quotas if quota.unit.select and not _CURRENCY.search(str(quota.unit.select))}
    known = {quota.resource for quota in definition.quotas if quota.unit.select} - others
    for resource, unit in budgets_of({}, account.budgets):
        if resource in known and (resource, unit) not in units and not _CODE.fullmatch(unit):
            yield f"budgets.{resource}.{unit}: {account.provider} reports this resource in a currency, so expected its code, such as usd"


def _of_equal_accounts(loaded: Loaded) -> Iterator[str]:
    """Find accounts whose polls send the same requests with the same secret as those of another account."""
    first: dict[Hashable, Account] = {}
    for account in loaded.config.accounts:
        base_url = base_url_of(account, loaded.definitions[account.provider])
        same = (account.provider, *account.credentials.items(), base_url, frozenset(account.params.items()))
        if account.enabled and (earlier := first.setdefault(same, account)) is not account:
            yield (
                f"{account.provider}/{account.name}: reads the same amounts with the same key as {earlier.name}, "
                "so they are exported twice: remove one of the two accounts"
            )


def _of_state(path: Path, can_write: Callable[[Path], bool]) -> str | None:
    """Return why the current user cannot write the state file. Its path is not shown: it may be a misplaced secret."""
    try:
        if not path.parent.is_dir():
            return f"the folder does not exist{_NO_STATE}: create it, or change the path"
        if path.exists() and not path.is_file():
            return f"is not a regular file{_NO_STATE}: change the path"
        if path.is_file() and _is_other(path):
            return f"is another file, which is not overwritten{_NO_STATE}: move it away, or change the path"
        if not can_write(path.parent) or (path.exists() and not can_write(path)):
            return f"this user cannot write the file or its folder{_NO_STATE}: change the permissions, or change the path"
    except OSError as error:  # such as a name that is too long, or a folder that this user cannot search
        return f"cannot be used ({error.strerror}){_NO_STATE}: fix that, or change the path"
    return None


def _is_other(path: Path) -> bool:
    """Whether a file has content and is no SQLite database. One that cannot be read is reported otherwise."""
    with suppress(OSError), path.open("rb") as file:
        return file.read(len(_SQLITE)) not in (b"", _SQLITE)
    return False


def _of_secret_files(loaded: Loaded) -> Iterator[str]:
    """Find files of secrets that every user of the machine can read."""
    folder = loaded.path.parent if loaded.path else None
    sources: list[tuple[str, Source]] = [
        (f"{account.provider}/{account.name}", source)
        for account in loaded.config.accounts
        if account.enabled
        for source in account.credentials.values()
    ]
    if push := loaded.config.push:
        sources += [(f"push.otlp.headers.{name}", source) for name, source in push.otlp.headers.items()]
    for place, source in sources:
        if source.path and _is_readable_by_all(source.path):
            yield f"{place}: every user of this machine can read {shown_file(source.path, folder)} of the secret: use `chmod o-r`"


def _is_readable_by_all(path: Path) -> bool:
    """Whether everybody can read a file of the current user.

    As ssh does, this ignores files of other users, such as secrets that Kubernetes and Docker mount. In containers that run as root they are
    below /run.
    """
    with suppress(OSError):
        found = path.resolve(strict=True)
        is_own = found.stat().st_uid == os.geteuid() and not found.is_relative_to("/run")
        return is_own and bool(found.stat().st_mode & 0o004) and all(parent.stat().st_mode & 0o001 for parent in found.parents)
    return False


def _of_definitions(loaded: Loaded) -> Iterator[str]:
    """Find replaced definitions. Name the vendors whose definition nobody has tried, in one line, because there are many."""
    providers = {account.provider for account in loaded.config.accounts if account.enabled}
    built_in = read_definitions().definitions
    for name in sorted(providers):
        if name in built_in and loaded.definitions[name] is not built_in[name]:
            yield f"{name}: your definition replaces the built-in one: remove it when a release contains what you need"
    levels = {name: verified.level for name in providers if (verified := loaded.definitions[name].verified)}
    untried = [f"{name} (from public code only)" if level == "seen" else name for name, level in levels.items() if level != "tried"]
    if untried:
        yield f"{listed(untried)}: nobody has tried the definition: compare the output of `once` with the vendor's dashboard"
