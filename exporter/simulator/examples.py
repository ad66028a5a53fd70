"""The example responses of the providers, as the simulator sends them."""

from __future__ import annotations

import json
from copy import deepcopy
from functools import cache
from typing import Any

from exporter.providers.library import EXAMPLES
from exporter.simulator.vendor import FixedResponse


def example(provider: str, name: str, **headers: str) -> FixedResponse:
    """Return the response of one example file, with these headers added."""
    document = _document(provider, name)
    return FixedResponse(document["status"], document["body"], headers)


def example_body(provider: str, name: str) -> Any:
    """Return a copy of the body of one example file. The caller may change it."""
    return deepcopy(_document(provider, name)["body"])


@cache
def _document(provider: str, name: str) -> Any:
    return json.loads((EXAMPLES / provider / f"{name}.json").read_text(encoding="utf-8"))
