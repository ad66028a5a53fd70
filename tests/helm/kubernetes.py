"""Validates objects against the schemas of Kubernetes and the Prometheus operator."""

from __future__ import annotations

import importlib
import json
from functools import cache
from typing import Any, Final

import kubernetes_validate  # type: ignore[import-untyped]  # it carries no types

RELEASES: Final = ("1.28", "1.31", "1.34", "1.37")
OPERATOR: Final = frozenset({"ServiceMonitor", "PodMonitor", "PrometheusRule"})
WITHOUT_SCHEMA: Final = frozenset({"GrafanaDashboard"})


def check(thing: dict[str, Any], release: str) -> None:
    """Raise if that release of Kubernetes would reject the object or ignore one of its fields."""
    if thing["kind"] in WITHOUT_SCHEMA:
        return
    if thing["kind"] in OPERATOR:
        understood = _model(thing["kind"]).model_validate(thing).model_dump(mode="json", by_alias=True, exclude_none=True)
        assert lost(thing, understood) == [], thing["kind"]
    else:
        _check_own(json.dumps(thing, sort_keys=True), release)


def _model(kind: str) -> Any:
    # Loading these models takes seconds; only tests that need them should load them.
    return getattr(importlib.import_module("cloudcoil.models.prometheus_operator.v1"), kind)


@cache
def _check_own(text: str, release: str) -> None:
    """Cached, because many examples render the same objects."""
    kubernetes_validate.validate(json.loads(text), release, strict=True)


def lost(given: Any, understood: Any, path: str = "") -> list[str]:
    """The paths that are in `given` but not in the parsed object."""
    if isinstance(given, dict):
        missing = [f"{path}.{key}" for key in given if key not in understood]
        return missing + [found for key in given if key in understood for found in lost(given[key], understood[key], f"{path}.{key}")]
    if isinstance(given, list):
        pairs = zip(given, understood, strict=True)
        return [found for index, (one, other) in enumerate(pairs) for found in lost(one, other, f"{path}[{index}]")]
    return []
