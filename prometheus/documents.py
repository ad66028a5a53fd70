"""Every file of this folder that is written from code: the rules and their unit tests."""

from __future__ import annotations

from collections.abc import Mapping

from prometheus.scenarios.write import documents as tests
from prometheus.source.write import documents as rules


def documents() -> Mapping[str, str]:
    """Path in the repository and text; `make docs` writes them."""
    return {**rules(), **tests()}
