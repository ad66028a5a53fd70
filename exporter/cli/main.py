"""The command `ai-account-exporter` and its sub-commands."""

from __future__ import annotations

import errno
import importlib
import io
import sys
from contextlib import suppress
from typing import Final, NoReturn

import click

from exporter.cli.output import EXIT_FAILED, discard_unwritten, say

COMMANDS: Final = ("serve", "check", "once", "demo", "providers", "healthcheck")
_UNWRITABLE: Final = {errno.EPIPE, errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF}
"""What a write to standard output fails with when its reader is gone, its disk is full, or it is closed."""


class LazyGroup(click.Group):
    """Imports a sub-command when it is used, so `serve` does not load modules that only `once` or `demo` needs."""

    def list_commands(self, _context: click.Context) -> list[str]:
        """Name the sub-commands, the daemon first."""
        return list(COMMANDS)

    def get_command(self, _context: click.Context, name: str) -> click.Command | None:
        """Import one sub-command."""
        if name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"exporter.cli.{name}").command
        return command


@click.command(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120})
@click.version_option(package_name="ai-account-exporter", prog_name="ai-account-exporter")
def main() -> None:
    """Export balances, credits, usage and spending caps of accounts at AI vendors to Prometheus.

    \b
    First steps:
      ai-account-exporter demo         serve simulated vendors; needs no key, file or network
      ai-account-exporter providers    list the vendors and the permissions their keys need
      ai-account-exporter check        validate config.yaml
      ai-account-exporter once         poll every account once and print the result
      ai-account-exporter serve        run the daemon

    \b
    Exit codes: 0 stopped or successful, 1 failed, 2 invalid configuration or usage.
    """  # noqa: D301 -- click's own marks


def run() -> NoReturn:
    """Run the command line. Output that cannot be written ends in an exit code, never in a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # for a terminal that is not UTF-8
    try:
        code = _run()
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError as error:
        if error.errno not in _UNWRITABLE:
            raise
        say(f"cannot write the output: {error.strerror}", err=True)
        code = EXIT_FAILED
    discard_unwritten()
    raise SystemExit(code)


def _run() -> int:
    try:
        code = main(standalone_mode=False)
    except click.ClickException as error:
        with suppress(OSError):
            error.show()
        return error.exit_code
    except click.Abort:
        say("interrupted", err=True)
        return EXIT_FAILED
    except SystemExit as ending:
        code = ending.code
    return code if isinstance(code, int) else 0
