"""The dashboard files that Grafana provisions."""

from __future__ import annotations

import json
from collections.abc import Mapping

from tools.dashboards.account import account
from tools.dashboards.fleet import fleet
from tools.dashboards.health import health


def documents() -> Mapping[str, str]:
    """The text of each generated file by its path in the repository."""
    boards = {"fleet": fleet(), "account": account(), "exporter-health": health()}
    return {f"grafana/dashboards/{name}.json": f"{json.dumps(board, indent=1, ensure_ascii=False)}\n" for name, board in boards.items()}
