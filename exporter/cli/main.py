"""The command `ai-account-exporter`, which finds its sub-commands."""

from __future__ import annotations

import importlib
from typing import Final

import click

COMMANDS: Final = ("serve", "check", "once", "demo", "providers", "healthcheck")


class LazyGroup(click.Group):
    """Imports a sub-command when it is used, so that `serve` does not load what only `once` or `demo` needs."""

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
    """Tell Prometheus what is left on AI vendors' accounts: balances, credits, characters, spending caps.

    \b
    First steps:
      ai-account-exporter demo         vendors played on this machine; needs no key, no file, no network
      ai-account-exporter providers    which vendors there are, and what their keys must be allowed to do
      ai-account-exporter check        whether config.yaml is right
      ai-account-exporter once         ask every vendor once, and print what it said
      ai-account-exporter serve        the daemon

    \b
    Exit codes: 0 stopped or all well, 1 failed, 2 invalid configuration or usage.
    """  # noqa: D301 -- click's own marks
