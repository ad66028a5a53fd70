"""The architecture: which package imports which, the size of modules and functions, and what start-up imports."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import PATIENCE

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "exporter"

# From the bottom up. A package imports only packages of the lines above its own. Packages of one line do not import each other.
LAYERS: tuple[tuple[str, ...], ...] = (
    ("model", "clock"),
    ("errors", "log"),
    ("validation",),
    ("providers",),
    ("config",),
    ("client",),
    ("accounts",),
    ("polling",),
    ("metrics", "overview"),
    ("simulator", "web", "push"),
    ("daemon",),
    ("cli",),
    ("__main__",),
)

# The packages that may import each library. A library that is not listed may be imported by none.
LIBRARIES: dict[str, tuple[str, ...]] = {
    "aiohttp": ("client", "web", "simulator"),
    "bcrypt": ("web",),
    "click": ("cli",),
    "google": ("push",),
    "jinja2": ("web",),
    "isal": ("metrics",),
    "jmespath": ("providers",),
    "opentelemetry": ("push",),
    "prometheus_client": ("metrics", "push"),
    "pydantic": ("model", "validation", "providers", "config", "client", "accounts", "overview", "web"),
    "pydantic_core": ("validation", "providers"),
    "rich": ("cli",),
    "structlog": ("log", "accounts", "polling", "daemon", "cli", "client", "web", "push"),
    "yaml": ("validation",),
    "yarl": ("client", "config", "push"),
}

# Vendors are data. The packages below must not name one.
WITHOUT_VENDORS = ("accounts", "client", "config", "daemon", "metrics", "overview", "polling", "providers", "push", "validation", "web")

MODULES = sorted(PACKAGE.rglob("*.py"))


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__")


def imports_of(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def layer_of(package: str) -> int:
    for index, packages in enumerate(LAYERS):
        if package in packages:
            return index
    raise LookupError(f"add {package} to LAYERS")


def faults_of(module: str, source: str) -> list[str]:
    package = module.partition(".")[0]
    faults = []
    for imported in imports_of(source):
        top, _, rest = imported.partition(".")
        target = rest.partition(".")[0]
        if top == "exporter":
            if not target or (target != package and layer_of(target) >= layer_of(package)):
                faults.append(f"{module} imports {imported}, which is not below it")
        elif top not in sys.stdlib_module_names and package not in LIBRARIES.get(top, ()):
            faults.append(f"{module} imports {top}")
    return faults


@pytest.mark.parametrize("path", [path for path in MODULES if name_of(path)], ids=name_of)
def test_a_module_imports_only_from_below(path: Path) -> None:
    assert faults_of(name_of(path), path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("accounts.store", "from exporter.metrics.collector import BUCKETS"),
        ("providers.extract", "from exporter.client.client import Client"),
        ("client.client", "from exporter.polling.scheduler import Scheduler"),
        ("web.server", "from exporter.simulator.simulator import Simulator"),
        ("model", "from exporter.errors import PollError"),
        ("metrics.samples", "import aiohttp"),
        ("client.client", "import prometheus_client"),
        ("config.models", "import exporter"),
        ("accounts.store", "import requests"),
    ],
)
def test_a_forbidden_import_is_found(module: str, line: str) -> None:
    assert len(faults_of(module, line)) == 1


def test_every_module_has_a_name_of_its_own() -> None:
    names = [path.stem for path in MODULES if path.stem != "__init__"]
    assert sorted(name for name in set(names) if names.count(name) > 1) == []


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


HELPERS = (path for path in (ROOT / "tests").rglob("*.py") if not path.name.startswith(("test_", "__init__")))
OTHERS = sorted([*(ROOT / "benchmarks").glob("*.py"), *(ROOT / "tools").rglob("*.py"), *HELPERS])


@pytest.mark.parametrize("path", [*MODULES, *OTHERS], ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_has_one_sentence_of_purpose_and_a_readable_size(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    tree = ast.parse(source)
    assert ast.get_docstring(tree)
    assert source.count("\n") <= 250
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert (node.end_lineno or 0) - node.lineno < 30, node.name


@pytest.mark.parametrize("package", WITHOUT_VENDORS)
def test_a_package_without_vendors_names_none(package: str) -> None:
    for path in sorted((PACKAGE / package).rglob("*.py")):
        source = path.read_text(encoding="utf-8").lower()
        assert not [vendor for vendor in ("heygen", "elevenlabs", "liveavatar") if vendor in source], path


def test_only_named_places_catch_every_exception() -> None:
    """A defect fails one poll, one push or one reload. A thread passes on the exception of its call."""

    def is_broad(node: ast.AST) -> bool:
        broad = {"Exception", "BaseException"}
        return isinstance(node, ast.ExceptHandler) and (node.type is None or (isinstance(node.type, ast.Name) and node.type.id in broad))

    places = [path.name for path in MODULES for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if is_broad(node)]
    assert sorted(places) == ["file_threads.py", "pusher.py", "reload.py", "scheduler.py"]


@pytest.mark.parametrize("path", [path for path in MODULES if name_of(path) and path.name != "__main__.py"], ids=name_of)
def test_no_metric_session_or_clock_is_created_at_import(path: Path) -> None:
    """No metric, registry, session or clock is global."""
    made = {"Counter", "Gauge", "Histogram", "CollectorRegistry", "ClientSession", "Store", "Clock"}
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        value = node.value if isinstance(node, ast.Assign | ast.AnnAssign | ast.Expr) else None
        if isinstance(value, ast.Call) and isinstance(value.func, ast.Name | ast.Attribute):
            name = value.func.id if isinstance(value.func, ast.Name) else value.func.attr
            assert name not in made


def test_the_daemon_does_not_import_what_only_other_commands_need() -> None:
    code = "import sys, exporter.cli.serve; print([name for name in ('exporter.simulator', 'exporter.cli.table', 'jsonschema') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True)  # noqa: S603 -- our own code
    assert done.stdout.strip() == "[]"


BOUNDS = {"timeout": 0, "settimeout": 0, "wait": 0, "wait_for": 1}
"""The functions that end a wait, and the place of the argument that says when."""
CLOCKS = {"time", "monotonic", "perf_counter"}


def too_short(call: ast.Call) -> bool:
    """Whether a wait ends after so short a time that a slow machine may need it."""
    name = ast.unparse(call.func).rpartition(".")[2]
    arguments = [keyword.value for keyword in call.keywords if keyword.arg in {"timeout", "total"} and name != "ConnectionSettings"]
    arguments += call.args[BOUNDS[name] :][:1] if name in BOUNDS else []
    values = [each.value for argument in arguments for each in ast.walk(argument) if isinstance(each, ast.Constant)]
    return any(isinstance(value, int | float) and 1 <= value < PATIENCE for value in values)


def compares_a_clock(node: ast.Compare) -> bool:
    """Whether a difference of clock readings is compared with a number."""
    sides = [node.left, *node.comparators]
    differences = [each for side in sides for each in ast.walk(side) if isinstance(each, ast.BinOp) and isinstance(each.op, ast.Sub)]
    calls = [each for side in differences for each in ast.walk(side) if isinstance(each, ast.Call) and not each.args]
    return any(isinstance(side, ast.Constant) for side in sides) and any(
        ast.unparse(call.func).rpartition(".")[2] in CLOCKS for call in calls
    )


def wall_times(source: str) -> list[int]:
    """The lines of a test that depend on how fast the machine is."""
    nodes = list(ast.walk(ast.parse(source)))
    waits = [node.lineno for node in nodes if isinstance(node, ast.Call) and too_short(node)]
    return waits + [node.lineno for node in nodes if isinstance(node, ast.Compare) and compares_a_clock(node)]


@pytest.mark.parametrize(
    "source",
    [
        "asyncio.timeout(5)",
        "event.wait(5)",
        "wait_for(x, 30)",
        "run(x, timeout=10)",
        "job(timeout=Seconds(0.2 if a else 10))",
        "assert loop.time() - began < 2",
        "2 > time.monotonic() - a",
    ],
)
def test_a_test_of_wall_time_is_found(source: str) -> None:
    assert wall_times(source) == [1]


def test_no_test_depends_on_how_fast_the_machine_is() -> None:
    here = Path(__file__).parent
    found = {str(path.relative_to(here)): wall_times(path.read_text(encoding="utf-8")) for path in here.rglob("*.py")}
    assert {name: lines for name, lines in found.items() if lines} == {}


def test_contributing_lists_the_packages_from_the_top_down() -> None:
    text = (PACKAGE.parent / "CONTRIBUTING.md").read_text(encoding="utf-8")
    packages = re.findall(r"^\| `(\w+)/` \|", text, re.MULTILINE)
    assert sorted(packages) == sorted(path.parent.name for path in PACKAGE.glob("*/__init__.py"))
    assert [layer_of(package) for package in packages] == sorted(map(layer_of, packages), reverse=True)
