"""The flags that share accounts out among several exporters."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import click

from exporter.accounts.shard import MAX_SHARDS, Shard


def shard_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--shard`, `--total-shards` and `--shard-from-pod-name`."""
    ordinal = click.option("--shard", type=click.IntRange(min=0), help="Which of the shards this one is, from 0 on.")
    pod = click.option(
        "--shard-from-pod-name",
        "pod",
        metavar="NAME",
        help="The same, from the name of a StatefulSet's pod: it ends with the number, as in `exporter-2`.",
    )
    total = click.option(
        "--total-shards",
        type=click.IntRange(1, MAX_SHARDS),
        default=1,
        show_default=True,
        help="How many exporters read this configuration; each account is polled by one of them.",
    )
    return total(ordinal(pod(function)))


def read_shard(shard: int | None, pod: str | None, total_shards: int) -> Shard:
    """What the three flags say together.

    Raises:
        click.UsageError: they contradict each other.
    """
    if pod is not None:
        found = re.search(r"-([0-9]{1,4})$", pod, re.ASCII)
        if shard is not None or not found:
            raise click.UsageError(
                "--shard-from-pod-name needs a name that ends with a number, such as exporter-2, and no --shard beside it"
            )
        shard = int(found[1])
    if shard is None and total_shards > 1:
        raise click.UsageError(f"which of the {total_shards} shards is this one? Give --shard or --shard-from-pod-name")
    if (shard or 0) >= total_shards:
        raise click.UsageError(f"there is no shard {shard} of {total_shards}: shards are counted from 0, and --total-shards says how many")
    return Shard(shard or 0, total_shards)
