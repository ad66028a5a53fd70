"""The generated unit tests for promtool. Those that need no computed series are written by hand, beside them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import yaml

from tools.rules.documents import FILES
from tools.scenarios import daily, expiring, figures, spikes, states, trend, windows
from tools.scenarios.scenario import Scenario

HEADER = "# Written by `make docs` from tools/scenarios; do not edit.\n"
TESTS: Mapping[str, tuple[Scenario, ...]] = {
    "figures": figures.SCENARIOS,
    "states": states.SCENARIOS,
    "trend": trend.SCENARIOS,
    "daily": daily.SCENARIOS,
    "expiring": expiring.SCENARIOS,
    "spikes": spikes.SCENARIOS,
    "windows": windows.SCENARIOS,
}
PACE = {"figures": 5, "states": 5, "trend": 5, "daily": 15, "expiring": 30, "spikes": 60, "windows": 5}
"""The minutes between samples."""


def documents() -> Mapping[str, str]:
    """The text of each generated file by its path in the repository."""
    return {f"prometheus/tests/{name}.yaml": "\n".join(_lines(scenarios, PACE[name])) + "\n" for name, scenarios in TESTS.items()}


def _lines(scenarios: tuple[Scenario, ...], pace: int) -> Iterator[str]:
    groups = [group.name for groups in FILES.values() for group in groups]
    yield f"{HEADER}rule_files: {_flow([f'../rules/{name}' for name in FILES])}"
    yield f"evaluation_interval: {pace}m"
    yield f"group_eval_order: {_flow(groups)}"
    yield "tests:"
    for scenario in scenarios:
        yield f"- name: {_flow(scenario.name)}"
        yield f"  interval: {pace}m"
        yield "  input_series:"
        yield from (
            f"  - {_flow({'series': name, 'values': values.notation(pace)})}" for each in scenario.series for name, values in each.items()
        )
        tests = [each.test() for each in scenario.expect]
        for kind in dict(tests):
            yield f"  {kind}:"
            yield from (f"  - {_flow(test)}" for each, test in tests if each == kind)


def _flow(value: object) -> str:
    """YAML on one line."""
    return (
        yaml.safe_dump(value, default_flow_style=True, sort_keys=False, width=10_000, allow_unicode=True)
        .removesuffix("\n...\n")
        .rstrip("\n")
    )
