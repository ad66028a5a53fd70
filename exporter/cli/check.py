"""`check`: whether the configuration is right."""

from __future__ import annotations

import json
import os
from pathlib import Path

import click
from click.core import ParameterSource

from exporter.cli.options import config_option, load
from exporter.cli.web import described, load_web, web_config_option
from exporter.config.loading import json_schema


@click.command("check")
@config_option
@web_config_option
@click.option("--schema", is_flag=True, help="Print the JSON Schema of the configuration, for editors, and exit.")
def command(*, config_file: Path, web_config_file: Path | None, schema: bool) -> None:
    """Read the configuration, the definitions and the secrets that it names; tell all that is wrong. Asks no vendor.

    With --web.config.file only that file and its certificates are checked, unless --config.file is given too.

    Exit codes: 0 right, 2 wrong.
    """
    if schema:
        click.echo(json.dumps(json_schema(), indent=2))
        return
    if web_config_file:
        web_config = load_web(web_config_file)
        click.echo(f"{web_config_file} is valid: {described(web_config)}")
        for note in web_config.without_effect:
            click.echo(f"  {note}")
        if _is_default("config_file"):
            return
    config = load(config_file, os.environ).config
    providers = sorted({account.provider for account in config.accounts})
    click.echo(
        f"{config_file} is right: {len(config.accounts)} {'account' if len(config.accounts) == 1 else 'accounts'} at {', '.join(providers)}"
    )
    for account in config.accounts:
        if any(source.value is not None for source in account.credentials.values()):
            click.echo(
                f"  {account.provider}/{account.name}: its key stands in the file itself; use env or file in place of value", err=True
            )


def _is_default(parameter: str) -> bool:
    return click.get_current_context().get_parameter_source(parameter) is ParameterSource.DEFAULT
