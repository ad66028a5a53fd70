"""Any header and any document is accepted or refused, without an unexpected error."""

from __future__ import annotations

import asyncio
import base64
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from exporter.errors import ConfigError
from exporter.web.web_config.basic_auth import Credentials, parse_authorization
from exporter.web.web_config.blocks import Headers, Http, RateLimit, Tls, WebFile
from exporter.web.web_config.field_types import parse_go_duration
from exporter.web.web_config.loader import load_web_config
from exporter.web.web_config.web_config import WebConfig
from tests.web.web_config.support import ALICE, protected, write

LINE: Final = st.binary(max_size=40).filter(lambda line: not set(line) & {0, 10, 13})
TOKEN: Final = st.binary(max_size=60).map(base64.b64encode)
HEADER: Final = st.builds(lambda scheme, rest: scheme + b" " + rest, st.sampled_from([b"Basic", b"basic", b"Digest"]), TOKEN | LINE) | LINE


async def statuses(values: list[bytes]) -> set[bytes]:
    found = set()
    async with protected(WebConfig(users={"alice": ALICE})) as server:
        for value in values:
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            writer.write(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAuthorization: " + value + b"\r\n\r\n")
            found.add((await reader.read()).split()[1])
            writer.close()
            await writer.wait_closed()
        assert server.seen == []
    return found


@settings(max_examples=15)
@given(st.lists(HEADER, min_size=1, max_size=15))
def test_any_authorization_header_is_refused_and_none_breaks_the_server(values: list[bytes]) -> None:
    assert asyncio.run(statuses(values)) <= {b"401", b"400"}  # 400 where it is no HTTP


@given(st.lists(st.text(), max_size=3))
@example(["Basic \udcff"])
@example(["Basic " + "=" * 9])
def test_any_headers_are_credentials_or_none(values: list[str]) -> None:
    found = parse_authorization(values)
    assert found is None or (len(values) == 1 and b":" not in found.user)


@given(st.binary(), st.binary())
def test_encoded_credentials_are_decoded(user: bytes, password: bytes) -> None:
    user = user.replace(b":", b"")
    packed = base64.b64encode(user + b":" + password).decode()
    assert parse_authorization([f"Basic {packed}"]) == Credentials(user, password)


@given(st.text(alphabet="0123456789.nuµsmh-+ ") | st.integers() | st.floats() | st.booleans() | st.none())
def test_any_interval_is_read_or_refused(text: object) -> None:
    with suppress(ValueError):
        assert parse_go_duration(text) >= 0


KEYS: Final = sorted(
    {field.alias or name for model in (WebFile, Tls, Http, Headers, RateLimit) for name, field in model.model_fields.items()}
)
SCALAR: Final = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from([ALICE, "TLS12", "1s", ".", "deny", ""])
)
ANYTHING: Final = st.recursive(
    SCALAR, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS) | SCALAR, inner, max_size=4), max_leaves=10
)


@given(ANYTHING | st.dictionaries(st.sampled_from(sorted(WebFile.model_fields)), ANYTHING, max_size=4))
@example({"tls_server_config": {"cert_file": "\0", "key_file": "~"}})
@example({"tls_server_config": {"cert": "\ud800", "key": "x"}})
def test_any_document_is_loaded_or_refused_with_problems(document: Any) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = write(Path(folder), yaml.safe_dump(document))
        with suppress(ConfigError):
            load_web_config(path)
