"""Every figure of memory outside of docs/performance.md is one of its table of sizes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parent.parent.parent
PERFORMANCE = (ROOT / "docs" / "performance.md").read_text(encoding="utf-8")
SIZING = PERFORMANCE.partition("\n## Sizing\n")[2].partition("\n## ")[0]
ROW = re.compile(
    r"^\| ([0-9,]+) \| ([0-9,]+) \| [^|]+ \| `\w+` \| [0-9.]+ \| ([0-9]+) MiB \| ([0-9]+) MiB \| ([0-9]+)Mi \| ([0-9]+)m \|$", re.MULTILINE
)
ROWS = [tuple(int(cell.replace(",", "")) for cell in found.groups()) for found in ROW.finditer(SIZING)]
ACCOUNTS, SERIES, MEMORY, LIMIT, REQUEST, CPU = range(6)
SMALLEST = ROWS[0]


def figure(pattern: str) -> int:
    """A figure of the text around the table."""
    found = re.search(pattern, SIZING)
    assert found, pattern
    return int(found[1])


def test_the_rows_are_found() -> None:
    assert [row[ACCOUNTS] for row in ROWS] == [10, 1_000, 10_000]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: str(row[ACCOUNTS]))
def test_a_row_follows_from_the_figures_of_one_account(row: tuple[int, ...]) -> None:
    measured = figure(r"a base of ([0-9]+) MiB") + row[ACCOUNTS] * figure(r"([0-9]+) KiB for each account") / 1024
    assert measured <= row[MEMORY] <= 1.2 * measured  # the table includes scrapes
    assert 1.9 * row[MEMORY] <= row[LIMIT] <= 2.3 * row[MEMORY]
    assert row[MEMORY] <= row[REQUEST] <= row[LIMIT]


def test_no_measurement_of_this_page_is_above_the_row_of_its_size() -> None:
    idle = re.search(r"idle memory, three accounts \| ([0-9]+) MiB", PERFORMANCE)
    peak = re.search(r"memory of 10,000 accounts; at most, while they were scraped \| [0-9]+ MiB; ([0-9]+) MiB \|", PERFORMANCE)
    assert idle
    assert peak
    assert int(idle[1]) <= SMALLEST[MEMORY]
    assert int(peak[1]) <= ROWS[-1][LIMIT]


def resources(row: tuple[int, ...]) -> dict[str, dict[str, str]]:
    return {
        "requests": {"cpu": f"{row[CPU]}m", "memory": f"{row[REQUEST]}Mi"},
        "limits": {"memory": f"{row[LIMIT]}Mi"},
    }


def test_the_chart_recommends_the_smallest_row() -> None:
    values = (ROOT / "helm/ai-account-exporter/values.yaml").read_text(encoding="utf-8")
    comment = re.search(r"# -- Requests and limits.*?\nresources:", values, re.DOTALL)
    assert comment
    text = " ".join(line.removeprefix("#") for line in comment[0].splitlines())
    found = re.search(r"up to ([0-9]+) accounts: `(\{.+?\}\})`", text)
    assert found
    assert int(found[1]) == SMALLEST[ACCOUNTS]
    assert yaml.safe_load(found[2]) == resources(SMALLEST)


def test_the_values_below_the_table_are_those_of_their_row() -> None:
    found = re.search(r"for ([0-9,]+) accounts:\n\n```yaml\n(.*?)```", SIZING, re.DOTALL)
    assert found
    [row] = [row for row in ROWS if row[ACCOUNTS] == int(found[1].replace(",", ""))]
    assert yaml.safe_load(found[2]) == {"resources": resources(row)}


def test_the_container_of_the_documents_has_the_limit_of_the_smallest_row() -> None:
    """That of compose writes a week of history first, which needs more."""
    assert f"--memory {SMALLEST[LIMIT]}m " in (ROOT / "docs/docker.md").read_text(encoding="utf-8")


def test_the_unit_allows_at_least_the_limit_of_the_smallest_row() -> None:
    found = re.search(r"^MemoryMax=([0-9]+)M$", (ROOT / "docs/deployment/ai-account-exporter.service").read_text("utf-8"), re.MULTILINE)
    assert found
    assert int(found[1]) in {row[LIMIT] for row in ROWS} or int(found[1]) >= 2 * SMALLEST[LIMIT]


@pytest.mark.parametrize(
    "name", ["README.md", "docs/kubernetes.md", "docs/systemd.md", "docs/scaling.md", "docs/faq.md", "docs/install.md"]
)
def test_other_documents_refer_to_the_table_and_repeat_no_figure(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert re.findall(r"[0-9]+ [KM]i?B of memory|uses about [0-9]+ M", text) == []
