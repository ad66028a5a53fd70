"""The example responses of the providers, as the simulator sends them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

from exporter.providers.library import EXAMPLES

Examples = Mapping[str, Mapping[str, Any]]
"""The content of example files, by name without the suffix."""


def read_examples(folder: Path) -> Examples:
    """Read the example files of a folder, in alphabetical order."""
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))}


@cache
def packaged_examples(provider: str) -> Examples:
    """Return the examples of a provider that come with the exporter."""
    return read_examples(EXAMPLES / provider)


def example_body(provider: str, name: str) -> Any:
    """Return a copy of the body of one example file. The caller may change it."""
    return deepcopy(packaged_examples(provider)[name]["body"])
