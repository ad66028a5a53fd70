"""Loading a configuration file: a frozen `Config`, or all problems at once."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import BaseModel, ValidationError

from exporter.config.context import ConfigContext
from exporter.config.credentials import SecretSource
from exporter.config.levels import Levels, threshold_problems
from exporter.config.models import Account, Config, Defaults
from exporter.errors import ConfigError, Problem
from exporter.providers.definition import Definition
from exporter.providers.library import read_definitions
from exporter.validation.document import read_document
from exporter.validation.duration import format_duration, parse_duration
from exporter.validation.problems import problems_of


class Loaded(NamedTuple):
    """A valid configuration and the provider definitions."""

    config: Config
    definitions: Mapping[str, Definition]
    files: tuple[Path, ...] = ()
    """The files that were read, except those of secrets."""


def load_config(path: Path, environ: Mapping[str, str], *, pipes: bool = False, check_secrets: bool = True) -> Loaded:
    """Read the file and the provider definitions that it names. `pipes` accepts a file that can be read only once, as at start-up.

    Without `check_secrets` no secret is read: one that is missing then costs the polls of its account only.

    Raises:
        ConfigError: with every problem of the file, of the definitions, and of the secrets that are checked.
    """
    data = read_document(path, pipes=pipes)
    problems: list[Problem] = []
    files = dict.fromkeys(_provider_files(data, path.parent, problems))
    library = read_definitions(files)
    problems += library.problems
    config = None
    try:
        config = Config.model_validate(data, context=ConfigContext(environ, path.parent, library, check_secrets))
    except ValidationError as error:
        problems += problems_of(error, _keys_of)
    problems += _between_accounts(data)
    resources = {name: [quota.resource for quota in each.quotas] for name, each in library.definitions.items()}
    problems += threshold_problems(data, resources, is_complete=not library.broken)
    if config is None or problems:
        raise ConfigError(sorted(set(problems), key=_in_order))
    return Loaded(config, library.definitions, (path, *files))


def _keys_of(block: Sequence[int | str]) -> Iterable[str]:
    match block:
        case ():
            return Config.model_fields
        case ("defaults",):
            return Defaults.model_fields
        case ("accounts", int()):
            return Account.model_fields
        case (*_, "credentials", str()):
            return SecretSource.model_fields
        case ("defaults", "thresholds", str()) | ("accounts", int(), "thresholds", str()):
            return Levels.model_fields
        case _:
            return ()


def _in_order(problem: Problem) -> list[tuple[int, str]]:
    """Sort by place, with `[2]` before `[10]`."""
    return [(int(part), "") if part.isascii() and part.isdigit() else (0, part) for part in re.split(r"([0-9]+)", str(problem))]


def _provider_files(data: Any, folder: Path, problems: list[Problem]) -> Iterator[Path]:
    patterns = data.get("provider_files") if isinstance(data, dict) else None
    for index, pattern in enumerate(patterns if isinstance(patterns, list) else []):
        if isinstance(pattern, str):
            found = sorted(glob.glob(pattern, root_dir=folder)) if pattern.isprintable() else []  # noqa: PTH207 -- takes absolute patterns too
            if not found:
                problems.append(Problem(f"provider_files[{index}]", f"no file matches, relative to {folder}"))
            yield from (Path(os.path.realpath(folder / name)) for name in found)


def _between_accounts(data: Any) -> Iterator[Problem]:
    """Find the problems that involve several accounts or the defaults; other invalid parts are skipped."""
    accounts = data.get("accounts") if isinstance(data, dict) else None
    first: dict[tuple[str, str], int] = {}
    for index, account in enumerate(accounts if isinstance(accounts, list) else []):
        if not isinstance(account, dict):
            continue
        provider, name = account.get("provider"), account.get("name")
        if isinstance(provider, str) and isinstance(name, str):
            earlier = first.setdefault((provider, name), index)
            if earlier != index:
                yield Problem(f"accounts[{index}].name", f"accounts[{earlier}] already has this provider and name")
        yield from _early_staleness(index, account, data.get("defaults", {}))


def _early_staleness(index: int, account: Mapping[str, Any], defaults: Any) -> Iterator[Problem]:
    """Find accounts whose values would disappear between two successful polls."""
    both = ("interval", "stale_after")
    sources = (defaults if isinstance(defaults, dict) else {}, account)
    try:
        merged = {name: parse_duration(source[name]) for source in sources for name in both if source.get(name) is not None}
    except ValueError:
        return  # already reported
    interval = merged.get("interval", Defaults.model_fields["interval"].default)
    stale_after = merged.get("stale_after", interval)
    if stale_after < interval:
        shown = f"stale_after ({format_duration(stale_after)}) is shorter than interval ({format_duration(interval)})"
        message = f"{shown}: values would disappear between polls"
        yield Problem(f"accounts[{index}]", message)


def json_schema(model: type[BaseModel] = Config) -> dict[str, Any]:
    """Describe the file for editors, as JSON Schema."""
    return model.model_json_schema() | {"$schema": "https://json-schema.org/draft/2020-12/schema"}
