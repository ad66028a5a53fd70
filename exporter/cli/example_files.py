"""`examples`: prints and writes the files that come with the exporter: configurations, rules, dashboards and units."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import click

from exporter.cli.output import EXIT_FAILED, EXIT_INVALID, counted, say
from exporter.validation.problems import did_you_mean

FOLDER: Final = Path(__file__).parent.parent / "examples"
"""In a checkout it consists of links to the files of the repository, which a wheel contains as files."""

KINDS: Final = {
    "config.example.yaml": "Configuration of the exporter",
    "prometheus/prometheus.example.yaml": "Configuration of Prometheus",
    "prometheus/rules/": "Recording rules and alerts for Prometheus; both files are needed",
    "prometheus/alertmanager.example.yaml": "Configuration of Alertmanager",
    "prometheus/templates/": "Message templates for Alertmanager",
    "grafana/dashboards/": "Dashboards for Grafana",
    "grafana/provisioning/": "Provisioning of Grafana",
    "grafana/alerting/": "The alerts for Grafana's own alerting",
    "systemd/": "Units of systemd",
}
"""What the files are, by name or by the beginning of their names."""


@click.command("examples")
@click.argument("name", required=False)
@click.option("--output", type=click.Path(path_type=Path, file_okay=False), help="Write the files into this folder.")
@click.option("--force", is_flag=True, help="Overwrite files that exist.")
def command(name: str | None, output: Path | None, force: bool) -> None:  # noqa: FBT001 -- click's signature
    """List the example files, print one, or write them to a folder.

    NAME is a file, or with --output also a folder, such as `prometheus/rules`.

    \b
    Exit codes: 0 done, 1 a file exists or cannot be written, 2 invalid usage.
    """  # noqa: D301 -- click's own marks
    names = _selected(name)
    if output:
        _write(names, output, overwrite=force)
    elif force:
        raise click.UsageError("--force requires --output")
    elif name is None:
        _list(names)
    elif names == [name]:
        click.echo((FOLDER / name).read_text(encoding="utf-8"), nl=False)
    else:
        raise click.UsageError(f"{name} is a folder: name one of its files, or write all of them with --output")


def example_names() -> list[str]:
    """Return the names of all files, in the order of the list."""
    found = sorted(Path(folder, file) for folder, _, files in os.walk(FOLDER, followlinks=True) for file in files)
    names = [path.relative_to(FOLDER).as_posix() for path in found]
    return [name for kind in KINDS for name in names if name.startswith(kind)]


def _selected(name: str | None) -> list[str]:
    names = example_names()
    selected = [each for each in names if name is None or each == name or each.startswith(f"{name.rstrip('/')}/")]
    if not selected:
        known = dict.fromkeys([*names, *(parent.as_posix() for each in names for parent in Path(each).parents)])
        hint = did_you_mean(str(name), known) or "; the command `examples` lists all"
        say(f"there is no example {name!r}{hint}", err=True)
        raise SystemExit(EXIT_INVALID)
    return selected


def _list(names: Sequence[str]) -> None:
    for kind, meaning in KINDS.items():
        click.echo(f"{meaning}:")
        for name in (each for each in names if each.startswith(kind)):
            click.echo(f"  {name}")


def _write(names: Sequence[str], output: Path, *, overwrite: bool) -> None:
    existing = [name for name in names if os.path.lexists(output / name)]
    if existing and not overwrite:
        say(f"nothing was written, because {output} already contains {', '.join(existing)}; --force overwrites", err=True)
        raise SystemExit(EXIT_FAILED)
    for name in names:
        path = output / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes((FOLDER / name).read_bytes())
        except OSError as error:
            say(f"cannot write {path}: {error.strerror}", err=True)
            raise SystemExit(EXIT_FAILED) from None
    say(f"wrote {counted(len(names), 'file')} into {output}")
