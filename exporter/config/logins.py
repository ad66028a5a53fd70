"""OAuth logins that would replace the refresh token of another login."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from threading import Thread
from typing import Final, NamedTuple

from pydantic import ValidationError

from exporter.config.context import ConfigContext
from exporter.config.credentials import Login
from exporter.config.raw_account import RawAccount
from exporter.errors import Problem
from exporter.validation.fields import dotted

_LINK_TIMEOUT: Final = 1.0
"""Seconds."""


class _Use(NamedTuple):
    """The login of one account."""

    account: RawAccount
    credential: str
    token_url: str
    login: Login


def login_problems(accounts: Sequence[RawAccount], context: ConfigContext) -> Iterator[Problem]:
    """Find the logins that use one file without being the same login: the vendor would accept the token of one of them at most.

    Accounts that are not polled and other invalid parts are skipped.
    """
    first: dict[str, _Use] = {}
    uses = list(_uses(accounts, context))
    files = _real_paths({use.login.refresh_token_file for use in uses})
    for use in uses:
        earlier = first.setdefault(files[use.login.refresh_token_file], use)
        if conflict := _conflict(use, earlier):
            place = use.account.place_of(dotted(["credentials", use.credential, "oauth2", "refresh_token_file"]))
            name = f' ("{earlier.account.shown_name}")' if earlier.account.shown_name else ""
            other = f"{earlier.account.shown_beside(use.account)}{name}"
            yield use.account.problem(place, f"{other} uses the same file {conflict}")


def _uses(accounts: Sequence[RawAccount], context: ConfigContext) -> Iterator[_Use]:
    for account in accounts:
        definition, sources = context.library.definitions.get(account.provider), account.get("credentials")
        if not (definition and account.is_enabled and isinstance(sources, dict)):
            continue
        for name, source in sources.items():
            credential = definition.credentials.get(name)
            if credential and credential.token_url and isinstance(source, dict):
                with suppress(ValidationError):  # reported with the account
                    login = Login.model_validate(source.get("oauth2"), context=replace(context, folder=account.folder))
                    yield _Use(account, name, credential.token_url, login)


def _real_paths(paths: Collection[Path]) -> Mapping[Path, str]:
    """Follow links, for a second at most: a file system that is down must not delay the start. A path without an answer is kept."""
    found = {path: str(path) for path in paths}

    def follow() -> None:
        found.update((path, os.path.realpath(path)) for path in paths)

    if len(found) > 1:
        thread = Thread(target=follow, daemon=True)
        thread.start()
        thread.join(_LINK_TIMEOUT)
    return found


def _conflict(use: _Use, earlier: _Use) -> str | None:
    """Describe how two logins with one file differ, and the remedy; None if they are the same login, whose tokens are shared."""
    effect = "and each renewal would invalidate the refresh token of the other"
    if use.token_url != earlier.token_url:
        return f"at another vendor, {effect}: use one file for each login"
    if use.login.client_id != earlier.login.client_id:
        return f"with another client_id, {effect}: use one file for each login, or the same client_id"
    if use.login != earlier.login:
        return f"by another path, {effect}: write the same path"
    return None
