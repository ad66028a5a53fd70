"""Accept and Accept-Encoding: the headers of real scrapers, those that the RFC allows, and invalid ones."""

from __future__ import annotations

import gzip

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from exporter.metrics.exposition import Exposition
from exporter.metrics.negotiation import Format, Negotiated, Syntax, accepts_gzip, choose_format, negotiate
from tests.metrics.showcase import BUILD, showcase

TEXT, TEXT_1, OM, OM_0 = Format.TEXT, Format.TEXT_1, Format.OPENMETRICS, Format.OPENMETRICS_0
PROMETHEUS_2_30 = "application/openmetrics-text; version=0.0.1,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
PROMETHEUS_2 = (
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
)
PROMETHEUS_3 = (
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,"
    "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
)
PROMETHEUS_TEXT_ONLY = "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.6,text/plain;version=0.0.4;q=0.5,*/*;q=0.4"
PROMETHEUS_PROTOBUF_FIRST = (
    "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.6,"
    + PROMETHEUS_2.replace("=0.75", "=0.4")
)
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
PIECES = (
    "application/openmetrics-text",
    "text/plain",
    "*/*",
    ",",
    ";",
    "q=",
    "version=",
    "1.0.0",
    "0.5",
    "nan",
    "gzip",
    '"',
    "=",
    " ",
    "\t",
)

hostile = st.text(max_size=60) | st.lists(st.sampled_from(PIECES), max_size=20).map("".join)


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        pytest.param("", TEXT, id="none"),
        ("*/*", TEXT),
        ("text/*", TEXT),
        ("text/plain", TEXT),
        ("text/plain; version=0.0.4; charset=utf-8", TEXT),
        ("application/openmetrics-text", OM),
        ("application/openmetrics-text; version=1.0.0; charset=utf-8", OM),
        ('Application/OpenMetrics-Text; Version="1.0.0"', OM),
        pytest.param(PROMETHEUS_2_30, OM_0, id="Prometheus 2.30"),
        pytest.param(PROMETHEUS_2, OM, id="Prometheus 2"),
        pytest.param(PROMETHEUS_3, OM, id="Prometheus 3"),
        pytest.param(PROMETHEUS_TEXT_ONLY, TEXT_1, id="Prometheus 3, text only"),
        pytest.param(PROMETHEUS_PROTOBUF_FIRST, OM, id="protobuf, which is not made here, first"),
        pytest.param(BROWSER, TEXT, id="browser"),
    ],
)
def test_real_scrapers_get_their_preferred_format(accept: str, expected: Format) -> None:
    assert choose_format(accept) is expected


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("text/plain;q=0.9, application/openmetrics-text;q=0.1", TEXT),
        ("text/plain;q=0.1, application/openmetrics-text;q=0.9", OM),
        ("application/openmetrics-text;q=0.1, text/plain", TEXT),
        ("application/openmetrics-text;version=1.0.0 ; Q = 0.4 , text/plain;q=0.3", OM),
        ("application/openmetrics-text, text/plain", OM),
        ("text/plain, application/openmetrics-text", TEXT),
        ("application/openmetrics-text;q=0", TEXT),
        ("application/openmetrics-text;q=0.000, */*;q=0.1", TEXT),
        ("text/plain;q=0, application/openmetrics-text;q=0.001", OM),
    ],
)
def test_q_values_are_honoured(accept: str, expected: Format) -> None:
    assert choose_format(accept) is expected


@pytest.mark.parametrize(
    "accept", ["text/plain;q=0.1, */*;q=0.9, application/openmetrics-text;q=0.5", "text/plain;q=0, application/openmetrics-text;q=0.5, */*"]
)
def test_a_wildcard_does_not_apply_to_a_listed_type(accept: str) -> None:
    assert choose_format(accept) is OM


@pytest.mark.parametrize(
    "accept",
    [
        "application/openmetrics-text;q=nan",
        "application/openmetrics-text;q=-1",
        "application/openmetrics-text;q=inf",
        "application/openmetrics-text;q=2",
        "application/openmetrics-text;q=",
        "application/openmetrics-text;q=high",
        "application/openmetrics-text;version=99.0.0",
        "application/openmetrics-text;version=",
        "application/openmetrics-text;version=1.0.0.0.0",
        "application/openmetrics-text;version=abc",
        "openmetrics-text",
        "application/",
        ";;;===,,,",
        ",",
        '";"',
        "\udcff\udcfe;version=\udc80",
        "\0",
        "🎭/🎭",
    ],
)
def test_an_invalid_header_gets_text_0_0_4(accept: str) -> None:
    assert choose_format(accept) is TEXT


