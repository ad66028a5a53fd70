"""Every file of this folder that is written from code: the rules and their unit tests."""

from __future__ import annotations

from collections.abc import Mapping

from tools.rules.write import documents as rules
from tools.scenarios.write import documents as tests


def documents() -> Mapping[str, str]:
    """Path in the repository and text; `make docs` writes them."""
    return {**rules(), **tests()}
