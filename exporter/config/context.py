"""What a configuration file is validated against."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

from pydantic import AfterValidator, ValidationInfo

from exporter.providers.library import Library

NOT_REPLACED: Final = "; ~ and variables such as $HOME are not replaced"
_SHELL: Final = re.compile(r"~[a-z0-9_-]*/|.*\$(?:\{|[A-Z_])", re.DOTALL)


@dataclass(frozen=True, slots=True)
class ConfigContext:
    """The environment, the folder that relative paths start from, and the provider definitions."""

    environ: Mapping[str, str]
    folder: Path
    library: Library
    check_secrets: bool = True
    """Whether a secret that cannot be read is a problem."""


def context_of(info: ValidationInfo) -> ConfigContext | None:
    """Return the context of a validation; None where a model is built without a file."""
    return info.context if isinstance(info.context, ConfigContext) else None


def is_shell_path(path: str) -> bool:
    """Whether a shell would replace a part of the path: `~/keys`, `$HOME/keys`."""
    return _SHELL.match(path) is not None


def _in_folder(path: Path, info: ValidationInfo) -> Path:
    if not str(path).isprintable():
        raise ValueError("expected a path without control characters")
    if is_shell_path(str(path)):
        raise ValueError(f"expected the path itself{NOT_REPLACED}")
    context = context_of(info)
    return context.folder / path if context else path


FilePath = Annotated[Path, AfterValidator(_in_folder)]
"""A path that is relative to the folder of the file that contains it."""
