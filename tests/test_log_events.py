"""The page of log events lists every event of the code, with its levels and fields."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools.docs.log_events import EVENTS, Event

PACKAGE = Path(__file__).parent.parent / "exporter"
LEVELS = {"debug", "info", "warning", "error"}


class Call:
    """One call that logs an event."""

    def __init__(self, call: ast.Call, levels: set[str]) -> None:
        self.levels = levels
        first = call.args[0]
        self.event = first.value if isinstance(first, ast.Constant) else None
        self.fields = {keyword.arg for keyword in call.keywords if keyword.arg}
        self.has_more = any(keyword.arg is None for keyword in call.keywords)


def calls() -> Iterator[Call]:
    sources = (path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py"))
    for source in sources:
        if "log = structlog.get_logger()" in source:
            for node in ast.walk(ast.parse(source)):
                if isinstance(node, ast.Call) and node.args and (levels := levels_of(node.func)):
                    yield Call(node, levels)


def levels_of(function: ast.expr) -> set[str]:
    """The levels that a function logs at: of `log.info`, of a choice between two, or of `write`, which is such a choice."""
    match function:
        case ast.Attribute(value=ast.Name(id="log"), attr=attr) if attr in LEVELS:
            return {attr}
        case ast.IfExp(body=body, orelse=orelse):
            return levels_of(body) | levels_of(orelse)
        case ast.Name(id="write"):
            return {"warning", "debug"}
        case _:
            return set()


CALLS = list(calls())


def test_every_event_of_the_code_is_on_the_page_and_no_other() -> None:
    assert all(isinstance(call.event, str) for call in CALLS), "an event has a constant name"
    assert {call.event for call in CALLS} == {event.name for event in EVENTS}
    assert len({event.name for event in EVENTS}) == len(EVENTS)


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.name)
def test_an_event_has_the_levels_and_the_fields_of_the_page(event: Event) -> None:
    found = defaultdict(list)
    for call in CALLS:
        found[call.event].append(call)
    for call in found[event.name]:
        assert call.levels == set(event.levels)
        assert call.fields <= set(event.fields)
        assert call.has_more or call.fields == set(event.fields)
