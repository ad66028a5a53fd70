"""Validates objects against the schemas of Kubernetes and the Prometheus operator, and others by the names of their fields."""

from __future__ import annotations

import importlib
import json
from functools import cache
from typing import Any, Final

import kubernetes_validate  # type: ignore[import-untyped]  # it carries no types

RELEASES: Final = ("1.28", "1.31", "1.34", "1.37")
OPERATOR: Final = {
    "ServiceMonitor": "v1",
    "PodMonitor": "v1",
    "PrometheusRule": "v1",
    "ScrapeConfig": "v1alpha1",
    "AlertmanagerConfig": "v1alpha1",
}
WITHOUT_SCHEMA: Final = frozenset({"GrafanaDashboard"})
_REFERENCE: Final = dict.fromkeys(("group", "kind", "name", "namespace", "sectionName", "port", "weight"))
FIELDS: Final[dict[str, dict[str, Any]]] = {
    # https://gateway-api.sigs.k8s.io/reference/spec/
    "gateway.networking.k8s.io/v1 HTTPRoute": {
        "parentRefs": _REFERENCE,
        "hostnames": None,
        "rules": {
            "matches": {"path": dict.fromkeys(("type", "value")), "method": None},
            "filters": {"type": None, "extensionRef": _REFERENCE},
            "backendRefs": _REFERENCE,
        },
    },
    # https://argo-cd.readthedocs.io/en/stable/user-guide/helm/
    "argoproj.io/v1alpha1 Application": {
        "project": None,
        "source": {"repoURL": None, "chart": None, "targetRevision": None, "helm": {"releaseName": None, "valuesObject": None}},
        "destination": dict.fromkeys(("server", "namespace")),
        "syncPolicy": {"automated": dict.fromkeys(("prune", "selfHeal")), "syncOptions": None},
    },
    # https://fluxcd.io/flux/components/source/ocirepositories/
    "source.toolkit.fluxcd.io/v1 OCIRepository": {
        "interval": None,
        "url": None,
        "ref": {"tag": None},
        "layerSelector": dict.fromkeys(("mediaType", "operation")),
        "verify": {"provider": None, "matchOIDCIdentity": dict.fromkeys(("issuer", "subject"))},
    },
    # https://fluxcd.io/flux/components/helm/helmreleases/
    "helm.toolkit.fluxcd.io/v2 HelmRelease": {
        "interval": None,
        "chartRef": dict.fromkeys(("kind", "name")),
        "upgrade": {"remediation": {"retries": None}},
        "driftDetection": {"mode": None},
        "values": None,
    },
}
"""The fields of `spec` that this project uses, from the references of the other projects. None is any value."""


def check(thing: dict[str, Any], release: str) -> None:
    """Raise if that release of Kubernetes would reject the object or ignore one of its fields."""
    if thing["kind"] in WITHOUT_SCHEMA:
        return
    if fields := FIELDS.get(f"{thing['apiVersion']} {thing['kind']}"):
        assert unknown(thing["spec"], fields) == [], thing["kind"]
    elif thing["kind"] in OPERATOR:
        understood = _model(thing["kind"]).model_validate(thing).model_dump(mode="json", by_alias=True, exclude_none=True)
        assert lost(thing, understood) == [], thing["kind"]
    else:
        _check_own(json.dumps(thing, sort_keys=True), release)


def _model(kind: str) -> Any:
    # Loading these models takes seconds; only tests that need them should load them.
    return getattr(importlib.import_module(f"cloudcoil.models.prometheus_operator.{OPERATOR[kind]}"), kind)


def unknown(given: Any, fields: dict[str, Any] | None, path: str = "spec") -> list[str]:
    """The paths that are in `given` but not among the fields. A list has the fields of its elements."""
    if fields is None:
        return []
    if isinstance(given, list):
        return [found for each in given for found in unknown(each, fields, path)]
    return [found for key in given for found in (unknown(given[key], fields[key], f"{path}.{key}") if key in fields else [f"{path}.{key}"])]


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
