"""All definitions that are at hand: the built-in ones and the operator's own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

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


def read_definitions(files: Iterable[Path] = ()) -> tuple[Mapping[str, Definition], list[Problem]]:
    """Read the built-in definitions and the given files: those that are right, by provider name, and all problems of the others."""
    problems: list[Problem] = []
    found = dict(_built_in())
    for path in files:
        try:
            definition = load_definition(path)
        except ConfigError as error:
            problems += error.problems
            continue
        if found.setdefault(definition.name, definition) is not definition:
            problems.append(Problem(f"{path}: name", f"another definition is called {definition.name!r} already"))
    return dict(sorted(found.items())), problems


def load_definitions(files: Iterable[Path] = ()) -> Mapping[str, Definition]:
    """Read the built-in definitions and the given files, by provider name, in alphabetical order.

    Raises:
        ConfigError: with the problems of all files.
    """
    found, problems = read_definitions(files)
    if problems:
        raise ConfigError(problems)
    return found


@cache
def _built_in() -> Mapping[str, Definition]:
    return {path.stem: load_definition(path) for path in sorted(BUILT_IN.glob("*.yaml"))}
