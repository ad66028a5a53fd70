"""Each alert has a runbook with the expected sections, valid queries and valid commands."""

from __future__ import annotations

import re
from pathlib import Path

import click
import promql_parser
import pytest

from exporter.cli.lazy import LazyCommand
from exporter.cli.main import main
from exporter.metrics.catalogue import CATALOGUE
from tests.alertmanager.example import RUNBOOKS, rules, severities

PAGES = sorted(RUNBOOKS.glob("AIAccount*.md"))
SECTIONS = ["## Meaning", "## Impact", "## Diagnosis", "## Remedy"]
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)#]+)\)")
COUNTED = ("", "_bucket", "_count", "_sum", "_total")
NOT_OURS = {"up", "process_start_time_seconds"}
each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)


def fences(page: Path, language: str) -> list[str]:
    return [body.strip() for kind, body in FENCE.findall(page.read_text()) if kind == language]


def names_in(query: str) -> set[str]:
    """The metrics in a query. The query must be valid."""
    promql_parser.parse(query)
    bare = re.sub(r'"[^"]*"|\{[^}]*\}|\[[^\]]*\]|\b(?:on|by|group_left|ignoring)\s*\([^)]*\)|\boffset \w+', "", query)
    return {
        word for word in re.findall(r"[a-zA-Z_:][\w:]*(?!\w|\s*\()", bare) if word not in {"and", "on", "by", "or", "unless", "ignoring"}
    }


def test_every_alert_has_a_runbook_and_every_runbook_an_alert() -> None:
    assert [page.stem for page in PAGES] == sorted(severities())


def test_the_index_lists_every_alert_with_its_severities() -> None:
    rows = re.findall(r"^\| \[(\w+)\]\((\w+)\.md\) \| ([\w, ]+) \| .+\. \|$", (RUNBOOKS / "README.md").read_text(), re.MULTILINE)
    assert {name: levels.split(", ") for name, file, levels in rows if name == file} == severities()


def test_every_alert_links_to_its_page() -> None:
    for rule in rules("alert"):
        assert rule["annotations"]["runbook_url"].rpartition("/docs/runbooks/")[2] == f"{rule['alert']}.md"


@each_page
def test_a_runbook_has_its_sections_in_order(page: Path) -> None:
    lines = page.read_text().splitlines()
    assert lines[0] == f"# {page.stem}"
    assert [line for line in lines if line.startswith("## ")] == SECTIONS


@each_page
def test_the_remedy_begins_with_an_instruction(page: Path) -> None:
    remedy = page.read_text().partition("## Remedy\n\n")[2]
    assert re.match(r"[A-Z][a-z]+ ", remedy), "the first action comes before any table or list"


@each_page
def test_the_queries_of_a_page_are_valid_and_use_existing_metrics(page: Path) -> None:
    ours = {family.name + end for family in CATALOGUE for end in COUNTED} | {rule["record"] for rule in rules("record")}
    queries = fences(page, "promql")
    assert queries or page.stem == "README"
    for query in queries:
        assert names_in(query) <= ours | NOT_OURS


@each_page
def test_a_page_about_a_vendor_also_covers_the_others(page: Path) -> None:
    remedy = page.read_text().partition("## Remedy")[2]
    if re.search("^(- |\\| )HeyGen", remedy, re.MULTILINE):
        assert re.search("[Oo]thers", remedy)


@pytest.mark.parametrize("page", [*PAGES, RUNBOOKS / "README.md"], ids=lambda page: page.stem)
def test_the_links_of_a_page_are_valid(page: Path) -> None:
    for link in LINK.findall(page.read_text()):
        assert (page.parent / link).is_file(), link


@each_page
def test_the_commands_of_a_runbook_exist(page: Path) -> None:
    for name, flags in re.findall(r"^ai-account-exporter (\w+)(.*)$", "\n".join(fences(page, "sh")), re.MULTILINE):
        command = main.get_command(click.Context(main), name)
        assert isinstance(command, LazyCommand), name
        known = {option for parameter in command.load().params for option in parameter.opts}
        assert set(re.findall(r"--[\w.]+", flags)) <= known


def test_an_unknown_metric_in_a_query_is_found() -> None:
    assert names_in('sum by (provider) (rate(made_up_total{provider="x"}[1h])) * on (job) up > 0') == {"made_up_total", "up"}
