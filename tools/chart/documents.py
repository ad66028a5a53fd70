"""The chart's generated files: the values schema, and parts of its README."""

from __future__ import annotations

import json
from collections.abc import Mapping

from tools.chart.schema import alert_names, values_schema
from tools.chart.values import CHART, documented, text_of
from tools.markdown import codes, table, with_part

FOLDER = CHART.relative_to(CHART.parent.parent)


def documents() -> Mapping[str, str]:
    """The text of each generated file by its path in the repository."""
    return {
        str(FOLDER / "values.schema.json"): f"{json.dumps(values_schema(), indent=1)}\n",
        str(FOLDER / "README.md"): _readme((CHART / "README.md").read_text("utf-8")),
    }


def _readme(text: str) -> str:
    rows = ((f"`{value.path}`", f"`{json.dumps(value.default)}`", value.description) for value in documented(text_of()))
    text = with_part(text, "values", f"{table(('value', 'default', 'meaning'), rows)}\n")
    return with_part(text, "alerts", f"{codes(alert_names())}\n")
