"""The chart's README table and schema, which are written from code."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping

from tools.chart.schema import alert_names, values_schema
from tools.chart.values import CHART, Value, documented, text_of

ROOT = CHART.parent.parent


def documents() -> Mapping[str, str]:
    """Path in the repository and text; `make docs` writes them."""
    folder = CHART.relative_to(ROOT)
    return {
        str(folder / "values.schema.json"): f"{json.dumps(values_schema(), indent=1)}\n",
        str(folder / "README.md"): readme((CHART / "README.md").read_text("utf-8")),
    }


def readme(text: str) -> str:
    """The chart's README with its generated parts written anew."""
    for name, part in {"values": table(documented(text_of())), "alerts": ", ".join(f"`{each}`" for each in alert_names()) + "\n"}.items():
        pattern = re.compile(rf"(<!-- generated: {name} -->\n).*?(<!-- end -->)", re.DOTALL)
        text = pattern.sub(lambda found, part=part: f"{found[1]}{part}{found[2]}", text)  # type: ignore[misc]  # mypy: lambda with default
    return text


def table(values: Iterable[Value]) -> str:
    """The values as rows of Markdown."""
    rows = (
        f"| `{value.path}` | {f'`{json.dumps(value.default)}`'.replace('|', chr(92) + '|')} | {value.description.replace('|', chr(92) + '|')} |\n"
        for value in values
    )
    return "| value | default | what it does |\n|---|---|---|\n" + "".join(rows)
