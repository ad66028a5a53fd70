"""Every drill of the table has a test, and every test of a drill is in the table."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from tests.drills.process_table import DRILLS


def test_every_drill_has_the_name_of_its_test_and_every_test_is_in_the_table() -> None:
    here = Path(__file__)
    modules = [ast.parse(path.read_text()) for path in here.parent.glob("test_process_*.py") if path != here]
    functions = [node.name for module in modules for node in module.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    names = ["test_" + re.sub(r"\W+", "_", drill.name) for drill in DRILLS]
    assert sorted(name for name in functions if name.startswith("test_")) == sorted(names)


def test_every_drill_is_described_in_complete_sentences() -> None:
    for drill in DRILLS:
        assert drill.name[0].islower()
        assert all(text[0] in "`ABCDEFGHIJKLMNOPQRSTUVWXYZ" and text.endswith(".") for text in (drill.fault, drill.outcome)), drill.name
