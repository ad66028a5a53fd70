"""Compressed pages: complete, and compressed again only where something has changed."""

from __future__ import annotations

import gzip
import itertools
import zlib
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.accounts.store import Store
from exporter.metrics.bodies import Compressed, Gzip, Part, compressed
from exporter.metrics.collector import BUCKETS
from exporter.metrics.exposition import FEW, Exposition, Page
from exporter.metrics.negotiation import negotiate
from exporter.model import AccountKey, Reading, Seconds
from tests.metrics.showcase import BUILD, NOW, OPENMETRICS, showcase
from tests.metrics.written import new_page
from tests.support import clock_at, job_of


def test_gzip_contains_the_same_page_and_no_timestamp() -> None:
    exposition, snapshot = Exposition(BUILD, runtime=False), showcase().snapshot()
    plain, packed = (exposition.render(snapshot, negotiate("", coding)) for coding in ("", "gzip"))
    assert gzip.decompress(packed.body) == plain.body
    assert packed.body[4:8] == bytes(4)  # MTIME, RFC 1952
    assert packed.headers == {**plain.headers, "Content-Encoding": "gzip"}
    assert len(packed.body) < len(plain.body) / 4


@pytest.mark.parametrize("accept", ["", OPENMETRICS])
def test_gzip_with_the_runtime_families_is_one_stream_each_time(accept: str) -> None:
    exposition, snapshot = Exposition(BUILD), showcase().snapshot()
    for _ in range(2):
        stream = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
        page = stream.decompress(exposition.render(snapshot, negotiate(accept, "gzip")).body)
        assert (stream.eof, stream.unused_data) == (True, b"")
        assert b"\nprocess_open_fds " in page
        assert page.endswith(b"\n# EOF\n" if accept else b"\n")
        assert page.startswith(new_page(snapshot, accept).removesuffix(b"# EOF\n"))


PARTS = st.lists(st.builds(Part, st.sampled_from("abc"), st.sampled_from([None, 1, 2]), st.lists(st.binary(max_size=2_000), max_size=3)))


@given(bodies=st.lists(PARTS, min_size=1, max_size=3), end=st.binary(max_size=5_000))
def test_a_compressed_body_of_new_and_former_parts_can_be_completed(bodies: list[list[Part]], end: bytes) -> None:
    former: Mapping[str, Compressed] = {}
    texts: dict[object, Sequence[bytes]] = {}
    for body in bodies:
        parts = {part.name: part if part.version is None else part._replace(lines=texts.setdefault(part[:2], part.lines)) for part in body}
        packed = compressed(parts.values(), former)
        former = packed.parts
        assert gzip.decompress(Page(packed.completed(end), {}).body) == b"".join(
            [*itertools.chain(*(part.lines for part in parts.values())), end]
        )


def test_only_the_families_that_changed_are_compressed_again() -> None:
    exposition, keys = Exposition(BUILD, runtime=False), [AccountKey("a", str(number)) for number in range(FEW + 1)]
    store = Store([job_of(key) for key in keys], BUCKETS, clock_at(NOW))
    for key in keys:
        store.record_success(key, Reading(info={"plan": "pro"}), at=NOW - 1, duration=Seconds(1), interval=Seconds(60))
    negotiated = negotiate("", "gzip")

    def parts() -> Mapping[str, Compressed]:
        snapshot = store.snapshot()
        assert gzip.decompress(exposition.render(snapshot, negotiated).body) == new_page(snapshot)
        body = exposition.kept(snapshot, negotiated)
        assert isinstance(body, Gzip)
        return body.parts

    before = parts()
    store.record_success(keys[0], Reading(info={"plan": "pro"}), at=NOW, duration=Seconds(1), interval=Seconds(60))
    changed = {name for name, part in parts().items() if part is not before.get(name)}
    assert changed == {
        "ai_account_scrapes_total",
        "ai_account_last_scrape_timestamp_seconds",
        "ai_account_last_success_timestamp_seconds",
        "",
    }
