"""Compiles the expressions of a definition, and explains their mistakes: also those that JMESPath accepts, and that never select anything."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any, Final

import jmespath
from jmespath import functions
from jmespath.exceptions import JMESPathError
from jmespath.lexer import Lexer
from pydantic import GetPydanticSchema
from pydantic_core import core_schema

from exporter.providers.selection import Selection
from exporter.validation.fields import is_hidden
from exporter.validation.problems import did_you_mean

_LITERALS: Final = re.compile(r"""'(?:\\.|[^'\\])*'|`(?:\\.|[^`\\])*`|"(?:\\.|[^"\\])*\"""")
_HINTS: Final = (
    (r"^\s*\.", "leave out the first dot"),
    (r"\.\s*$", "leave out the last dot"),
    (r"\.\.", "leave out one of the two dots"),
    (r"\$", "this is JMESPath, not JSONPath: leave out `$.`"),
    (r"\w-\w+\s*(?:\.|$)|\.\w+-\w", 'JMESPath has no arithmetic: use `minus` for a difference; a name with a hyphen needs quotes: "rate-limit"'),
    (r"[\w)\]@]\s*[-+*/%]\s*[\w(@]", "JMESPath has no arithmetic: use `minus` for a difference, `scale` for a factor and `each` for a sum"),
    (r"[=!<>]=?\s*-?\d", "a number in an expression is written in backticks: `3`"),
    (r"(?<![=!<>])=(?!=)", "two values are compared with =="),
    (r"\b(?:and|or|not)\b", "JMESPath writes `and` as &&, `or` as || and `not` as !"),
)  # fmt: skip
"""Parts of expressions that do not compile, and what to write instead."""
_OPEN: Final = "a bracket is not closed; inside braces of YAML, a value with a comma needs quotes"
IDENTIFIER: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
"""The name of a field that needs no quotes."""
_COMPARATORS: Final = frozenset({"eq", "ne", "lt", "lte", "gt", "gte"})
_LISTS: Final = frozenset({"projection", "filter_projection", "value_projection", "flatten", "multi_select_list", "multi_select_dict"})
_LIST_FUNCTIONS: Final = frozenset({"keys", "values", "map", "sort", "sort_by", "to_array", "merge"})
_OPENING: Final = frozenset({"lparen", "lbracket", "lbrace", "filter"})
_CLOSING: Final = frozenset({"rparen", "rbracket", "rbrace"})
_STEPS: Final = frozenset({"dot", "lbracket", "flatten", "filter"})
MAX_LENGTH: Final = 1_000
MAX_GROWTH: Final = 64
"""How many times larger than the body a result may be. A chain of `[@, @]` doubles it with each step, and would use all memory."""
_JOINING: Final = frozenset({"multi_select_list", "multi_select_dict", "join", "merge"})
_CHOOSING: Final = frozenset({"and_expression", "or_expression", "not_expression", "comparator"})
_EDGE: Final[Mapping[str, Any]] = {"type": "edge"}
_FUNCTIONS: Final = functions.Functions.FUNCTION_TABLE


def compile_expression(text: str) -> Selection:
    """Compile an expression.

    Raises:
        ValueError: it is not JMESPath, or contains a mistake; the message contains what to write instead.
    """
    if len(text) > MAX_LENGTH:
        raise ValueError(f"expected {MAX_LENGTH} characters at most")
    if not text.isprintable() and any(map(is_hidden, re.sub(r"\s", "", text))):
        raise ValueError("expected an expression without control characters and invisible characters")
    if literal := next(_texts_in_backticks(text), None):
        raise ValueError(f"backticks contain JSON: write the text in single quotes, '{literal}'")
    try:
        selection = Selection(text)
    except ValueError as error:
        bare = _LITERALS.sub("x", text)
        is_open = any(bare.count(first) > bare.count(last) for first, last in ("()", "[]", "{}"))
        hint = _OPEN if is_open else next((hint for pattern, hint in _HINTS if re.search(pattern, bare)), None)
        raise ValueError(f"is not a JMESPath expression: {hint}" if hint else str(error)) from None
    parsed = jmespath.compile(text).parsed
    problem = next(_problems_of_quotes(text), None) or next(_problems(parsed), None) or _problem_of_size(parsed)
    if problem:
        raise ValueError(problem)
    return selection


def _texts_in_backticks(text: str) -> Iterator[str]:
    """Yield what is not JSON in backticks. JMESPath reads it as text, and warns that later versions will refuse it."""
    for literal in _LITERALS.findall(text):
        inner = literal[1:-1].replace("\\`", "`")
        try:
            if literal.startswith("`"):
                json.loads(inner)
        except ValueError:
            yield inner.strip() or "..."


def compile_value(text: str) -> Selection:
    """Compile an expression that must select one value.

    Raises:
        ValueError: as in `compile_expression`, or it always selects a list or an object.
    """
    selection = compile_expression(text)
    if selects_list(text):
        raise ValueError("selects a list, where one value is expected: add `| [0]` for the first value, or use `each` for a sum")
    return selection


def compile_code(text: str) -> Selection:
    """Compile an expression that must select an error code.

    Raises:
        ValueError: as in `compile_value`.
    """
    selection = compile_expression(text)
    if selects_list(text):
        raise ValueError("selects a list, where one code is expected: add `| [0]` for the first one")
    return selection


def compile_condition(text: str) -> Selection:
    """Compile an expression that depends on the response.

    Raises:
        ValueError: as in `compile_expression`, or it selects the same in every response.
    """
    selection = compile_expression(text)
    if text.strip() in {"true", "false"}:
        raise ValueError(f"{text.strip()} is the field of that name: name a field that every successful response has")
    if not any(node["type"] in {"field", "current", "index", "value_projection"} for node in _nodes(selection.tree)):
        raise ValueError("reads nothing of the response, so it accepts every one: name a field that every successful response has")
    return selection


