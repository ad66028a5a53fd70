"""What several commands share: flags, exit codes, and the way a configuration is refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from exporter.config.loading import Loaded, load_config
from exporter.errors import ConfigError
from exporter.log import LEVELS

EXIT_FAILED: Final = 1
EXIT_INVALID: Final = 2

T = TypeVar("T")


def config_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--config.file`."""
    return click.option(
        "--config.file",
        "config_file",
        type=click.Path(path_type=Path, dir_okay=False),
        default="config.yaml",
        show_default=True,
        help="The configuration: which accounts to poll, and where their keys are.",
    )(function)


def log_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--log.level` and `--log.format`."""
    level = click.option(
        "--log.level", "log_level", type=click.Choice(LEVELS), default="info", show_default=True,
        help="The least level that is logged; debug shows every poll.",
    )  # fmt: skip
    format_ = click.option(
        "--log.format", "log_format", type=click.Choice(("logfmt", "json")), default="logfmt", show_default=True,
        help="How a log line is written.",
    )  # fmt: skip
    return level(format_(function))


def load(config_file: Path, environ: Mapping[str, str]) -> Loaded:
    """Read the configuration and the definitions, or tell all that is wrong and exit with 2."""
    return or_exit(config_file, lambda: load_config(config_file, environ, pipes=True))


def or_exit(file: Path, read: Callable[[], T]) -> T:
    """Return what is read, or tell all that is wrong with the file and exit with 2."""
    try:
        return read()
    except ConfigError as error:
        count = len(error.problems)
        click.echo(f"{file} cannot be used; {count} {'problem' if count == 1 else 'problems'}:", err=True)
        for problem in error.problems:
            click.echo(f"  {problem}", err=True)
        raise SystemExit(EXIT_INVALID) from None
