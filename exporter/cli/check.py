"""`check`: validates the configuration."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

import click
from click.core import ParameterSource

from exporter.cli.options import config_option, print_config_problems, print_problems, total_shards_option
from exporter.cli.output import EXIT_INVALID, counted, say
from exporter.cli.web import described, web_config_option
from exporter.config.loading import Loaded, json_schema, load_config
from exporter.config.models import Config
from exporter.config.shard import Shard
from exporter.config.warnings import warnings_of
from exporter.errors import ConfigError
from exporter.providers.definition import Definition
from exporter.providers.library import load_definition, load_definitions
from exporter.validation.files import is_file

_VALID_EXCEPT: Final = "is valid except for its secrets: `serve` starts, and polls the other accounts;"


@click.command("check")
@config_option
@web_config_option
@click.option("--schema", is_flag=True, help="Print the JSON Schema of the configuration, for editors, and exit.")
@click.option("--provider-schema", is_flag=True, help="Print the JSON Schema of provider definitions, for editors, and exit.")
@click.option(
    "--provider-file",
    "provider_files",
    type=click.Path(path_type=Path),
    multiple=True,
    help="Validate a definition of your own, without a configuration; can be repeated.",
)
@total_shards_option
def command(
    *,
    config_file: Path,
    web_config_file: Path | None,
    provider_files: tuple[Path, ...],
    schema: bool,
    provider_schema: bool,
    total_shards: int,
) -> None:
    """Validate the configuration and print all problems.

    Reads the provider definitions and the secrets too, and sends no request.

    With --web.config.file or --provider-file only these files are checked, unless --config.file is given too.

    Exit codes: 0 valid, 2 invalid, or a secret cannot be used.
    """
    if schema and provider_schema:
        raise click.UsageError("expected --schema or --provider-schema, not both")
    if schema or provider_schema:
        click.echo(json.dumps(json_schema(Config if schema else Definition), indent=2))
        return
    results = [*_check_named(web_config_file, provider_files)]
    if not results or not _is_default("config_file"):
        results.append(_check_config(config_file, [Shard(ordinal, total_shards) for ordinal in range(total_shards)]))
    if not all(results):
        raise SystemExit(EXIT_INVALID)


def _check_named(web_config_file: Path | None, provider_files: Sequence[Path]) -> Iterator[bool]:
    """Check the files besides the configuration; yields for each kind whether it is valid."""
    if web_config_file:
        yield _is_valid([web_config_file], lambda: _check_web(web_config_file))
    if provider_files:
        yield _is_valid(provider_files, lambda: _check_definitions(provider_files))


def _is_valid(files: Sequence[Path], check: Callable[[], None]) -> bool:
    """Run a check, and print the problems that it finds with the files that have them; returns whether there are none."""
    try:
        check()
    except ConfigError as error:
        positions = [f"{problem.position}:" for problem in error.problems]
        invalid = [file for file in files if any(position.startswith(f"{file}:") for position in positions)]
        print_problems(", ".join(map(str, invalid or files)), error)
        return False
    return True


def _check_config(file: Path, shards: Sequence[Shard]) -> bool:
    """Print the problems and the warnings of the configuration; returns whether there are no problems."""
    try:
        loaded = load_config(file, os.environ, pipes=True, check_secrets=True, shards=shards)
    except ConfigError as error:
        _print_invalid(file, error, shards)
        return False
    accounts = loaded.config.accounts
    providers = sorted({account.provider for account in accounts})
    say(f"{file} is valid: {counted(len(accounts), 'account')} at {', '.join(providers)}")
    _print_warnings(loaded)
    return True


def _print_invalid(file: Path, error: ConfigError, shards: Sequence[Shard]) -> None:
    """Print the problems. Where only secrets are missing, `serve` starts: report that, and the warnings too."""
    loaded = _without_secrets(file, shards) if is_file(file) else None
    print_config_problems(file, error, _VALID_EXCEPT if loaded else "cannot be used;")
    if loaded:
        _print_warnings(loaded, "Warnings:")


def _print_warnings(loaded: Loaded, title: str = "") -> None:
    warnings = [f"  {warning}" for warning in warnings_of(loaded)]
    for line in (title, *warnings) if title and warnings else warnings:
        say(line, err=True)


def _without_secrets(file: Path, shards: Sequence[Shard]) -> Loaded | None:
    with suppress(ConfigError):
        return load_config(file, os.environ, check_secrets=False, shards=shards)
    return None


def _check_web(file: Path) -> None:
    from exporter.web.web_config.loader import load_web_config

    web_config = load_web_config(file)
    say(f"{file} is valid: {described(web_config)}")
    for note in web_config.without_effect:
        say(f"  {note}")


def _check_definitions(files: Sequence[Path]) -> None:
    """Print what the definitions are; raises ConfigError if one is invalid."""
    load_definitions(files)
    for file in files:
        definition = load_definition(file)
        resources = ", ".join(dict.fromkeys(quota.resource for quota in definition.quotas)) or "no resource"
        say(f"{file} is valid: {definition.title} ({definition.name}), {counted(len(definition.requests), 'request')}, {resources}")


def _is_default(parameter: str) -> bool:
    return click.get_current_context().get_parameter_source(parameter) is ParameterSource.DEFAULT
