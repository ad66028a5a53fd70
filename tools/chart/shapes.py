"""Schemas of values whose default does not define them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

Schema = dict[str, Any]

FREE: Final = True
"""Any value: Kubernetes validates its own objects."""

NAME: Final = r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?"
KEY: Final = r"[-._a-zA-Z0-9]+"
DURATION: Final = r"([0-9]+(ms|[smhdwy]))+"


def one_of(*values: str) -> Schema:
    """One of several strings."""
    return {"type": "string", "enum": list(values)}


def text(pattern: str, *, empty: bool = False) -> Schema:
    """A string that matches the pattern, or optionally an empty one."""
    return {"type": "string", "pattern": f"^({pattern})?$" if empty else f"^({pattern})$"}


def integer(minimum: int, maximum: int | None = None) -> Schema:
    """An integer in a range."""
    return {"type": "integer", "minimum": minimum} | ({} if maximum is None else {"maximum": maximum})


def array(items: Schema) -> Schema:
    """An array."""
    return {"type": "array", "items": items}


def fields(required: Mapping[str, Schema]) -> Schema:
    """An object with exactly these keys."""
    return {"type": "object", "additionalProperties": False, "required": sorted(required), "properties": dict(required)}


OBJECT: Final[Schema] = {"type": "object", "additionalProperties": FREE}
TEXT: Final[Schema] = {"type": "string"}
TEXTS: Final[Schema] = {"type": "object", "additionalProperties": TEXT}
"""Labels and annotations. Kubernetes accepts only strings, so numbers and booleans need quotes."""
OBJECTS: Final = array(OBJECT)
OPTIONAL_NAME: Final = text(NAME, empty=True) | {"maxLength": 253}
PORT: Final = integer(1, 65_535)
SECRET_KEY: Final = fields({"name": text(NAME), "key": text(KEY)})
LABEL: Final = text(r"([-a-z0-9.]+/)?[a-zA-Z0-9]([-._a-zA-Z0-9]*[a-zA-Z0-9])?")
PROBE: Final[Schema] = {
    "type": "object",
    "required": ["enabled"],
    "properties": {"enabled": {"type": "boolean"}},
    "additionalProperties": FREE,
}

_MONITOR: Final[Mapping[str, Schema]] = {
    "namespace": OPTIONAL_NAME,
    "labels": TEXTS,
    "annotations": TEXTS,
    "interval": text(DURATION, empty=True),
    "scrapeTimeout": text(DURATION, empty=True),
    "relabelings": OBJECTS,
    "metricRelabelings": OBJECTS,
    "scheme": one_of("", "http", "https"),
    "tlsConfig": OBJECT,
    "basicAuth": {"anyOf": [{"type": "object", "maxProperties": 0}, fields({"username": SECRET_KEY, "password": SECRET_KEY})]},
    "targetLabels": array(TEXT),
}

_POD: Final[Mapping[str, Schema]] = {
    "extraArgs": array(text(r"--[-.a-z0-9]+(=.*)?")),
    "extraEnv": array(OBJECT | {"required": ["name"], "properties": {"name": TEXT, "value": TEXT}}),
    "extraEnvFrom": OBJECTS,
    "extraVolumes": OBJECTS,
    "extraVolumeMounts": OBJECTS,
    "initContainers": OBJECTS,
    "extraContainers": OBJECTS,
    "workloadAnnotations": TEXTS,
    "workloadLabels": TEXTS,
    "podAnnotations": TEXTS,
    "podLabels": TEXTS,
    "resources": OBJECT,
    "nodeSelector": TEXTS,
    "affinity": OBJECT,
    "tolerations": OBJECTS,
    "topologySpreadConstraints": OBJECTS,
    "dnsPolicy": one_of("ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"),
    "dnsConfig": OBJECT,
    "hostAliases": OBJECTS,
    "podSecurityContext": OBJECT,
    "securityContext": OBJECT,
    "livenessProbe": PROBE,
    "readinessProbe": PROBE,
    "startupProbe": PROBE,
}

_ACCESS: Final[Mapping[str, Schema]] = {
    "containerPort": PORT,
    "telemetryPath": text("(/[A-Za-z0-9._~-]+)+"),
    "webConfig.tls.existingSecret": OPTIONAL_NAME,
    "webConfig.tls.minVersion": one_of("TLS12", "TLS13"),
    "webConfig.clientCA.existingSecret": OPTIONAL_NAME,
    "webConfig.clientCA.key": text(KEY),
    "webConfig.settings": OBJECT,
    "webConfig.existingSecret.name": OPTIONAL_NAME,
    "webConfig.existingSecret.key": text(KEY),
    "webConfig.scheme": one_of("", "http", "https"),
    "service.type": one_of("ClusterIP", "NodePort", "LoadBalancer"),
    "service.port": PORT,
    "service.ipFamilyPolicy": one_of("", "SingleStack", "PreferDualStack", "RequireDualStack"),
    "service.ipFamilies": array(one_of("IPv4", "IPv6")) | {"maxItems": 2, "uniqueItems": True},
    "service.annotations": TEXTS,
    "service.labels": TEXTS,
    "ingress.annotations": TEXTS,
    "ingress.labels": TEXTS,
    "ingress.hosts": array(
        {
            "type": "object",
            "additionalProperties": False,
            "required": ["host"],
            "properties": {
                "host": text(r"(\*\.)?" + NAME),
                "paths": array(
                    fields({"path": text("/.*"), "pathType": one_of("Exact", "Prefix", "ImplementationSpecific")}),
                )
                | {"minItems": 1},
            },
        }
    ),
    "ingress.tls": OBJECTS,
    "httpRoute.annotations": TEXTS,
    "httpRoute.labels": TEXTS,
    "httpRoute.parentRefs": array(OBJECT | {"required": ["name"], "properties": {"name": text(NAME)}}),
    "httpRoute.hostnames": array(text(r"(\*\.)?" + NAME)),
    "httpRoute.matches": array(OBJECT) | {"minItems": 1},
    "httpRoute.filters": OBJECTS,
    "networkPolicy.ingress.from": OBJECTS,
    "networkPolicy.ingress.extra": OBJECTS,
    "networkPolicy.egress.ports": array(PORT),
    "networkPolicy.egress.extra": OBJECTS,
}

SHAPES: Final[dict[str, Schema]] = {
    "global.imagePullSecrets": array({"anyOf": [text(NAME), OBJECT]}),
    "nameOverride": text("[a-z0-9]([-a-z0-9]*[a-z0-9])?", empty=True),
    "fullnameOverride": text("[a-z]([-a-z0-9]*[a-z0-9])?", empty=True),
    "namespaceOverride": OPTIONAL_NAME,
    "commonLabels": TEXTS,
    "image.repository": {"type": "string", "minLength": 1},
    "image.digest": text("sha256:[0-9a-f]{64}", empty=True),
    "image.pullPolicy": one_of("Always", "IfNotPresent", "Never"),
    "imagePullSecrets": OBJECTS,
    "providerDefinitions": {"type": "object", "propertyNames": {"pattern": "^[a-z0-9_-]+$"}, "additionalProperties": OBJECT},
    "existingConfigMap.name": OPTIONAL_NAME,
    "existingConfigMap.key": text(KEY),
    "existingConfigSecret.name": OPTIONAL_NAME,
    "existingConfigSecret.key": text(KEY),
    "credentials": array(fields({"name": text(KEY), "existingSecret": text(NAME), "key": text(KEY)})),
    "log.level": one_of("debug", "info", "warn", "warning", "error"),
    "log.format": one_of("logfmt", "json"),
    "replicas": integer(0, 1),
    "sharding.shards": integer(1, 1000),
    "persistence.existingClaim": OPTIONAL_NAME,
    "persistence.accessModes": array(one_of("ReadWriteOnce", "ReadWriteOncePod", "ReadWriteMany")) | {"minItems": 1},
    "persistence.size": text("[0-9]+([.][0-9]+)?([KMGTPE]i?|k)?"),
    "persistence.annotations": TEXTS,
    "serviceAccount.name": OPTIONAL_NAME,
    "serviceAccount.annotations": TEXTS,
    "podDisruptionBudget.maxUnavailable": {"anyOf": [integer(0), text("[0-9]+%")]},
    "prometheusRule.namespace": OPTIONAL_NAME,
    "prometheusRule.labels": TEXTS,
    "prometheusRule.annotations": TEXTS,
    "prometheusRule.defaultRules.alertLabels": TEXTS,
    "prometheusRule.groups": OBJECTS,
    "grafanaDashboards.namespace": OPTIONAL_NAME,
    "grafanaDashboards.label": LABEL,
    "grafanaDashboards.folderAnnotation": LABEL,
    "grafanaDashboards.labels": TEXTS,
    "grafanaDashboards.annotations": TEXTS,
    "grafanaDashboards.operator.instanceSelector": OBJECT,
    "extraObjects": array({"type": ["object", "string"]}),
    **_ACCESS,
    **_POD,
    **{f"{monitor}.{name}": schema for monitor in ("serviceMonitor", "podMonitor") for name, schema in _MONITOR.items()},
}
"""Schema by path in values.yaml."""
