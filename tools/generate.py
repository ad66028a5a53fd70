"""Writes every generated file: `make docs`. `python -m tools.generate --check` lists those that are out of date."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import tools.chart.documents as chart
import tools.dashboards.documents as dashboards
import tools.rules.documents as rules
import tools.scenarios.documents as scenarios
from exporter.config.loading import json_schema
from tools.docs.alerts import alerts
from tools.docs.api import accounts_schema, api
from tools.docs.configuration import configuration
from tools.docs.definitions import definition_schema, definitions
from tools.docs.log_events import log_events
from tools.docs.metrics import metrics
from tools.docs.outputs import outputs
from tools.docs.reliability import reliability
from tools.docs.vendors import vendor_documents
from tools.docs.warning import warning
from tools.rules import grafana

ROOT = Path(__file__).resolve().parent.parent
PASSES = 4
"""A document may depend on another one, as the table of alerts depends on the rules."""

Documents = Mapping[str, Callable[[Path], str]]
"""From the path of a document in the repository to the function that returns its text, given its full path."""

DOCUMENTS: Documents = {
    "docs/metrics.md": metrics,
    "exporter/config/config.schema.json": lambda _: f"{json.dumps(json_schema(), indent=2)}\n",
    "docs/reliability.md": reliability,
    "docs/api.md": api,
    "docs/accounts.schema.json": accounts_schema,
    "docs/configuration.md": configuration,
    "docs/definitions.md": definitions,
    "docs/definition.schema.json": definition_schema,
    **vendor_documents(),
    grafana.PATH: lambda _: grafana.provisioning(),
    "docs/alerts.md": alerts,
    **dict.fromkeys(("docs/warning.md", "docs/faq.md"), warning),
    "docs/log-events.md": log_events,
    **dict.fromkeys(("README.md", "docs/quickstart.md", "docs/cli.md", "mkdocs.yml"), outputs),
}


def all_documents() -> Documents:
    """Every generated document: those above, and the rules, their unit tests, the dashboards and the chart's files."""
    texts = {name: text for package in (rules, scenarios, dashboards, chart) for name, text in package.documents().items()}
    return {**{name: (lambda _path, text=text: text) for name, text in texts.items()}, **DOCUMENTS}  # type: ignore[misc]  # a lambda with a default


def stale_documents(root: Path, documents: Documents) -> Iterator[tuple[Path, str]]:
    """Each document whose file differs, with the text that the file should have."""
    for name, write in documents.items():
        path = root / name
        text = write(path)
        if not path.is_file() or path.read_bytes() != text.encode():
            yield path, text


def main(arguments: Sequence[str] | None = None, root: Path = ROOT, documents: Documents | None = None) -> int:
    """Write the documents. With `--check`, only list those that are out of date, and return 1 if there are any."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 if a document is out of date")
    check = parser.parse_args(arguments).check
    for _ in range(PASSES):
        stale = list(stale_documents(root, documents or all_documents()))
        for path, text in stale:
            if not check:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(text.encode())
            sys.stdout.write(f"{path.relative_to(root)}: {'out of date, run: make docs' if check else 'written'}\n")
        if check or not stale:
            return int(bool(stale))
    raise SystemExit(f"the documents still change after {PASSES} passes: one of them depends on itself")


if __name__ == "__main__":
    sys.exit(main())
