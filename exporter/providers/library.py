"""Loading definitions: the built-in ones and the operator's own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

from pydantic import ValidationError

from exporter.errors import ConfigError, Problem
from exporter.providers.definition import Definition
from exporter.validation.document import load_document, read_document
from exporter.validation.problems import problems_of

BUILT_IN: Final = Path(__file__).parent / "definitions"
SEEN: Final = Path(__file__).parent / "seen"
"""Definitions that come with the exporter, and that an operator must name in `provider_files`."""
EXAMPLES: Final = Path(__file__).parent / "examples"


def load_definition(path: Path) -> Definition:
    """Read one definition file.

    Raises:
        ConfigError: with all that is wrong in it, each problem naming the file and the dotted path.
    """
    document = load_document(path)
    try:
        return Definition.model_validate(document.data)
    except ValidationError as error:
        raise ConfigError(document.problem(*found) for found in problems_of(error, Definition)) from None


class Definitions(Mapping[str, Definition]):
    """Definitions by name, in alphabetical order. One that comes with the exporter is named as its file, and read when it is first used."""

    def __init__(self, files: Mapping[str, Path], own: Mapping[str, Definition]) -> None:
        """`files` are those that come with the exporter; `own` are the operator's."""
        self._files = files
        self._own = own

    def __getitem__(self, name: str) -> Definition:
        return self._own[name] if name in self._own else _shipped(self._files[name])

    def __iter__(self) -> Iterator[str]:
        return iter(sorted({*self._files, *self._own}))

    def __len__(self) -> int:
        return len({*self._files, *self._own})

    def __contains__(self, name: object) -> bool:
        return name in self._own or name in self._files


class Library(NamedTuple):
    """The definitions that can be used, and what is wrong with the other files."""

    definitions: Mapping[str, Definition]
    problems: Sequence[Problem] = ()
    broken: frozenset[str | None] = frozenset()
    """The names that broken files define; None for a file whose name cannot be read."""

    def includes(self, name: str) -> bool:
        """Whether a provider exists, or may exist in an invalid file: one error should be one problem."""
        return name in self.definitions or name in self.broken or None in self.broken


def read_definitions(files: Iterable[Path] = (), built_in: Path | None = None) -> Library:
    """Find the built-in definitions, and read the given files. Of these too, what comes with the exporter is read only when it is used.

    A definition of the operator replaces the one of the same name that comes with the exporter.
    """
    built_in = built_in or BUILT_IN
    problems: list[Problem] = []
    broken: set[str | None] = set()
    files = list(files)
    more = [path for path in files if path.is_relative_to(built_in.parent)]
    shipped = {path.stem: path for path in (*more, *built_in.glob("*.yaml"))}
    own: dict[str, Definition] = {}
    for path in (path for path in files if path not in more):
        try:
            definition = load_definition(path)
        except ConfigError as error:
            problems += error.problems
            broken.add(_name_in(path))
            continue
        if own.setdefault(definition.name, definition) is not definition:
            message = f"another definition already has the name {definition.name!r}"
            problems.append(load_document(path).problem("name", message))
    return Library(Definitions(shipped, own), problems, frozenset(broken))


def load_definitions(files: Iterable[Path] = ()) -> Mapping[str, Definition]:
    """Read the given files, and return their definitions and the built-in ones.

    Raises:
        ConfigError: with the problems of all files.
    """
    library = read_definitions(files)
    if library.problems:
        raise ConfigError(library.problems)
    return library.definitions


def packaged_definitions() -> Mapping[str, Definition]:
    """Return all definitions that come with the exporter, those that an operator must name included."""
    return read_definitions(sorted(SEEN.glob("*.yaml"))).definitions


def _name_in(path: Path) -> str | None:
    try:
        name = read_document(path)["name"]
    except (ConfigError, TypeError, LookupError):
        return None
    return name if isinstance(name, str) else None


@cache
def _shipped(path: Path) -> Definition:
    return load_definition(path)
