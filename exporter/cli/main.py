"""The command `ai-account-exporter` and its sub-commands."""

from __future__ import annotations

import errno
import io
import sys
from contextlib import suppress
from typing import Final, NoReturn

import click

from exporter.cli.lazy import LazyCommand, LazyGroup
from exporter.cli.output import EXIT_FAILED, discard_unwritten, say
from exporter.daemon.version import build

COMMANDS: Final = {
    "serve": "Poll every account on its interval and serve the metrics.",
    "check": "Validate the configuration and print all problems.",
    "once": "Poll every account once and print the result.",
    "demo": "Serve simulated vendors; needs no key, file or network.",
    "providers": "List the vendors, or describe the one called NAME.",
    "examples": "List the example files, print one, or write them to a folder.",
    "healthcheck": "Check whether the exporter on this machine is healthy.",
}
_MODULES: Final = {"examples": "example_files"}
"""Modules that are not named like their command, because another module has this name."""
_UNWRITABLE: Final = {errno.EPIPE, errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF}
"""What a write to standard output fails with when its reader is gone, its disk is full, or it is closed."""


def _print_version(context: click.Context, _param: click.Parameter, wanted: bool) -> None:  # noqa: FBT001 -- click's signature
    if wanted and not context.resilient_parsing:
        version, revision = build()
        click.echo(
            f"ai-account-exporter, version {version} (revision: {revision or 'unknown'})\n  python version:   {sys.version.split()[0]}"
        )
        context.exit()


@click.command(
    cls=LazyGroup,
    commands=[LazyCommand(name, f"exporter.cli.{_MODULES.get(name, name)}:command", short_help) for name, short_help in COMMANDS.items()],
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120},
)
@click.option(
    "--version", is_flag=True, expose_value=False, is_eager=True, callback=_print_version,
    help="Show the versions of the exporter and of Python, and exit.",
)  # fmt: skip
def main() -> None:
    """Export balances, credits, usage and spending caps of accounts at AI vendors to Prometheus.

    \b
    First steps:
      ai-account-exporter demo         try it with simulated vendors
      ai-account-exporter providers    list the vendors and what their keys need
      ai-account-exporter examples     list example configurations and rules
      ai-account-exporter check        validate config.yaml
      ai-account-exporter once         poll every account once, print the result
      ai-account-exporter serve        run the daemon

    \b
    Exit codes: 0 stopped or done, 1 failed, 2 invalid configuration or usage.
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
