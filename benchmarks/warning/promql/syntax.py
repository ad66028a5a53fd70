"""PromQL to a tree of nodes. What is not known raises Unsupported: nothing is approximated."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

AGGREGATIONS: Final = ("sum", "count", "min", "max", "group", "avg")
PRECEDENCE: Final = {
    "or": 1, "and": 2, "unless": 2, "==": 3, "!=": 3, "<": 3, ">": 3, "<=": 3, ">=": 3, "+": 4, "-": 4, "*": 5, "/": 5, "%": 5, "^": 6,
}  # fmt: skip
_UNITS: Final = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800, "y": 31536000}
_TOKEN: Final = re.compile(
    r"""\s+|\#[^\n]*|(?P<duration>\d+(?:ms|[smhdwy])(?:\d+(?:ms|[smhdwy]))*)|(?P<number>\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+)"""
    r"""|(?P<name>[a-zA-Z_][\w:]*)|(?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(?P<op>==|!=|>=|<=|=~|!~|[-+*/%^<>=(){}\[\],:])"""
)


class Unsupported(Exception):  # noqa: N818 -- not an error of the rule
    """PromQL that this package does not know."""


@dataclass(frozen=True)
class Matching:
    """`on (...)` or `ignoring (...)`; of an aggregation, `by (...)` or `without (...)`."""

    on: bool
    names: tuple[str, ...]


@dataclass(frozen=True)
class Matcher:
    """One condition on a label."""

    label: str
    op: str
    value: str

    def accepts(self, labels: Mapping[str, str]) -> bool:
        """Whether these labels fulfil it."""
        value = labels.get(self.label, "")
        is_equal = re.fullmatch(self.value, value) is not None if "~" in self.op else value == self.value
        return is_equal != self.op.startswith("!")


@dataclass(frozen=True, eq=False)
class Node:
    """One part of an expression."""


@dataclass(frozen=True, eq=False)
class Number(Node):
    """A scalar."""

    value: float


@dataclass(frozen=True, eq=False)
class Selector(Node):
    """The series of a name. Durations are in seconds."""

    name: str
    matchers: tuple[Matcher, ...]
    offset: float = 0.0


@dataclass(frozen=True, eq=False)
class Range(Node):
    """A range of a selector, or a subquery where it has a resolution."""

    inner: Node
    window: float
    resolution: float | None = None
    offset: float = 0.0


@dataclass(frozen=True, eq=False)
class Call(Node):
    """A function."""

    name: str
    arguments: tuple[Node, ...]


@dataclass(frozen=True, eq=False)
class Aggregation(Node):
    """An aggregation over labels."""

    op: str
    inner: Node
    matching: Matching


@dataclass(frozen=True, eq=False)
class Binary(Node):
    """An operator between two expressions."""

    op: str
    left: Node
    right: Node
    matching: Matching | None = None
    group_left: bool = False
    is_bool: bool = False


def seconds(text: str) -> float:
    """Return a duration such as `1h30m` in seconds."""
    return sum(float(number) * _UNITS[unit] for number, unit in re.findall(r"(\d+)(ms|[smhdwy])", text))


def tokens(text: str) -> list[tuple[str, str]]:
    """Return kind and text of each token."""
    found, at = [], 0
    while at < len(text):
        token = _TOKEN.match(text, at)
        if not token:
            raise Unsupported(f"cannot read {text[at : at + 30]!r}")
        if token.lastgroup:
            found.append((token.lastgroup, token[0]))
        at = token.end()
    return found


def mentions(node: Node, name: str) -> bool:
    """Whether an expression reads the series of this name."""
    match node:
        case Selector():
            return node.name == name
        case Range():
            return mentions(node.inner, name)
        case Call():
            return any(mentions(each, name) for each in node.arguments)
        case Aggregation():
            return mentions(node.inner, name)
        case Binary():
            return mentions(node.left, name) or mentions(node.right, name)
        case _:
            return False
