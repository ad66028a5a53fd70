"""The accounts before they are validated: those in the main file and in `account_files`, each with its place and the folder of its file."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from exporter.config.context import NOT_REPLACED, ConfigContext, is_shell_path
from exporter.config.models import Account
from exporter.config.raw_account import RawAccount
from exporter.errors import ConfigError, Problem
from exporter.validation.block import Block
from exporter.validation.document import Document, load_document
from exporter.validation.problems import problems_of

_FOLDERS: Final = {"account_files": "accounts.d", "provider_files": "providers"}
"""An example of a folder for each key."""


class AccountFile(Block):
    """A file of `account_files`."""

    accounts: list[Any]
    """Accounts, as in the main file. Relative paths in them start at the folder of this file."""


def files_of(document: Document, key: str, problems: list[Problem]) -> list[Path]:
    """Return the files that the patterns of a key match."""
    folder = document.path.parent
    patterns = document.data.get(key) if isinstance(document.data, dict) else None
    found: list[Path] = []
    for index, pattern in enumerate(patterns if isinstance(patterns, list) else []):
        if isinstance(pattern, str):
            matches = matching_files(pattern, folder)
            if problem := _problem_of(pattern, matches, document.path, _FOLDERS[key]):
                problems.append(document.problem(f"{key}[{index}]", problem))
            else:
                found += matches
    return _distinct(found)


def _problem_of(pattern: str, matches: Sequence[Path], main: Path, folder: str) -> str | None:
    if "**" in pattern:
        return f"** is not supported: write one pattern for each folder, such as {folder}/*.yaml and {folder}/*/*.yaml"
    if not matches:
        return f"no file matches, relative to {main.parent.absolute()}{NOT_REPLACED if is_shell_path(pattern) else ''}"
    return (
        f"matches this file itself: write a pattern that does not, such as {folder}/*.yaml"
        if os.path.realpath(main) in map(os.path.realpath, matches)
        else None
    )


def matching_files(pattern: str, folder: Path) -> list[Path]:
    """Return the files that a pattern matches now, in alphabetical order, each once.

    Links stay links: relative paths in a file must be read from where its folder leads when they are read. Kubernetes and git-sync replace
    a folder by a link to another one, and delete the former.
    """
    names = sorted(glob.glob(pattern, root_dir=folder)) if pattern.isprintable() else []  # noqa: PTH207 -- takes absolute patterns too
    return _distinct((folder / name).absolute() for name in names)


def _distinct(paths: Iterable[Path]) -> list[Path]:
    """Return the first path of each file."""
    found: dict[str, Path] = {}
    for path in paths:
        found.setdefault(os.path.realpath(path), path)
    return list(found.values())


def raw_accounts(document: Document, problems: list[Problem]) -> list[RawAccount]:
    """Return the accounts of the main file and of `account_files`; an `accounts` that is not a list is reported elsewhere."""
    accounts = document.data.get("accounts") if isinstance(document.data, dict) else None
    found = _raw(document, accounts if isinstance(accounts, list) else [])
    for path in files_of(document, "account_files", problems):
        try:
            own = load_document(path)
        except ConfigError as error:
            problems += error.problems
            continue
        try:
            found += _raw(own, AccountFile.model_validate(own.data).accounts)
        except ValidationError as error:
            problems += (own.problem(*each) for each in problems_of(error, AccountFile))
    return found


def _raw(document: Document, accounts: list[Any]) -> list[RawAccount]:
    return [RawAccount(f"accounts[{index}]", document, each) for index, each in enumerate(accounts)]


def validated(accounts: Sequence[RawAccount], context: ConfigContext, problems: list[Problem]) -> Iterator[Account]:
    """Yield the valid accounts. The secret of an account that is not polled is not read."""
    for each in accounts:
        own = replace(context, folder=each.folder, check_secrets=context.check_secrets and each.is_enabled)
        try:
            yield Account.model_validate(each.data, context=own)
        except ValidationError as error:
            problems += (each.problem(each.place_of(place), message) for place, message in problems_of(error, Account))
