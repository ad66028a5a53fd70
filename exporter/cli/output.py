"""Exit codes, and messages that never fail."""

from __future__ import annotations

import os
import sys
from typing import Final

import click

EXIT_FAILED: Final = 1
EXIT_INVALID: Final = 2


def counted(count: int, noun: str) -> str:
    """Write `1 problem` or `2 problems`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def say(text: str, *, err: bool = False) -> None:
    """Print a message. A failure to write it is ignored."""
    try:
        click.echo(text, err=err)
    except OSError:
        discard_unwritten()


def discard_unwritten() -> None:
    """Drop output that cannot be written; the interpreter would try again at its end and replace the exit code."""
    for stream, descriptor in ((sys.stdout, 1), (sys.stderr, 2)):
        try:
            if stream is not None:
                stream.flush()
        except OSError:
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, descriptor)
            os.close(null)
