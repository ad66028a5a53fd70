"""The accounts as they are written: in the main file and in `account_files`, each with its place and the folder of its file."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from exporter.config.context import ConfigContext
from exporter.config.models import Account
from exporter.config.written_account import Written
from exporter.errors import ConfigError, Problem
from exporter.validation.block import Block
from exporter.validation.document import read_document
from exporter.validation.problems import problems_of


class AccountFile(Block):
    """A file of `account_files`."""

    accounts: list[Any]
    """Accounts, as in the main file. Relative paths in them start at the folder of this file."""


def files_of(data: Any, key: str, folder: Path, problems: list[Problem]) -> list[Path]:
    """Return the files that the patterns of a key match."""
    patterns = data.get(key) if isinstance(data, dict) else None
    found: dict[Path, None] = {}
    for index, pattern in enumerate(patterns if isinstance(patterns, list) else []):
        if isinstance(pattern, str):
            matches = matching_files(pattern, folder)
            if not matches:
                problems.append(Problem(f"{key}[{index}]", f"no file matches, relative to {folder}"))
            found |= dict.fromkeys(matches)
    return list(found)


def matching_files(pattern: str, folder: Path) -> list[Path]:
    """Return the files that a pattern matches now, in alphabetical order."""
    names = sorted(glob.glob(pattern, root_dir=folder)) if pattern.isprintable() else []  # noqa: PTH207 -- takes absolute patterns too
    return [Path(os.path.realpath(folder / name)) for name in names]


def written_accounts(data: Any, folder: Path, problems: list[Problem]) -> list[Written]:
    """Return the accounts of the main file and of `account_files`; what is no list in the main file is reported elsewhere."""
    accounts = data.get("accounts") if isinstance(data, dict) else None
    found = [Written(f"accounts[{index}]", folder, each) for index, each in enumerate(accounts if isinstance(accounts, list) else [])]
    for path in files_of(data, "account_files", folder, problems):
        try:
            read = AccountFile.model_validate(read_document(path)).accounts
        except ConfigError as error:
            problems += error.problems
        except ValidationError as error:
            problems += (Problem(f"{path}: {place}" if place else str(path), text) for place, text in problems_of(error, AccountFile))
        else:
            found += (Written(f"{path}: accounts[{index}]", path.parent, each) for index, each in enumerate(read))
    return found


def validated(written: Sequence[Written], context: ConfigContext, problems: list[Problem]) -> Iterator[Account]:
    """Yield the valid accounts. The secret of an account that is not polled is not read."""
    for each in written:
        own = replace(context, folder=each.folder, check_secrets=context.check_secrets and each.is_enabled)
        try:
            yield Account.model_validate(each.data, context=own)
        except ValidationError as error:
            problems += (Problem(_joined(each.place, place), message) for place, message in problems_of(error, Account))


def _joined(place: str, inner: str) -> str:
    return f"{place}.{inner}" if inner else place
