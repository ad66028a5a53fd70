"""`providers`: lists the vendors, describes one, and tries a definition on a recorded response."""

from __future__ import annotations

import time
from pathlib import Path

import click
from click.shell_completion import CompletionItem

from exporter.cli.describe import describe, level_of
from exporter.cli.lazy import LazyCommand, LazyGroup
from exporter.cli.options import read_or_exit
from exporter.cli.output import EXIT_INVALID, say
from exporter.providers.definition import CATEGORIES, LEVELS, Definition
from exporter.providers.library import BUILT_IN, SEEN, load_definition, packaged_definitions
from exporter.validation.files import is_file
from exporter.validation.problems import did_you_mean


class _Providers(LazyGroup):
    """Takes anything but a command for the name or the file of a definition."""

    def resolve_command(self, context: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that is called, and its arguments."""
        return super().resolve_command(context, args if args[0] in self.commands else ["describe", *args])

    def shell_complete(self, context: click.Context, incomplete: str) -> list[CompletionItem]:
        """Complete the commands, and the names of the vendors."""
        return [*super().shell_complete(context, incomplete), *complete_name(context, None, incomplete)]


def complete_name(_context: click.Context, _param: click.Parameter | None, incomplete: str) -> list[CompletionItem]:
    """Complete the name of a vendor."""
    return [CompletionItem(name) for name in packaged_definitions() if name.startswith(incomplete)]


@click.command("describe", hidden=True)
@click.argument("definition")
@click.option("--yaml", "as_yaml", is_flag=True, help="Print the definition itself, to copy it into a file.")
def _describe(definition: str, *, as_yaml: bool) -> None:
    """Describe the vendor of that name, or the definition in that file."""
    if as_yaml:
        find_definition(definition)
        file = next((path for folder in (BUILT_IN, SEEN) if is_file(path := folder / f"{definition}.yaml")), Path(definition))
        click.echo(file.read_text(encoding="utf-8"), nl=False)
        return
    click.echo(describe(find_definition(definition), time.time()))


@click.command(
    cls=_Providers,
    commands=[
        LazyCommand("test", "exporter.cli.trial:command", "Try a definition on a recorded response, without key and network."),
        _describe,
    ],
    invoke_without_command=True,
    subcommand_metavar="[NAME|FILE [--yaml]] | test NAME|FILE --answer FILE",
)
@click.pass_context
def command(context: click.Context) -> None:
    """List the vendors, or describe the one called NAME.

    FILE describes a definition of your own. --yaml prints the definition itself, to copy it into a file.
    """
    if context.invoked_subcommand is None:
        groups = by_category()
        width = max(len(each.title) for _, definitions in groups for each in definitions)
        for title, definitions in groups:
            click.echo(title)
            for each in definitions:
                resources = ", ".join(dict.fromkeys(quota.resource for quota in each.quotas))
                needs = f"  (permission {each.permission})" if each.permission else ""
                click.echo(f"  {each.name:<22} {each.title:<{width}} {level_of(each):<11} {resources}{needs}".rstrip())
            click.echo()
        levels = {level_of(each) for _, definitions in groups for each in definitions}
        for level in (each for each in LEVELS if each in levels):
            click.echo(f"{level}: {LEVELS[level]}")
        click.echo("`ai-account-exporter providers NAME` shows an example of the configuration.")


def by_category() -> list[tuple[str, list[Definition]]]:
    """Return the definitions that come with the exporter, by the title of their category."""
    definitions = packaged_definitions().values()
    return [(title, [each for each in definitions if each.category == category]) for category, title in CATEGORIES.items()]


def find_definition(name: str) -> Definition:
    """Return the definition of that name, or that in a file of that name; print what is wrong and exit with 2 if there is none."""
    known = packaged_definitions()
    if name in known:
        return known[name]
    path = Path(name)
    if path.suffix in {".yaml", ".yml"} or is_file(path):
        return read_or_exit(path, lambda: load_definition(path))
    say(f"there is no provider {name!r}{did_you_mean(name, known) or '; the command `providers` lists all'}", err=True)
    raise SystemExit(EXIT_INVALID)
