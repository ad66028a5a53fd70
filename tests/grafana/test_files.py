"""The dashboard files are generated, and Grafana can provision and import them."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml

from exporter.providers.library import load_definitions
from tests.grafana.boards import BOARDS, FILES, ROOT, Json, panels
from tools.dashboards.layout import TITLES
from tools.grafana_com import importable, main

each_board = pytest.mark.parametrize("board", BOARDS.values(), ids=lambda board: board["uid"])


def test_every_file_is_generated() -> None:
    assert {str(path.relative_to(ROOT)) for path in (ROOT / "grafana" / "dashboards").iterdir()} == set(FILES)


def test_uids_and_titles_are_the_listed_ones() -> None:
    assert [board["uid"] for board in BOARDS.values()] == list(TITLES)
    assert [board["title"] for board in BOARDS.values()] == list(TITLES.values())
    assert all(len(uid) <= 40 for uid in TITLES)


@each_board
def test_a_dashboard_can_be_provisioned_from_its_file(board: Json) -> None:
    assert (board["id"], board["schemaVersion"], board["editable"]) == (None, 42, False)
    assert not {"__inputs", "__requires"} & set(board)
    assert "${DS_" not in str(board)


@each_board
def test_the_copy_for_grafana_com_asks_for_the_data_source(board: Json) -> None:
    kinds = {panel["type"] for panel in panels(board)}
    board = importable(board)
    assert [each["name"] for each in board["__inputs"]] == ["DS_PROMETHEUS"]
    assert "datasource}" not in str(board)
    assert "datasource:queryparam" not in str(board)
    assert {each["id"] for each in board["__requires"] if each["type"] == "panel"} == kinds


def test_a_release_writes_a_copy_of_every_dashboard(tmp_path: Path) -> None:
    main(str(tmp_path / "new"))
    copies = {path.name: json.loads(path.read_text(encoding="utf-8")) for path in (tmp_path / "new").iterdir()}
    assert copies == {f"dashboard-{Path(name).name}": importable(board) for name, board in BOARDS.items()}


@each_board
def test_panels_fill_their_rows_and_do_not_overlap(board: Json) -> None:
    cells: Counter[tuple[int, int]] = Counter()
    for panel in board["panels"]:
        at = panel["gridPos"]
        cells.update((x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"]))
    height = max(y for _, y in cells) + 1
    assert cells == Counter({(x, y): 1 for x in range(24) for y in range(height)})
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])


@each_board
def test_a_panel_has_a_title_a_description_and_a_text_for_no_data(board: Json) -> None:
    for panel in panels(board):
        defaults = panel["fieldConfig"]["defaults"]
        assert panel["title"]
        assert panel["description"].endswith("."), panel["title"]
        assert defaults["unit"], panel["title"]
        assert defaults["noValue"], panel["title"]
        assert defaults["thresholds"]["steps"], panel["title"]
        assert panel["targets"], panel["title"]
        assert len({target["refId"] for target in panel["targets"]}) == len(panel["targets"])


@each_board
def test_everything_uses_the_selected_data_source(board: Json) -> None:
    [source] = [each for each in board["templating"]["list"] if each["type"] == "datasource"]
    assert (source["name"], source["label"], source["query"]) == ("datasource", "Data source", "prometheus")
    asked = panels(board) + [target for panel in panels(board) for target in panel["targets"]]
    asked += [each for each in board["templating"]["list"] if each["type"] == "query"]
    asked += [each for each in board["annotations"]["list"] if not each.get("builtIn")]
    assert all(each["datasource"] == {"type": "prometheus", "uid": "${datasource}"} for each in asked)


@each_board
def test_a_filter_with_several_values_has_all_and_is_refreshed(board: Json) -> None:
    variables = {each["name"]: each for each in board["templating"]["list"]}
    assert {"job", "instance"} <= {name for name, each in variables.items() if each.get("multi")}
    for each in variables.values():
        assert each.get("allValue", ".*") == ".*"
        assert bool(each.get("includeAll")) == bool(each.get("multi"))
        assert each["type"] != "query" or each["refresh"] == 2


@each_board
def test_no_dashboard_names_a_vendor(board: Json) -> None:
    text = str(board).lower()
    assert [name for name in load_definitions() if re.search(rf"\b{name}\b", text)] == []


@each_board
def test_links_set_only_variables_that_the_linked_dashboard_has(board: Json) -> None:
    known = {other["uid"]: {each["name"] for each in other["templating"]["list"]} for other in BOARDS.values()}
    links = {url for url in _urls(board) if url.startswith("/d/")}
    assert {link.split("?")[0].removeprefix("/d/") for link in links} >= set(TITLES) - {board["uid"]}
    for link in links:
        parts = urlsplit(link)
        uid = parts.path.removeprefix("/d/")
        assert uid in TITLES, link
        assert {name.removeprefix("var-") for name in parse_qs(parts.query) if name.startswith("var-")} <= known[uid]
    assert all(each["keepTime"] and each["includeVars"] for each in board["links"])


def test_titles_differ_within_a_dashboard() -> None:
    for board in BOARDS.values():
        for one, other in combinations(panels(board), 2):
            assert one["title"] != other["title"] or board["uid"] == "ai-account-account"


def test_the_provisioning_files_are_read_only_and_define_one_data_source() -> None:
    folder = ROOT / "grafana" / "provisioning"
    [source] = yaml.safe_load((folder / "datasources/prometheus.yaml").read_text())["datasources"]
    assert (source["uid"], source["type"], source["isDefault"], source["editable"]) == ("ai-account-prometheus", "prometheus", True, False)
    [provider] = yaml.safe_load((folder / "dashboards/ai-accounts.yaml").read_text())["providers"]
    assert (provider["allowUiUpdates"], provider["folder"], provider["type"]) == (False, "AI accounts", "file")


def _urls(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(url := value.get("url"), str):
            yield url
        for each in value.values():
            yield from _urls(each)
    elif isinstance(value, list):
        for each in value:
            yield from _urls(each)
