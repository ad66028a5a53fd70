"""Writes the chart's README table and schema: `python -m helm`, or `--check` to see whether they are up to date."""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from helm.schema import alert_names, values_schema
from helm.values import CHART, Value, documented, text_of

ROOT = CHART.parent.parent


def documents() -> Mapping[str, str]:
    """Every file that is written from here: its path in the repository and its text."""
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


def main(arguments: Sequence[str] | None = None, root: Path = ROOT) -> int:
    """Write what differs, or with `--check` only name it; 1 if there is such."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 if a file is out of date")
    check = parser.parse_args(arguments).check
    stale = {path: text for name, text in documents().items() if not (path := root / name).is_file() or path.read_text("utf-8") != text}
    for path, text in stale.items():
        if not check:
            path.write_text(text, "utf-8")
        sys.stdout.write(f"{path.relative_to(root)}: {'out of date, run: python -m helm' if check else 'written'}\n")
    return int(check and bool(stale))


if __name__ == "__main__":
    sys.exit(main())
