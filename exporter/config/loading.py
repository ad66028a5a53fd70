"""From a file to a frozen `Config`, or to all that is wrong with it at once."""

from __future__ import annotations

import difflib
import glob
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from exporter.config.document import read_document
from exporter.config.duration import format_duration
from exporter.config.models import Account, Config, Context, ProviderFacts, Timing
from exporter.credentials import SecretSource
from exporter.errors import ConfigError, Problem

Facts = TypeVar("Facts", bound=ProviderFacts)
LoadProviders = Callable[[Iterable[Path]], Mapping[str, Facts]]

_KEYS = sorted({name for model in (Config, Account, Timing, SecretSource) for name in model.model_fields})


def load_config(path: Path, load_providers: LoadProviders[Facts], environ: Mapping[str, str]) -> tuple[Config, Mapping[str, Facts]]:
    """Read the file and the provider definitions that it names.

    Raises:
        ConfigError: with every problem of the file, of the definitions, and of the secrets that it points to.
    """
    data = read_document(path)
    problems: list[Problem] = []
    files = list(_provider_files(data, path.parent, problems))
    try:
        providers = load_providers(files)
    except ConfigError as error:
        problems += error.problems
        providers = load_providers(())
    config = None
    try:
        config = Config.model_validate(data, context=Context(environ=environ, folder=path.parent, providers=providers))
    except ValidationError as error:
        problems += problems_of(error, _KEYS)
    problems += _between_accounts(data)
    if config is None or problems:
        raise ConfigError(sorted(set(problems)))
    return config, providers


def problems_of(error: ValidationError, keys: Iterable[str] = ()) -> Iterator[Problem]:
    """Turn pydantic's findings into problems with dotted paths, without the values that were found: one may be a secret."""
    for found in error.errors(include_url=False, include_context=False, include_input=False):
        *parents, last = found["loc"] or ("",)
        match found["type"]:
            case "extra_forbidden":
                close = difflib.get_close_matches(str(last), keys, n=1)
                yield Problem(dotted((*parents, last)), "unknown key" + (f"; did you mean {close[0]!r}?" if close else ""))
            case "missing":
                yield Problem(dotted((*parents, last)), "is required")
            case "value_error":
                yield Problem(dotted((*parents, last)), found["msg"].removeprefix("Value error, "))
            case "model_type" | "model_attributes_type" | "dict_type":
                yield Problem(dotted((*parents, last)), "expected a block of `key: value` lines")
            case _:
                message = found["msg"].removeprefix("Input should ")
                yield Problem(dotted((*parents, last)), f"should {message}" if message != found["msg"] else message)


def dotted(location: Iterable[int | str]) -> str:
    """Write a place in a file: `accounts[2].interval`."""
    text = ""
    for part in location:
        text += f"[{part}]" if isinstance(part, int) else f".{part}"
    return text.removeprefix(".")


def _provider_files(data: Any, folder: Path, problems: list[Problem]) -> Iterator[Path]:
    patterns = data.get("provider_files") if isinstance(data, dict) else None
    for index, pattern in enumerate(patterns if isinstance(patterns, list) else []):
        found = sorted(glob.glob(pattern, root_dir=folder)) if isinstance(pattern, str) else [""]  # noqa: PTH207 -- takes absolute patterns too
        if not found:
            problems.append(Problem(f"provider_files[{index}]", f"no file matches {pattern!r} (relative to {folder})"))
        yield from (folder / name for name in found if name)


def _between_accounts(data: Any) -> Iterator[Problem]:
    """What only shows when accounts are seen beside each other or beside the defaults; looks past what else is wrong."""
    accounts = data.get("accounts") if isinstance(data, dict) else None
    first: dict[tuple[str, str], int] = {}
    for index, account in enumerate(accounts if isinstance(accounts, list) else []):
        if not isinstance(account, dict):
            continue
        provider, name = account.get("provider"), account.get("name")
        if isinstance(provider, str) and isinstance(name, str):
            earlier = first.setdefault((provider, name), index)
            if earlier != index:
                yield Problem(f"accounts[{index}].name", f"accounts[{earlier}] of {provider} has this name already")
        yield from _hasty_staleness(index, account, data.get("defaults", {}))


def _hasty_staleness(index: int, account: Mapping[str, Any], defaults: Any) -> Iterator[Problem]:
    """Numbers that would vanish between two good polls."""
    names = Timing.model_fields.keys()
    try:
        timing = Timing.model_validate(dict(defaults) | {name: account[name] for name in names & account.keys()})
    except (ValidationError, TypeError, ValueError):
        return  # reported already, under its own place
    if timing.stale_after is not None and timing.stale_after < timing.interval:
        stale_after, interval = format_duration(timing.stale_after), format_duration(timing.interval)
        yield Problem(
            f"accounts[{index}]", f"stale_after ({stale_after}) is shorter than interval ({interval}): numbers would vanish between polls"
        )


def json_schema(model: type[BaseModel] = Config) -> dict[str, Any]:
    """Describe the file for editors, as JSON Schema."""
    return model.model_json_schema() | {"$schema": "https://json-schema.org/draft/2020-12/schema"}