@pytest.mark.parametrize("piece", ["a", ",", ";", "q=", "1", "text/plain,", "application/openmetrics-text;q=0,"])
def test_a_very_long_header_gets_text_0_0_4(piece: str) -> None:
    assert choose_format(piece * 20_000) is TEXT
    assert choose_format("application/openmetrics-text;q=" + piece * 20_000) is TEXT


@pytest.mark.parametrize(
    ("accept_encoding", "expected"),
    [
        ("", False),
        ("gzip", True),
        ("GZip", True),
        ("deflate, gzip;q=1.0, *;q=0.5", True),
        ("gzip;q=0.001", True),
        ("gzip;q=0", False),
        ("gzip;q=0, *", False),
        ("gzip;q=nan", False),
        ("*", True),
        ("*;q=0", False),
        ("*;q=0, gzip", True),
        ("identity", False),
        ("identity, gzip", True),
        ("identity;q=0.5, gzip;q=0.5", True),
        ("identity;q=0, gzip;q=0.1", True),
        ("gzip;q=0.5, identity", False),
        ("gzip;q=0.5, identity;q=0.6", False),
        ("identity, *;q=0.5", False),
        ("br", False),
        ("br, zstd", False),
        ("gzipped", False),
    ],
)
def test_gzip_is_sent_to_clients_that_accept_it(accept_encoding: str, expected: bool) -> None:  # noqa: FBT001 -- a table of expectations
    assert accepts_gzip(accept_encoding) is expected


@pytest.mark.parametrize(
    ("offer", "expected"),
    [
        ("text/plain;version=0.0.4", "text/plain; version=0.0.4; charset=utf-8"),
        ("text/plain;version=1.0.0;escaping=allow-utf-8", "text/plain; version=1.0.0; charset=utf-8; escaping=underscores"),
        ("application/openmetrics-text;version=0.0.1", "application/openmetrics-text; version=0.0.1; charset=utf-8"),
        ("application/openmetrics-text;version=1.0.0;escaping=allow-utf-8", "application/openmetrics-text; version=1.0.0; charset=utf-8"),
    ],
)
def test_each_scrape_protocol_of_prometheus_gets_its_format(offer: str, expected: str) -> None:
    answer = EXPOSITION.render(SNAPSHOT, negotiate(f"{offer};q=0.5,*/*;q=0.1", ""))
    assert answer.headers["Content-Type"] == expected
    parse = parse_openmetrics if "openmetrics" in expected else parse_text
    assert {family.name for family in parse(answer.body.decode())} >= {"ai_account_up", "ai_account_quota_remaining"}


@settings(deadline=None)
@given(hostile, hostile)
def test_any_header_gets_a_complete_page_in_one_of_the_formats(accept: str, accept_encoding: str) -> None:
    answer = EXPOSITION.render(SNAPSHOT, negotiate(accept, accept_encoding))
    body = gzip.decompress(answer.body) if answer.headers.get("Content-Encoding") == "gzip" else answer.body
    assert body == PLAIN_PAGES[answer.headers["Content-Type"]]


@pytest.mark.parametrize("form", Format)
def test_every_page_is_valid(form: Format) -> None:
    parse = parse_openmetrics if form.syntax is Syntax.OPENMETRICS else parse_text
    assert list(parse(PLAIN_PAGES[form.value].decode()))


@pytest.mark.parametrize("form", Format)
@pytest.mark.parametrize(
    ("names", "families"),
    [
        ({"ai_account_up"}, {"ai_account_up"}),
        ({"ai_account_scrapes_total", "ai_account_up"}, {"ai_account_scrapes", "ai_account_up"}),
        ({"ai_account_scrapes"}, {"ai_account_scrapes"}),
        ({"ai_account_exporter_vendor_request_duration_seconds_bucket"}, {"ai_account_exporter_vendor_request_duration_seconds"}),
        ({"python_info"}, {"python_info"}),
        ({"no_such_family", "ai_account_", ""}, set()),
    ],
)
def test_a_name_filter_returns_only_those_families(form: Format, names: set[str], families: set[str]) -> None:
    body = Exposition(BUILD).render(SNAPSHOT, Negotiated(form, names=frozenset(names))).body.decode()
    parse = parse_openmetrics if form.syntax is Syntax.OPENMETRICS else parse_text
    assert {family.name for family in parse(body)} == families


SNAPSHOT = showcase().snapshot()
EXPOSITION = Exposition(BUILD, runtime=False)
PLAIN_PAGES = {form.value: EXPOSITION.render(SNAPSHOT, Negotiated(form)).body for form in Format}
