"""The house: who may import whom, what stays out of start-up, and how large a room may be."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "exporter"

# From the bottom up. A module imports from rows below its own, or from its own package.
ROWS: tuple[frozenset[str], ...] = (
    frozenset({"model"}),
    frozenset({"errors", "log", "ledger"}),
    frozenset({"credentials", "shard", "thresholds"}),
    frozenset({"config"}),
    frozenset({"providers"}),
    frozenset({"polling.timing", "polling.network"}),
    frozenset({"polling.token_answer", "polling.token_file"}),
    frozenset({"polling.oauth"}),
    frozenset({"polling.authentication"}),
    frozenset({"polling.client"}),
    frozenset({"polling.budget"}),
    frozenset({"store"}),
    frozenset({"records"}),
    frozenset({"polling.pace", "state"}),
    frozenset({"polling.scheduler", "metrics"}),
    frozenset({"overview"}),
    frozenset({"web", "simulator"}),
    frozenset({"plan", "reload", "signals"}),
    frozenset({"app"}),
    frozenset({"cli"}),
    frozenset({"__main__"}),
)

# Who may use which library; one that is not listed may be used by nobody.
BORDERS: dict[str, frozenset[str]] = {
    "bcrypt": frozenset({"web.toolkit"}),
    "jinja2": frozenset({"web.status"}),
    "aiohttp": frozenset({"polling.client", "polling.network", "polling.oauth", "polling.token_answer", "web", "simulator"}),
    "click": frozenset({"cli"}),
    "jmespath": frozenset({"providers"}),
    "prometheus_client": frozenset({"metrics"}),
    "pydantic": frozenset(
        {
            "credentials",
            "config",
            "providers",
            "web.toolkit",
            "polling.authentication",
            "polling.client",
            "polling.oauth",
            "polling.token_answer",
            "polling.token_file",
        }
    ),
    "pydantic_core": frozenset({"providers"}),
    "rich": frozenset({"cli"}),
    "structlog": frozenset({"log", "polling.scheduler", "state", "reload", "app", "cli"}),
    "yaml": frozenset({"config"}),
    "yarl": frozenset({"polling.budget", "polling.client", "polling.oauth"}),
}

# `extract` and the rest of the engine read definitions; a vendor's name in it would be a second mechanism.
ENGINE = (
    "app.py",
    "credentials.py",
    "config",
    "metrics",
    "overview",
    "plan.py",
    "polling",
    "providers",
    "records.py",
    "reload.py",
    "shard.py",
    "signals.py",
    "state.py",
    "store.py",
    "thresholds.py",
    "web",
)

MODULES = sorted(PACKAGE.rglob("*.py"))


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__")


def imports_of(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def row_of(module: str) -> int:
    for index, row in enumerate(ROWS):
        if any(module == name or module.startswith(f"{name}.") for name in row):
            return index
    raise LookupError(f"{module} has no row: give it one in ROWS")


def faults_of(module: str, source: str) -> list[str]:
    faults = []
    for imported in imports_of(source):
        top, _, rest = imported.partition(".")
        if top == "exporter":
            same_package = (
                rest.split(".")[0] == module.split(".", maxsplit=1)[0] and "." in module and module.split(".", maxsplit=1)[0] != "polling"
            )
            if not rest or not (row_of(rest) < row_of(module) or same_package):
                faults.append(f"{module} imports {imported}, which is not below it")
        elif top not in sys.stdlib_module_names:
            allowed = BORDERS.get(top, frozenset())
            if not any(module == name or module.startswith(f"{name}.") for name in allowed):
                faults.append(f"{module} uses {top}")
    return faults


@pytest.mark.parametrize("path", [path for path in MODULES if name_of(path)], ids=name_of)
def test_a_module_imports_only_from_below(path: Path) -> None:
    assert faults_of(name_of(path), path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("store", "from exporter.metrics.collector import BUCKETS"),
        ("providers.extract", "from exporter.polling.client import Client"),
        ("polling.client", "from exporter.polling.scheduler import Scheduler"),
        ("model", "from exporter.errors import PollError"),
        ("metrics.samples", "import aiohttp"),
        ("polling.client", "import prometheus_client"),
        ("config.models", "import exporter"),
        ("store", "import requests"),
    ],
)
def test_the_rule_sees_a_forbidden_import(module: str, line: str) -> None:
    assert len(faults_of(module, line)) == 1


def test_no_module_is_part_of_a_cycle() -> None:
    graph = {
        name_of(path): {
            found.removeprefix("exporter.") for found in imports_of(path.read_text(encoding="utf-8")) if found.startswith("exporter.")
        }
        for path in MODULES
    }
    done: set[str] = set()

    def visit(module: str, trail: tuple[str, ...]) -> None:
        assert module not in trail, " -> ".join((*trail, module))
        if module not in done:
            for imported in graph.get(module, ()):
                visit(imported, (*trail, module))
            done.add(module)

    for module in graph:
        visit(module, ())


@pytest.mark.parametrize("path", MODULES, ids=lambda path: name_of(path) or "exporter")
def test_a_module_has_one_sentence_of_purpose_and_a_readable_size(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    tree = ast.parse(source)
    assert ast.get_docstring(tree)
    assert source.count("\n") <= 250
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert (node.end_lineno or 0) - node.lineno < 30, node.name


@pytest.mark.parametrize("place", ENGINE)
def test_the_engine_knows_no_vendor_by_name(place: str) -> None:
    root = PACKAGE / place
    for path in sorted(root.rglob("*.py")) if root.is_dir() else [root]:
        source = path.read_text(encoding="utf-8").lower()
        assert not [vendor for vendor in ("heygen", "elevenlabs", "liveavatar") if vendor in source], path


def test_exactly_one_place_catches_everything() -> None:
    def is_broad(node: ast.AST) -> bool:
        broad = {"Exception", "BaseException"}
        return isinstance(node, ast.ExceptHandler) and (node.type is None or (isinstance(node.type, ast.Name) and node.type.id in broad))

    places = [path.name for path in MODULES for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if is_broad(node)]
    assert places == ["scheduler.py"]


@pytest.mark.parametrize("path", [path for path in MODULES if name_of(path) and path.name != "__main__.py"], ids=name_of)
def test_nothing_is_made_at_import(path: Path) -> None:
    """No metric, registry, session or clock may be shared behind anyone's back."""
    made = {"Counter", "Gauge", "Histogram", "CollectorRegistry", "ClientSession", "Store", "Clock"}
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        value = node.value if isinstance(node, ast.Assign | ast.AnnAssign | ast.Expr) else None
        if isinstance(value, ast.Call) and isinstance(value.func, ast.Name | ast.Attribute):
            name = value.func.id if isinstance(value.func, ast.Name) else value.func.attr
            assert name not in made


def test_the_daemon_starts_without_what_only_other_commands_need() -> None:
    code = "import sys, exporter.cli.serve; print([name for name in ('exporter.simulator', 'exporter.cli.report', 'jsonschema') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True)  # noqa: S603 -- our own code
    assert done.stdout.strip() == "[]"
