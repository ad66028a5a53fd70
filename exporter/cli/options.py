"""What several commands share: flags, and how a configuration is read."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from exporter.cli.output import EXIT_INVALID, counted, say
from exporter.config.loading import Loaded, load_config
from exporter.config.shard import MAX_SHARDS, Shard
from exporter.errors import ConfigError
from exporter.log import LEVELS

T = TypeVar("T")

_NO_CONFIG: Final = (
    "  name your file with --config.file, or write an example: ai-account-exporter examples config.example.yaml > config.yaml"
)


class LevelType(click.Choice[str]):
    """A log level by the name that exporters in Go use, in any letter case; Python's `warning` is accepted too."""

    def convert(self, value: Any, param: click.Parameter | None, context: click.Context | None) -> str:
        """Accept one of the levels."""
        name = str(value).lower()
        return super().convert("warn" if name == "warning" else name, param, context)


def config_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--config.file`."""
    return click.option(
        "--config.file",
        "config_file",
        type=click.Path(path_type=Path, dir_okay=False),
        default="config.yaml",
        show_default=True,
        help="The configuration: the accounts to poll and where their keys are.",
    )(function)


def log_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--log.level` and `--log.format`."""
    level = click.option(
        "--log.level", "log_level", type=LevelType(LEVELS), default="info", show_default=True,
        help="The lowest level that is logged; debug shows every poll.",
    )  # fmt: skip
    format_ = click.option(
        "--log.format", "log_format", type=click.Choice(("logfmt", "json")), default="logfmt", show_default=True,
        help="The format of the log lines.",
    )  # fmt: skip
    return level(format_(function))


def total_shards_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--total-shards`."""
    return click.option(
        "--total-shards",
        type=click.IntRange(1, MAX_SHARDS),
        default=1,
        show_default=True,
        help="How many exporters share the accounts of this configuration; each account is polled by one of them.",
    )(function)


def shard_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--shard`, `--total-shards` and `--shard-from-pod-name`."""
    ordinal = click.option("--shard", type=click.IntRange(min=0), help="The number of this shard, from 0.")
    pod = click.option(
        "--shard-from-pod-name",
        "pod",
        metavar="NAME",
        help="The name of a StatefulSet's pod that ends with the number of this shard, such as `exporter-2`.",
    )
    return total_shards_option(ordinal(pod(function)))


def read_shard(shard: int | None, pod: str | None, total_shards: int) -> Shard:
    """Combine the three flags.

    Raises:
        click.UsageError: they contradict each other.
    """
    if pod is not None:
        found = re.search(r"-([0-9]{1,4})$", pod, re.ASCII)
        if shard is not None or not found:
            raise click.UsageError("--shard-from-pod-name expects a name that ends with a number, such as exporter-2, and excludes --shard")
        shard = int(found[1])
    if shard is None and total_shards > 1:
        raise click.UsageError(f"--total-shards is {total_shards}, so --shard or --shard-from-pod-name is required")
    if (shard or 0) >= total_shards:
        raise click.UsageError(f"shard {shard} does not exist: --total-shards is {total_shards}, and shards are counted from 0")
    return Shard(shard or 0, total_shards)


def print_problems(file: Path | str, error: ConfigError, result: str = "cannot be used;") -> None:
    """Print the problems of a file, or of several, one a line."""
    say(f"{file} {result} {counted(len(error.problems), 'problem')}:", err=True)
    for problem in error.problems:
        say(f"  {problem}", err=True)


def print_config_problems(file: Path, error: ConfigError, result: str = "cannot be used;") -> None:
    """Print the problems of a configuration. Where there is no such file, print also how to get one."""
    print_problems(file, error, result)
    if not os.path.lexists(file):
        say(_NO_CONFIG, err=True)


def load(config_file: Path, *shards: Shard) -> Loaded:
    """Read the configuration and the definitions, or print all problems and exit with 2."""
    return read_or_exit(
        config_file,
        lambda: load_config(config_file, os.environ, pipes=True, check_secrets=False, shards=shards),
        print_config_problems,
    )


def read_or_exit(file: Path, read: Callable[[], T], report: Callable[[Path, ConfigError], None] = print_problems) -> T:
    """Return what is read, or print all problems of the file and exit with 2."""
    try:
        return read()
    except ConfigError as error:
        report(file, error)
        raise SystemExit(EXIT_INVALID) from None
