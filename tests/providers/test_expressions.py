"""Mistakes in expressions are reported with what to write instead."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.providers.expressions import compile_expression, compile_value, is_expression

ARITHMETIC = "JMESPath has no arithmetic: use `minus` for a difference, `scale` for a factor and `each` for a sum"
HYPHEN = 'JMESPath has no arithmetic: use `minus` for a difference; a name with a hyphen needs quotes: "rate-limit"'


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a.total - a.used", ARITHMETIC),
        ("total * 0.01", ARITHMETIC),
        ("total*rate", ARITHMETIC),
        ("cents / '100'", ARITHMETIC),
        ("a + b", ARITHMETIC),
        ("sum(a[].b) - c", ARITHMETIC),
        ("rate-limit.left", HYPHEN),
        ("data.rate-limit", HYPHEN),
        ("$.data.left", "this is JMESPath, not JSONPath: leave out `$.`"),
        ("$", "this is JMESPath, not JSONPath: leave out `$.`"),
        ("unit == 3", "a number in an expression is written in backticks: `3`"),
        ("left > -1", "a number in an expression is written in backticks: `3`"),
        ("state = 'on'", "two values are compared with =="),
        ("a and b", "JMESPath writes `and` as &&, `or` as || and `not` as !"),
    ],
)
def test_what_is_no_expression_is_reported_with_what_to_write(text: str, problem: str) -> None:
    with pytest.raises(ValueError, match="is not a JMESPath expression") as caught:
        compile_expression(text)
    assert str(caught.value) == f"is not a JMESPath expression: {problem}"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("summ(data[].left)", "JMESPath has no function 'summ'; did you mean 'sum'?"),
        ("data[?startswith(a, 'x')] | [0]", "JMESPath has no function 'startswith'; did you mean 'starts_with'?"),
        ("first(data)", "JMESPath has no function 'first'"),
        ("sum(a, b)", "the function 'sum' takes 1 argument, found 2"),
        ("contains(a)", "the function 'contains' takes 2 arguments, found 1"),
        ("not_null()", "the function 'not_null' takes 1 or more arguments, found 0"),
        ('data[?type=="online"] | [0]', "double quotes name a field: write the text in single quotes, 'online'"),
        ('data[?"online" == type].left | [0]', "double quotes name a field: write the text in single quotes, 'online'"),
        ('type == "on-line"', "double quotes name a field: write the text in single quotes, 'on-line'"),
        ('currency || "usd"', "double quotes name a field: write the text in single quotes, 'usd'"),
        ('contains(keys(@), "limit")', "double quotes name a field: write the text in single quotes, 'limit'"),
        ("state == `on`", "backticks contain JSON: write the text in single quotes, 'on'"),
        ("currency || ` usd`", "backticks contain JSON: write the text in single quotes, 'usd'"),
        ("enabled == true", "true without backticks is the field of that name: write `true`"),
        ("data.enabled || false", "false without backticks is the field of that name: write `false`"),
    ],
)
def test_what_never_selects_what_is_meant_is_reported(text: str, problem: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        compile_expression(text)
    assert str(caught.value) == problem


@pytest.mark.parametrize(
    "text",
    [
        "data[*].left",
        "data[].left",
        "*.left",
        "data[?a]",
        "[a, b]",
        "{a: b}",
        "a | b[].c",
        "data[0:2]",
        "a.{b: c}",
        "keys(a)",
        "a.values(@)",
        "a || b[].c",
    ],
)
def test_a_list_where_one_value_is_expected_is_reported(text: str) -> None:
    compile_expression(text)
    with pytest.raises(ValueError, match="selects a list, where one value is expected"):
        compile_value(text)


@pytest.mark.parametrize(
    "text",
    [
        "a.b", "a[0].b", "a[?b == 'c'].d | [0]", '"rate-limit".left', '"rate-limit" == \'on\'', "'on' == \"rate-limit\"", 'to_number("rate-limit")',
        '"data"."left"', 'not_null("a".b, c)', 'a || "rate-limit"', "a || b", "a == null", "a >= `1`", "!a && type(b) == 'array'", "sum(a[].b)",
        "max_by(a, &b).c", "not_null(a, `0`)", "a | b", "join('-', a)", "a == 'x - y'", "a == 'b = c'", "@", "a == `\"text\"`", "[0]",
    ],
)  # fmt: skip
def test_other_expressions_are_accepted(text: str) -> None:
    assert str(compile_value(text)) == text


@given(st.text(alphabet="ab.[]()'\"|&=!<>?*@$-+/,: 01", max_size=12))
def test_any_text_is_an_expression_or_a_problem(text: str) -> None:
    with suppress(ValueError):
        compile_value(text)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (".data.left", "leave out the first dot"),
        ("data.left.", "leave out the last dot"),
        ("data..left", "leave out one of the two dots"),
        ("data left", "'left' is not expected as character 6"),
        ("data | ", "it ends too early"),
        ("data == 'a", "a quote is not closed: 'a"),
        ("0", "character 1 is not expected"),
        ("#a", "'#' is not expected as character 1"),
    ],
)
def test_a_fault_of_the_syntax_is_reported_in_plain_words(text: str, problem: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        compile_expression(text)
    assert str(caught.value) == f"is not a JMESPath expression: {problem}"


@pytest.mark.parametrize(
    "text",
    [
        " | ".join(["[@, @][]"] * 40),
        " | ".join(["{a: @, b: @}.values(@)[]"] * 20),
        "[" * 7 + ", ".join(["@"] * 7) + "]" * 7 + " | [" + ", ".join(["@"] * 10) + "]",
        " | ".join(["to_string([@])"] * 40),
        " | ".join(["join('', [@, @])"] * 40),
        " | ".join(["map(&[@, @], @)[]"] * 40),
        "rows[?" + " && ".join(["a"] * 3) + " && length(" + " | ".join(["[@, @][]"] * 40) + ") > `1`]",
    ],
)
def test_an_expression_whose_result_would_use_all_memory_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="its result may be more than 64 times as large as the response: use fewer lists"):
        compile_expression(text)


def test_a_join_with_a_text_of_the_response_is_refused() -> None:
    """A response of a megabyte could become one of a terabyte."""
    with pytest.raises(ValueError, match="the first argument of the function 'join' must be a text in single quotes, such as ', '"):
        compile_expression("a | join(to_string(@), rows)")


def test_a_long_expression_is_refused_before_it_is_read() -> None:
    with pytest.raises(ValueError, match="expected 1000 characters at most"):
        compile_expression(" || ".join(['"a-b" == c'] * 100_000))


def test_a_long_text_is_no_expression() -> None:
    """The name of a unit is asked for this before its length is checked. To read it would take half a minute."""
    assert not is_expression("a || " * 200_000 + "a")


def test_an_expression_of_many_fields_and_choices_is_accepted() -> None:
    text = f"[{', '.join(f'data.a{number}' for number in range(60))}][?@ != null]"
    assert str(compile_expression(text)) == text
    choices = " || ".join(["not_null(a, b) == 'x'"] * 30)
    assert str(compile_expression(choices)) == choices
