"""The parser of PromQL."""

from __future__ import annotations

from dataclasses import replace

from benchmarks.warning.promql.syntax import (
    AGGREGATIONS,
    PRECEDENCE,
    Aggregation,
    Binary,
    Call,
    Matcher,
    Matching,
    Node,
    Number,
    Range,
    Selector,
    Unsupported,
    seconds,
    tokens,
)


def parse(text: str) -> Node:
    """Return the tree of an expression."""
    return _Parser(text).whole()


class _Parser:
    def __init__(self, text: str) -> None:
        self._tokens = tokens(text)
        self._at = 0

    def whole(self) -> Node:
        node = self._binary(0)
        if self._at != len(self._tokens):
            raise Unsupported(f"unexpected {self._next!r}")
        return node

    @property
    def _next(self) -> str:
        return self._tokens[self._at][1] if self._at < len(self._tokens) else ""

    def _take(self, wanted: str = "") -> str:
        token = self._next
        if wanted and token != wanted:
            raise Unsupported(f"{wanted!r} expected, not {token!r}")
        self._at += 1
        return token

    def _accepts(self, *wanted: str) -> bool:
        found = self._next in wanted
        self._at += found
        return found

    def _binary(self, least: int) -> Node:
        left = self._unary()
        while (op := self._next) in PRECEDENCE and PRECEDENCE[op] > least:
            self._take()
            is_bool = self._accepts("bool")
            matching = self._matching("on", "ignoring")
            group_left = self._group_left()
            right = self._binary(PRECEDENCE[op] - (op == "^"))
            left = Binary(op, left, right, matching, group_left, is_bool)
        return left

    def _matching(self, positive: str, negative: str) -> Matching | None:
        if self._next not in {positive, negative}:
            return None
        return Matching(self._take() == positive, self._names())

    def _group_left(self) -> bool:
        if self._next == "group_right":
            raise Unsupported("group_right")
        if not self._accepts("group_left"):
            return False
        if self._next == "(" and self._names():
            raise Unsupported("group_left with labels")
        return True

    def _names(self) -> tuple[str, ...]:
        self._take("(")
        names = []
        while not self._accepts(")"):
            names.append(self._take())
            self._accepts(",")
        return tuple(names)

    def _unary(self) -> Node:
        if self._accepts("-"):
            return Binary("*", Number(-1.0), self._postfix(self._primary()))
        return self._postfix(self._primary())

    def _postfix(self, node: Node) -> Node:
        while True:
            if self._accepts("["):
                node = self._range(node)
            elif self._accepts("offset"):
                if self._next == "-" or not isinstance(node, Selector | Range):
                    raise Unsupported("this offset")
                node = replace(node, offset=seconds(self._take()))
            else:
                return node

    def _range(self, inner: Node) -> Range:
        window, resolution = seconds(self._take()), None
        if self._accepts(":"):
            if self._next == "]":
                raise Unsupported("a subquery without resolution")
            resolution = seconds(self._take())
        self._take("]")
        return Range(inner, window, resolution)

    def _primary(self) -> Node:
        if self._at >= len(self._tokens):
            raise Unsupported("unexpected end")
        kind, text = self._tokens[self._at]
        if self._accepts("("):
            node = self._binary(0)
            self._take(")")
            return node
        if kind == "number":
            return Number(float(self._take()))
        if text in AGGREGATIONS:
            return self._aggregation()
        is_call = self._tokens[self._at + 1 : self._at + 2] == [("op", "(")]
        if text == "{" or (kind == "name" and not is_call):
            return self._selector()
        if kind == "name":
            return self._call()
        raise Unsupported(f"unexpected {text!r}")

    def _aggregation(self) -> Aggregation:
        op = self._take()
        matching = self._matching("by", "without")
        self._take("(")
        inner = self._binary(0)
        self._take(")")
        return Aggregation(op, inner, self._matching("by", "without") or matching or Matching(on=True, names=()))

    def _call(self) -> Call:
        name = self._take()
        self._take("(")
        arguments = []
        while not self._accepts(")"):
            arguments.append(self._binary(0))
            self._accepts(",")
        return Call(name, tuple(arguments))

    def _selector(self) -> Selector:
        name = "" if self._next == "{" else self._take()
        matchers = []
        if self._accepts("{"):
            while not self._accepts("}"):
                matchers.append(Matcher(self._take(), self._take(), self._take()[1:-1]))
                self._accepts(",")
        return Selector(name, tuple(matchers))
