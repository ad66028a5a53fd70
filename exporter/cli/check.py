"""`check`: validates the configuration."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

import click
from click.core import ParameterSource

from exporter.cli.options import config_option, print_problems, total_shards_option
from exporter.cli.output import EXIT_INVALID, counted, say
from exporter.cli.web import described, load_web, web_config_option
from exporter.config.loading import Loaded, json_schema, load_config
from exporter.config.models import Config
from exporter.config.shard import Shard
from exporter.config.warnings import warnings_of
from exporter.errors import ConfigError
from exporter.providers.definition import Definition
from exporter.providers.library import load_definition, load_definitions
from exporter.validation.files import is_file

_VALID_EXCEPT: Final = "is valid except for its secrets: `serve` starts, and an account whose secret cannot be used cannot be polled;"


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
    if web_config_file:
        _check_web(web_config_file)
    if provider_files:
        _check_definitions(provider_files)
    if (web_config_file or provider_files) and _is_default("config_file"):
        return
    _check_config(config_file, [Shard(ordinal, total_shards) for ordinal in range(total_shards)])


def _check_config(file: Path, shards: Sequence[Shard]) -> None:
    loaded = _load(file, shards)
    accounts = loaded.config.accounts
    providers = sorted({account.provider for account in accounts})
    say(f"{file} is valid: {counted(len(accounts), 'account')} at {', '.join(providers)}")
    for warning in warnings_of(loaded):
        say(f"  {warning}", err=True)


def _load(file: Path, shards: Sequence[Shard]) -> Loaded:
    """Read the configuration, or print all problems and exit with 2. Where only secrets are missing, `serve` starts: report that."""
    try:
        return load_config(file, os.environ, pipes=True, check_secrets=True, shards=shards)
    except ConfigError as error:
        print_problems(file, error, _VALID_EXCEPT if is_file(file) and _is_valid_without_secrets(file, shards) else "cannot be used;")
        raise SystemExit(EXIT_INVALID) from None


def _is_valid_without_secrets(file: Path, shards: Sequence[Shard]) -> bool:
    with suppress(ConfigError):
        return bool(load_config(file, os.environ, check_secrets=False, shards=shards))
    return False


def _check_web(file: Path) -> None:
    web_config = load_web(file)
    say(f"{file} is valid: {described(web_config)}")
    for note in web_config.without_effect:
        say(f"  {note}")


def _check_definitions(files: Sequence[Path]) -> None:
    """Print what is wrong in definitions and exit with 2, or print what they are."""
    try:
        load_definitions(files)
    except ConfigError as error:
        positions = [problem.position for problem in error.problems]
        invalid = [f"{file}" for file in files if any(f"{position}:".startswith(f"{file}:") for position in positions)]
        print_problems(", ".join(invalid), error)
        raise SystemExit(EXIT_INVALID) from None
    for file in files:
        definition = load_definition(file)
        resources = ", ".join(dict.fromkeys(quota.resource for quota in definition.quotas)) or "no resource"
        say(f"{file} is valid: {definition.title} ({definition.name}), {counted(len(definition.requests), 'request')}, {resources}")


def _is_default(parameter: str) -> bool:
    return click.get_current_context().get_parameter_source(parameter) is ParameterSource.DEFAULT
