"""The chart's generated files: the values schema, and parts of its README."""

from __future__ import annotations

import json
from collections.abc import Mapping

from tools.chart.schema import alert_names, values_schema
from tools.chart.values import CHART, documented, text_of
from tools.markdown import codes, table, with_parts

FOLDER = CHART.relative_to(CHART.parent.parent)


def documents() -> Mapping[str, str]:
    """The text of each generated file by its path in the repository."""
    return {
        str(FOLDER / "values.schema.json"): f"{json.dumps(values_schema(), indent=1)}\n",
        str(FOLDER / "README.md"): with_parts((CHART / "README.md").read_text("utf-8"), {"values": _values, "alerts": _alerts}),
    }


def _values() -> str:
    rows = ((f"`{value.path}`", f"`{json.dumps(value.default)}`", value.description) for value in documented(text_of()))
    return f"{table(('value', 'default', 'meaning'), rows)}\n"


def _alerts() -> str:
    return f"{codes(alert_names())}\n"
