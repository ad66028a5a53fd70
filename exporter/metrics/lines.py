"""Writes samples as text, faster than prometheus-client and to the same bytes. All formats have the same sample lines."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache, lru_cache
from itertools import repeat
from typing import Final

from prometheus_client import generate_latest
from prometheus_client.core import Metric
from prometheus_client.openmetrics import exposition as openmetrics
from prometheus_client.utils import floatToGoString

from exporter.metrics.catalogue import AccountFamily
from exporter.metrics.collector import Families
from exporter.metrics.negotiation import Syntax

EOF: Final = b"# EOF\n"
"""The last line of OpenMetrics."""

MAX_TEMPLATES: Final = 20_000
"""How many templates are kept of one family: vendors choose units, states and plans."""

GO_EXPONENT: Final = 1e6
"""From here on Go writes an exponent, and Python does not."""


class Writer:
    """Writes the samples of one family. `names` are the names of the labels that every series of an account carries, sorted.

    The text of a line is a template that the accounts share: a poll formats the values, and no account keeps its own text twice.
    """

    def __init__(self, family: AccountFamily, names: Sequence[str]) -> None:
        self._family = family
        self._names = names
        self._make = family.samples.make
        self._templates: dict[tuple[str, ...], str] = {}

    def write(self, source: object, label_values: tuple[str, ...]) -> bytes:
        """Return the lines of one account from the part that they depend on. `label_values` are escaped, in the order of the names."""
        text, templates = "", self._templates
        for values, value in self._make(source):
            template = templates.get(values) or self._template(values)
            text += template % (*label_values, repr(value) if 0.0 <= value < GO_EXPONENT else floatToGoString(value))  # type: ignore[no-untyped-call]  # prometheus-client has no types there
        return text.encode()

    def _template(self, values: tuple[str, ...]) -> str:
        further = (escaped(value).replace("%", "%%") for value in values)
        text = _text(self._family.name, (*zip(self._names, repeat("%s")), *zip(self._family.labels, further, strict=True)))
        if len(self._templates) >= MAX_TEMPLATES:
            self._templates.clear()
        return self._templates.setdefault(values, f"{text} %s\n")


@cache
def heading(syntax: Syntax, name: str, documentation: str, kind: str) -> bytes:
    """Return the lines above the samples of a family, as prometheus-client writes them."""
    write = openmetrics.generate_latest if syntax is Syntax.OPENMETRICS else generate_latest
    return write(Families([Metric(name, documentation, kind)])).removesuffix(EOF)


def written(syntax: Syntax, metric: Metric) -> bytes:
    """Write a family of the exporter or of its process."""
    samples = [f"{series(each.name, tuple(each.labels.items()))} {number_text(each.value)}\n" for each in metric.samples]
    return heading(syntax, metric.name, metric.documentation, metric.type) + "".join(samples).encode()


def escaped(value: str) -> str:
    """Return a label value as it is written between quotes."""
    return value.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")


def number_text(value: float) -> str:
    """Return a value as Go writes it."""
    return repr(float(value)) if 0.0 <= value < GO_EXPONENT else str(floatToGoString(value))  # type: ignore[no-untyped-call]  # prometheus-client has no types there


@lru_cache(1024)
def series(name: str, labels: tuple[tuple[str, str], ...]) -> str:
    """Return the name and the labels of a series."""
    return _text(name, [(label, escaped(value)) for label, value in labels])


def _text(name: str, labels: Iterable[tuple[str, str]]) -> str:
    text = ",".join(f'{label}="{value}"' for label, value in sorted(labels))
    return f"{name}{{{text}}}" if text else name