def _nodes(node: Any) -> Iterator[Any]:
    yield node
    for child in node.get("children", ()):
        if isinstance(child, dict):
            yield from _nodes(child)


def selects_list(text: str) -> bool:
    """Whether a valid expression selects a list or an object wherever it selects anything."""
    return _is_list(jmespath.compile(text).parsed)


def _is_list(node: Any) -> bool:
    kind, children = node["type"], node.get("children", ())
    if kind in {"pipe", "subexpression", "and_expression"}:
        return _is_list(children[-1])
    if kind == "or_expression":
        return any(map(_is_list, children))
    return kind in _LISTS or (kind == "function_expression" and node["value"] in _LIST_FUNCTIONS)


def is_expression(text: str) -> bool:
    """Whether the text is an expression with more than one word: an operator, a path or a call."""
    try:
        return len(text) <= MAX_LENGTH and not any(_texts_in_backticks(text)) and jmespath.compile(text).parsed["type"] != "field"
    except (JMESPathError, ValueError, RecursionError):
        return False


def _problems(node: Any) -> Iterator[str]:
    """Find functions that do not exist, and words that are fields although a value is meant."""
    kind, children = node["type"], node.get("children", ())
    if kind == "function_expression":
        yield from _problems_of_call(node["value"], len(children))
    if kind in {"comparator", "or_expression"}:
        for child in children:
            if child["type"] == "field" and child["value"] in {"true", "false"}:
                yield f"{child['value']} without backticks is the field of that name: write `{child['value']}`"
    for child in children:
        if isinstance(child, dict):
            yield from _problems(child)


def _problems_of_call(name: str, count: int) -> Iterator[str]:
    if name not in _FUNCTIONS:
        yield f"JMESPath has no function {name!r}{did_you_mean(name, _FUNCTIONS)}"
        return
    signature = _FUNCTIONS[name]["signature"]
    least, is_open = len(signature), bool(signature) and signature[-1].get("variadic", False)
    if count < least or (count > least and not is_open):
        expected = f"{least} or more arguments" if is_open else f"{least} argument{'s' * (least != 1)}"
        yield f"the function {name!r} takes {expected}, found {count}"


def _problem_of_size(node: Any) -> str | None:
    """Find an expression whose result may be much larger than the body."""
    joins = (each for each in _nodes(node) if each["type"] == "function_expression" and each["value"] == "join")
    if any(join["children"][0]["type"] != "literal" for join in joins):
        return "the first argument of the function 'join' must be a text in single quotes, such as ', '"
    if _growth(node) > MAX_GROWTH:
        return (
            f"its result may be more than {MAX_GROWTH} times as large as the response: use fewer lists in brackets and calls of to_string"
        )
    return None


def _growth(node: Any) -> int:
    """Return how many times larger than the body a result within an expression can be."""
    growths = [_growth(child) for child in node.get("children", ()) if isinstance(child, dict)] or [1]
    kind = node["value"] if node["type"] == "function_expression" else node["type"]
    if kind in _JOINING:
        return sum(growths)
    is_one = kind in _CHOOSING or node["type"] == "function_expression"
    growth = max(growths) if is_one and kind != "map" else math.prod(growths)
    return 2 * growth if kind == "to_string" else growth  # a quotation mark in a text of JSON becomes two characters


def _problems_of_quotes(text: str) -> Iterator[str]:
    """Find names in double quotes that are compared, passed to a function, or given as a default: text is meant."""
    tokens: list[Mapping[str, Any]] = [_EDGE, *Lexer().tokenize(text), _EDGE]
    calls = [False]
    for before, token, after in zip(tokens, tokens[1:], tokens[2:], strict=False):
        if token["type"] in _OPENING:
            calls.append(token["type"] == "lparen" and before["type"] == "unquoted_identifier")
        elif token["type"] in _CLOSING:
            calls.pop()
        elif token["type"] == "quoted_identifier":
            sides = {before["type"], after["type"]}
            is_plain = bool(IDENTIFIER.fullmatch(token["value"]))
            is_whole = before["type"] != "dot" and after["type"] not in _STEPS
            is_argument = calls[-1] and sides <= {"lparen", "comma", "rparen"}
            is_compared = is_whole and bool(sides & _COMPARATORS)
            is_default = is_whole and before["type"] == "or"
            if (is_plain and (is_argument or is_default)) or (is_compared and (is_plain or not _is_with_literal(tokens, token))):
                yield f"double quotes name a field: write the text in single quotes, '{token['value']}'"


def _is_with_literal(tokens: list[Mapping[str, Any]], token: Mapping[str, Any]) -> bool:
    """Whether a name that needs its quotes is compared with a literal: then it is a field."""
    index = next(index for index, each in enumerate(tokens) if each is token)
    return any(each["type"] == "literal" for each in tokens[max(0, index - 2) : index + 3])


def expression_field(compiler: Callable[[str], Selection]) -> GetPydanticSchema:
    """Describe an expression to pydantic, as text that is compiled."""

    def schema(*_: Any) -> core_schema.CoreSchema:
        text = core_schema.str_schema(min_length=1)
        return core_schema.no_info_after_validator_function(compiler, text, serialization=core_schema.to_string_ser_schema())

    return GetPydanticSchema(schema)


ConditionField = Annotated[Selection, expression_field(compile_condition)]
"""A field of a definition that is written as a JMESPath expression, which reads the response."""
ValueField = Annotated[Selection, expression_field(compile_value)]
"""The same, for one value."""
CodeField = Annotated[Selection, expression_field(compile_code)]
"""The same, for an error code."""
