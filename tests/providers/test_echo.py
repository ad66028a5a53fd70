"""A text that contains the secret just sent is found, in whatever form a vendor may write it."""

from __future__ import annotations

import base64
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from exporter.model import AutoReload, Quota, Reading, Status
from exporter.providers.echo import Echo
from exporter.providers.extract import extract
from exporter.providers.values import decode_json
from tests.providers.bodies import encode
from tests.providers.made_up import definition_of

SECRET = "sk-made+up/Key~0123"
keys = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=8, max_size=60)
texts = st.text(max_size=20)


@given(keys, texts, texts)
def test_a_secret_is_found_wherever_it_is(secret: str, before: str, after: str) -> None:
    assert Echo(SecretStr(secret)).is_in(before + secret + after)


@given(keys, texts.filter(str.isprintable))
def test_an_encoded_secret_is_found(secret: str, before: str) -> None:
    echo = Echo(SecretStr(secret))
    joined = f"{before}{secret}".encode()
    encoded = [base64.b64encode(joined), base64.urlsafe_b64encode(joined), base64.b64encode(joined + b":")]
    assert all(echo.is_in(text.decode()) for text in encoded)
    assert echo.is_in(quote(secret, safe=""))
    assert echo.is_in("".join(f"%{ord(character):02X}" for character in secret))


@pytest.mark.parametrize("hidden", ["\x00", "\n", " ", "\u200b", "\u00ad", "\ud800"])
def test_characters_that_no_key_has_do_not_hide_it(hidden: str) -> None:
    assert Echo(SecretStr(SECRET)).is_in(hidden.join(SECRET))


@given(keys, texts)
def test_a_secret_that_an_expression_turns_around_is_found(secret: str, before: str) -> None:
    assert Echo(SecretStr(secret)).is_in(f"{before}{secret}"[::-1])


@pytest.mark.parametrize(
    "expression",
    ["key", "reverse(key)", "join('', ['a', key, 'b'])", "to_string([key])", "to_string({a: [key]})", "join('x', [reverse(key)])"],
)
def test_no_expression_makes_a_label_of_the_secret(expression: str) -> None:
    request = {"path": "/", "expect": "@", "info": {"plan": expression}}
    reading = extract([(definition_of({"requests": [request]}).requests[0], decode_json(encode({"key": SECRET})))], SecretStr(SECRET))
    assert (reading.info, reading.mismatches) == ({}, ("info.plan",))


@pytest.mark.parametrize("text", ["", "pro", "sk-made", "creator plan", SECRET[:-1], SECRET[1:]])
def test_other_text_is_not_the_secret(text: str) -> None:
    assert not Echo(SecretStr(SECRET)).is_in(text)


@pytest.mark.parametrize("text", ["", "pro", "b"])
def test_without_a_secret_nothing_is_found(text: str) -> None:
    assert not Echo(None).is_in(text)


def test_a_short_secret_is_found_only_as_the_whole_text() -> None:
    echo = Echo(SecretStr("pro"))
    assert echo.is_in("PRO ")
    assert not echo.is_in("production")


@given(keys, texts)
def test_a_text_shorter_than_the_secret_costs_nothing(secret: str, text: str) -> None:
    """The encoded forms are computed for a longer text only: they would cost a quarter of an extraction."""
    echo = Echo(SecretStr(secret))
    assert not echo.is_in(text[: len(secret) - 1])
    assert "_forms" not in vars(echo)
    assert min(map(len, echo._forms)) >= len(secret)


def test_each_text_that_contains_the_secret_is_its_own_mismatch() -> None:
    request = definition_of(
        {
            "requests": [
                {
                    "path": "/",
                    "expect": "@",
                    "quotas": [{"resource": "wallet", "unit": {"select": "unit"}, "remaining": "left"}],
                    "info": {"plan": "plan", "workspace": "workspace"},
                    "status": {"select": "status"},
                    "auto_reload": {"unit": {"select": "unit"}, "amount": "left"},
                }
            ]
        }
    ).requests[0]
    good = {"unit": "USD", "left": 5, "plan": "pro", "workspace": "studio", "status": "active"}
    whole = extract([(request, decode_json(encode(good)))], SecretStr(SECRET))
    quota = Quota("wallet", "usd", remaining=whole.quotas[0].remaining)
    reload = AutoReload("usd", amount=whole.quotas[0].remaining)
    assert whole == Reading((quota,), {"plan": "pro", "workspace": "studio"}, Status("active"), auto_reload=reload)
    for name, mismatches in {
        "unit": ("wallet.unit", "auto_reload.unit"), "plan": ("info.plan",), "workspace": ("info.workspace",), "status": ("status",)
    }.items():  # fmt: skip
        reading = extract([(request, decode_json(encode({**good, name: f"{'x' * 120}{SECRET}"})))], SecretStr(SECRET))
        assert reading.mismatches == mismatches
        assert "x" not in repr(reading).replace("exp", "")
