"""Loading definitions: the built-in ones and the operator's own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

from pydantic import ValidationError

from exporter.errors import ConfigError, Problem
from exporter.providers.definition import Definition
from exporter.validation.document import read_document
from exporter.validation.problems import problems_of

BUILT_IN = Path(__file__).parent / "definitions"
EXAMPLES = Path(__file__).parent / "examples"


def load_definition(path: Path) -> Definition:
    """Read one definition file.

    Raises:
        ConfigError: with all that is wrong in it, each problem naming the file and the dotted path.
    """
    try:
        return Definition.model_validate(read_document(path))
    except ValidationError as error:
        raise ConfigError(Problem(f"{path}: {place}" if place else str(path), message) for place, message in problems_of(error)) from None


class Library(NamedTuple):
    """The definitions that can be used, and what is wrong with the other files."""

    definitions: Mapping[str, Definition]
    problems: Sequence[Problem] = ()
    broken: frozenset[str | None] = frozenset()
    """The names that broken files define; None for a file whose name cannot be read."""

    def knows(self, name: str) -> bool:
        """Whether a provider exists, or may exist in an invalid file: one error should be one problem."""
        return name in self.definitions or name in self.broken or None in self.broken


def read_definitions(files: Iterable[Path] = ()) -> Library:
    """Read the built-in definitions and the given files."""
    problems: list[Problem] = []
    broken: set[str | None] = set()
    found = dict(_built_in())
    for path in files:
        try:
            definition = load_definition(path)
        except ConfigError as error:
            problems += error.problems
            broken.add(_name_in(path))
            continue
        if found.setdefault(definition.name, definition) is not definition:
            problems.append(Problem(f"{path}: name", f"another definition already has the name {definition.name!r}"))
    return Library(dict(sorted(found.items())), problems, frozenset(broken))


def load_definitions(files: Iterable[Path] = ()) -> Mapping[str, Definition]:
    """Read the built-in definitions and the given files, by provider name, in alphabetical order.

    Raises:
        ConfigError: with the problems of all files.
    """
    library = read_definitions(files)
    if library.problems:
        raise ConfigError(library.problems)
    return library.definitions


def _name_in(path: Path) -> str | None:
    try:
        name = read_document(path)["name"]
    except (ConfigError, TypeError, LookupError):
        return None
    return name if isinstance(name, str) else None


@cache
def _built_in() -> Mapping[str, Definition]:
    return {path.stem: load_definition(path) for path in sorted(BUILT_IN.glob("*.yaml"))}
