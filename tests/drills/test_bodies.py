from __future__ import annotations

import gzip
import itertools
import zlib
from collections.abc import Mapping
from typing import Any, Final

import pytest
from aiohttp import web

from exporter.simulator.faults import MIB, Fault, FaultContext
from tests.drills.environment import SECRET, WRONG, Environment, FaultyAccount, Scenario, with_fault
from tests.drills.running import run_drill
from tests.drills.table import DRILLS, Drill

GOOD: Final = 555
TEXT: Final = '{"code":1000,"data":{"credits_left":"%s"},"message":"ok"%s}'
GOOD_BODY: Final = (TEXT % (GOOD, "")).encode()
WRONG_BODY: Final = (TEXT % (WRONG, "")).encode()
WALLET: Final = '{"data":{"username":"faulty","wallet":{"currency":"usd","remaining_balance":%s,"auto_reload":true}}}'
LABEL: Final = 'ai_account_info{account="faulty",billing_period="",billing_type="",plan="creator",provider="elevenlabs",workspace="ab"} 1.0'
MISMATCH: Final = 'ai_account_schema_mismatches_total{account="faulty",field="wallet.remaining",provider="heygen"} 2.0'


def replying(content: bytes, status: int = 200, headers: Mapping[str, str] | None = None, **more: Any) -> Scenario:
    return Scenario(begin=lambda env: env.vendor.set_response(SECRET, status=status, content=content, headers=headers), **more)


def number(text: str) -> Scenario:
    """One invalid value among valid fields."""
    return replying((WALLET % text).encode(), provider="heygen", lines=(MISMATCH,))


def coded(content: bytes, coding: str, figure: float | None = None) -> Scenario:
    return replying(content, headers={"Content-Encoding": coding}, figure=figure)


def surrogates() -> Scenario:
    def begin(env: Environment) -> None:
        body = FaultyAccount("elevenlabs", GOOD)(0.0, 1_795_000_000.0)
        body["workspace_id"] = "a\ud800b"
        body["subscription"]["tier"] = "\udfffcreator\udc00"
        body["subscription"]["billing_period"] = None
        env.vendor.set_response(SECRET, body=body)

    return Scenario(begin=begin, provider="elevenlabs", figure=GOOD, lines=(LABEL,))


def flushed(spaces: int) -> bytes:
    """A compressed block that does not refer to others, so it can be repeated."""
    compressor = zlib.compressobj(9, wbits=-zlib.MAX_WBITS)
    return compressor.compress(b" " * spaces) + compressor.flush(zlib.Z_FULL_FLUSH)


BLOCK: Final = flushed(8 * MIB)
BOMB: Final = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03" + BLOCK * 128
"""1 GiB of spaces, without the trailer of gzip: nothing should read so far."""


async def hundred_megabytes(context: FaultContext) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Length": str(100_000_000)})
    await response.prepare(context.request)
    for _ in range(100):
        await response.write(b" " * 1_000_000)
    return response


def storm() -> Scenario:
    statuses = itertools.cycle(range(500, 600))

    async def handle(context: FaultContext) -> web.StreamResponse:
        return web.Response(status=next(statuses), body=WRONG_BODY)

    return with_fault(handle, polls=8)


SCENARIOS: Final[Mapping[str, Scenario]] = {
    "HTML page": with_fault(Fault.HTML_200),
    "no content": with_fault(Fault.EMPTY),
    "empty body": replying(b""),
    "null": with_fault(Fault.NULL),
    "array": replying(b"[%s]" % WRONG_BODY),
    "cut-off JSON": replying(WRONG_BODY[:-1]),
    "invalid UTF-8": replying(WRONG_BODY.replace(b"ok", b"caf\xe9")),
    "UTF-16": replying(WRONG_BODY.decode().encode("utf-16")),
    "byte order mark": replying(b"\xef\xbb\xbf" + (TEXT % (GOOD, "")).encode(), figure=GOOD),
    "NaN": replying(b'{"code":1000,"data":{"credits_left":NaN}}'),
    "NaN with valid fields": number("NaN"),
    "1e999": number('"1e999"'),
    "1e999999999": number("1e99999999999999999999"),
    "10,000 digits": number("7" * 10_000),
    "100 deep": replying((TEXT % (GOOD, ',"x":' + "[" * 100 + "]" * 100)).encode(), figure=GOOD),
    "100,000 deep": replying((TEXT % (WRONG, ',"x":' + "[" * 100_000 + "]" * 100_000)).encode()),
    "lone surrogates": surrogates(),
    "unknown coding": coded(WRONG_BODY, "br"),
    "several gzip members": coded(gzip.compress(GOOD_BODY[:9]) + gzip.compress(GOOD_BODY[9:]), "gzip", figure=GOOD),
    "coding none": coded(GOOD_BODY, "none", figure=GOOD),
    "million numbers": coded(gzip.compress(WRONG_BODY[:-1] + b',"more":[' + b"1," * 500_000 + b"1]}"), "gzip"),
    "truncated gzip": coded(gzip.compress(WRONG_BODY)[:-4], "gzip"),
    "bad gzip": coded(WRONG_BODY, "gzip"),
    "gzip bomb": coded(BOMB, "gzip"),
    "100 MB": with_fault(hundred_megabytes),
    "storm of 5xx": storm(),
    "error page of a megabyte": replying(b" " * 2 * MIB, 503),
}


@pytest.mark.parametrize("drill", [drill for drill in DRILLS if drill.name in SCENARIOS], ids=lambda drill: drill.name)
async def test_drill_on_the_response(drill: Drill) -> None:
    await run_drill(drill, SCENARIOS[drill.name])


def test_the_gzip_bomb_is_small_and_decodes_to_a_gibibyte() -> None:
    assert len(BOMB) < MIB
    decompressor = zlib.decompressobj(zlib.MAX_WBITS | 16)
    assert len(decompressor.decompress(BOMB, 9 * MIB)) == 9 * MIB  # it does not end with the first block
    assert 128 * len(zlib.decompressobj(-zlib.MAX_WBITS).decompress(BLOCK)) == 1024 * MIB
