"""Loading a configuration file: a frozen `Config`, or all problems at once."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ValidationError

from exporter.config.account_files import files_of, matching_files, raw_accounts, validated
from exporter.config.budgets import budget_problems
from exporter.config.context import ConfigContext
from exporter.config.logins import login_problems
from exporter.config.models import Account, Config, Defaults
from exporter.config.raw_account import RawAccount
from exporter.config.request_budgets import exceeded_budgets
from exporter.config.resources import Resources
from exporter.config.shard import WHOLE, Shard
from exporter.config.threshold_settings import threshold_problems
from exporter.errors import ConfigError, Problem
from exporter.providers.definition import Definition
from exporter.providers.library import read_definitions
from exporter.validation.document import Document, load_document
from exporter.validation.duration import format_duration, parse_duration
from exporter.validation.problems import FieldProblem, problems_of

NO_ACCOUNTS: Final = ("accounts", "expected one or more")


@dataclass(frozen=True, slots=True)
class Loaded:
    """A valid configuration and the provider definitions."""

    config: Config
    definitions: Mapping[str, Definition]
    path: Path | None = None
    """The main file."""

    @property
    def files(self) -> tuple[Path, ...]:
        """The files that the configuration consists of now, except those of secrets. A pattern may match other files than it did."""
        if self.path is None:
            return ()
        patterns = (*self.config.account_files, *self.config.provider_files)
        return (self.path, *dict.fromkeys(file for pattern in patterns for file in matching_files(pattern, self.path.parent)))

    @property
    def inline_secrets(self) -> list[Account]:
        """The accounts whose key is in the configuration: everyone can read it who can read that file, or its history."""
        return [each for each in self.config.accounts if any(source.value is not None for source in each.credentials.values())]


def load_config(
    path: Path, environ: Mapping[str, str], *, pipes: bool = False, check_secrets: bool = True, shards: Collection[Shard] = (WHOLE,)
) -> Loaded:
    """Read the file and the other files that it names. `pipes` accepts a file that can be read only once, as at start-up.

    Without `check_secrets` no secret is read: a missing one then costs its account only. Request budgets must suffice for the `shards`.

    Raises:
        ConfigError: with every problem of the files, of the definitions, and of the secrets that are checked.
    """
    document = load_document(path, pipes=pipes)
    problems, in_files = list[Problem](), list[Problem]()
    library = read_definitions(files_of(document, "provider_files", problems))
    problems += library.problems
    context = ConfigContext(environ, path.parent, library, check_secrets)
    raw = raw_accounts(document, in_files)
    problems += in_files
    data_of_all = _with_accounts(document.data, list(validated(raw, context, problems)))
    config = None
    try:
        config = Config.model_validate(data_of_all, context=context)
    except ValidationError as error:
        found = _without_repetition(problems_of(error, Config), is_explained=bool(raw or in_files))
    else:
        found = exceeded_budgets(config, library.definitions, shards)
    problems += (document.problem(*each) for each in found)
    problems += _across(document, raw, context)
    if config is None or problems:
        raise ConfigError(sorted(set(problems), key=_in_order))
    return Loaded(config, library.definitions, path)


def _in_order(problem: Problem) -> list[tuple[int, str]]:
    """Sort by place, with `[2]` before `[10]`."""
    return [(int(part), "") if part.isascii() and part.isdigit() else (0, part) for part in re.split(r"([0-9]+)", str(problem))]


def _with_accounts(data: Any, accounts: list[Account]) -> Any:
    """Return the document with the valid accounts of all files; as it is where its own are not a list."""
    if not isinstance(data, dict) or not isinstance(data.get("accounts", [] if "account_files" in data else None), list):
        return data
    return {**data, "accounts": accounts}


def _without_repetition(problems: Iterable[FieldProblem], *, is_explained: bool) -> Iterator[FieldProblem]:
    """Leave out that there are no accounts where other problems explain it."""
    found = list(problems)
    is_explained = is_explained or any(place == "account_files" for place, _ in found)
    return (each for each in found if each != NO_ACCOUNTS or not is_explained)


def _across(document: Document, accounts: Sequence[RawAccount], context: ConfigContext) -> Iterator[Problem]:
    """Find the problems that involve several blocks."""
    defaults = document.data.get("defaults", {}) if isinstance(document.data, dict) else {}
    resources = Resources(context.library)
    yield from _between_accounts(accounts, defaults)
    yield from login_problems(accounts, context)
    yield from threshold_problems(document, defaults, accounts, resources)
    yield from budget_problems(document, defaults, accounts, resources)


def _between_accounts(accounts: Iterable[RawAccount], defaults: Any) -> Iterator[Problem]:
    """Find the problems that involve several accounts or the defaults; other invalid parts are skipped."""
    first: dict[tuple[str, str], RawAccount] = {}
    for account in accounts:
        if not isinstance(account.data, dict):
            continue
        provider, name = account.get("provider"), account.get("name")
        if isinstance(provider, str) and isinstance(name, str):
            earlier = first.setdefault((provider, name), account)
            if earlier is not account:
                yield account.problem(
                    account.place_of("name"), f"{earlier.shown_beside(account)} has the same provider and name: choose another name"
                )
        yield from _early_staleness(account, defaults)


def _early_staleness(account: RawAccount, defaults: Any) -> Iterator[Problem]:
    """Find accounts whose values would disappear between two successful polls."""
    both = ("interval", "stale_after")
    sources = (defaults if isinstance(defaults, dict) else {}, account.data)
    try:
        merged = {name: parse_duration(source[name]) for source in sources for name in both if source.get(name) is not None}
    except ValueError:
        return  # already reported
    interval = merged.get("interval", Defaults.model_fields["interval"].default)
    stale_after = merged.get("stale_after", interval)
    if stale_after < interval:
        shown = f"stale_after ({format_duration(stale_after)}) is shorter than interval ({format_duration(interval)})"
        yield account.problem(account.place, f"{shown}, so values would disappear between polls: increase stale_after")


def json_schema(model: type[BaseModel] = Config) -> dict[str, Any]:
    """Describe the file for editors, as JSON Schema."""
    schema = model.model_json_schema() | {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    if model is Config:  # one of two keys is required
        schema["anyOf"] = [{"required": [key]} for key in (*schema.pop("required"), "account_files")]
    return schema
