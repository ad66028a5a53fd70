"""Listen addresses: the forms that all exporters accept."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.web.address import Address, parse_address

hosts = st.none() | st.from_regex(r"[a-z0-9.-]{1,20}", fullmatch=True) | st.ip_addresses().map(str)


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        (":9893", None, 9893),
        ("127.0.0.1:9893", "127.0.0.1", 9893),
        ("localhost:80", "localhost", 80),
        ("[::1]:9893", "::1", 9893),
        ("[::]:9893", "::", 9893),
        ("[fe80::1%eth0]:9893", "fe80::1%eth0", 9893),
        (":0", None, 0),
        (":65535", None, 65_535),
    ],
)
def test_an_address_is_a_host_and_a_port_and_is_shown_as_written(text: str, host: str | None, port: int) -> None:
    address = parse_address(text)
    assert address == Address(host, port)
    assert str(address) == text


@pytest.mark.parametrize(
    "text",
    [
        "", ":", "9893", "localhost", "127.0.0.1", "127.0.0.1:", ":65536", ":99999", ":123456", ":-1", ":+1", ":1e3", ":0x50", ":http", ": 80",
        ":80 ", ":80\n", "::1", "::1:9893", "[::1]", "[::1]9893", "[]:9893", "[::1:9893", "http://localhost:9893", "localhost:80/metrics",
        ":٣", "[[::1]]:80",
    ],
)  # fmt: skip
def test_anything_else_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match=r"expected :9893, 127\.0\.0\.1:9893 or \[::1\]:9893, with a port up to 65535") as caught:
        parse_address(text)
    assert repr(text) in str(caught.value)


@given(st.text() | st.from_regex(r"\[?[a-z0-9:.]{0,12}\]?:[0-9]{0,7}", fullmatch=True))
def test_any_text_is_an_address_or_a_value_error(text: str) -> None:
    with contextlib.suppress(ValueError):
        assert 0 <= parse_address(text).port <= 65_535


@given(hosts, st.integers(0, 65_535))
def test_a_written_address_is_read_back(host: str | None, port: int) -> None:
    address = Address(host, port)
    assert parse_address(str(address)) == address
