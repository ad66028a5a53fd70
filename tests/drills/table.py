"""All network drills: the fault of one vendor, and the result in the exporter."""

from __future__ import annotations

import re
from dataclasses import dataclass

from exporter.model import Reason


@dataclass(frozen=True, slots=True)
class Drill:
    """One fault. The reason in backticks is the one that the drill expects; without a reason, polls succeed."""

    name: str
    fault: str
    outcome: str

    @property
    def reason(self) -> Reason | None:
        """The reason that is counted."""
        found = re.search(r"`(\w+)`", self.outcome)
        return Reason(found[1]) if found else None


KEPT = "; the last value stays."
GOOD = "The poll succeeds; "
MISMATCH = f"{GOOD}the value is absent and counted as a mismatch."

DRILLS: tuple[Drill, ...] = (
    # transport
    Drill("hang", "The vendor accepts the request and never responds.", f"`timeout` after the account's timeout{KEPT}"),
    Drill("endless headers", "The headers of the response never end.", f"`timeout`{KEPT}"),
    Drill("endless early hints", "The vendor sends informational responses (103) endlessly.", f"`timeout`{KEPT}"),
    Drill("drip", "The body arrives byte by byte and never ends.", f"`timeout`{KEPT}"),
    Drill("reset", "The connection is reset before the response.", f"`connection`{KEPT}"),
    Drill("reset mid-body", "The connection is reset in the middle of the body.", f"`connection`{KEPT}"),
    Drill("closed", "The connection is closed before the response.", f"`connection`{KEPT}"),
    Drill("announced too long", "The body is shorter than its Content-Length.", f"`connection`{KEPT}"),
    Drill("announced too short", "The body is longer than its Content-Length.", f"`connection`, because the rest is not a response{KEPT}"),
    Drill("bad chunk", "The size of a chunk is not a number.", f"`connection`{KEPT}"),
    Drill("no last chunk", "The connection ends between two chunks.", f"`connection`{KEPT}"),
    Drill("one huge header", "One header has a size of 1 MB.", f"`connection`; it is not read completely{KEPT}"),
    Drill("many headers", "Many small headers have a total size of 1 MB.", f"`connection`; they are not read completely{KEPT}"),
    Drill("not HTTP", "The server uses another protocol.", f"`connection`{KEPT}"),
    Drill("two responses", "A second response with another value follows the first.", f"{GOOD}the second response is discarded."),
    Drill(
        "unsolicited response",
        "After each response, a second one with another value arrives on the idle connection.",
        f"{GOOD}the connection is closed and no account gets that value.",
    ),
    Drill("late 408", "After each response, a 408 arrives on the idle connection.", f"{GOOD}the connection is closed."),
    Drill("large headers", "One header has 100 KB and there are 150 others.", f"{GOOD}the limits are those of curl."),
    Drill("HTTP/1.0", "The response is HTTP/1.0 without a Content-Length.", f"{GOOD}this is valid HTTP."),
    Drill("early hints", "An informational response (103) comes first.", f"{GOOD}informational responses are ignored."),
    Drill("continue", "An unexpected 100 response comes first.", f"{GOOD}informational responses are ignored."),
    Drill("redirect", "The response is a redirect to another host.", f"`invalid_response`; nothing is sent to that host{KEPT}"),
    # connection and TLS
    Drill("server stopped", "The vendor's port is closed, and opens again later.", f"`connection`{KEPT}"),
    Drill("unknown name", "The vendor's host name cannot be resolved.", "`connection`; polls succeed when the name can be resolved again."),
    Drill("unknown authority", "The certificate authority is not trusted.", "`tls`; the key is not sent."),
    Drill("expired certificate", "The certificate has expired.", "`tls`; the key is not sent."),
    Drill("certificate of another host", "The certificate is for another host.", "`tls`; the key is not sent."),
    Drill("self-signed certificate", "The certificate is self-signed and not in ca_file.", "`tls`; the key is not sent."),
    Drill("certificate that is not valid yet", "The certificate is not valid yet.", "`tls`; the key is not sent."),
    Drill("old TLS", "The server supports only TLS 1.1 and older.", "`tls`; the key is not sent."),
    # body
    Drill("HTML page", "The status is 200 and the body is HTML.", f"`invalid_response`{KEPT}"),
    Drill("no content", "The status is 204 and there is no body.", f"`invalid_response`{KEPT}"),
    Drill("empty body", "The status is 200 and the body is empty.", f"`invalid_response`{KEPT}"),
    Drill("null", "The body is the JSON value null.", f"`invalid_response`{KEPT}"),
    Drill("array", "The body is an array.", f"`invalid_response`{KEPT}"),
    Drill("cut-off JSON", "The JSON is truncated, but the HTTP response is complete.", f"`invalid_response`{KEPT}"),
    Drill("invalid UTF-8", "The body is not valid UTF-8.", f"`invalid_response`{KEPT}"),
    Drill("UTF-16", "The body is JSON in UTF-16.", f"`invalid_response`{KEPT}"),
    Drill("byte order mark", "The body starts with a byte order mark.", f"{GOOD}the mark is ignored."),
    Drill("NaN", "The value is NaN.", f"`invalid_response`, because the definition expects this value{KEPT}"),
    Drill("NaN with valid fields", "One value of several is NaN.", MISMATCH),
    Drill("1e999", "A value is too large for a double.", MISMATCH),
    Drill("1e999999999", "The exponent of a value is extremely large.", MISMATCH),
    Drill("10,000 digits", "A value has 10,000 digits.", MISMATCH),
    Drill("100 deep", "An unused field is nested 100 levels deep.", f"{GOOD}the field is ignored."),
    Drill("100,000 deep", "An unused field is nested 100,000 levels deep.", f"`invalid_response`{KEPT}"),
    Drill("lone surrogates", "Texts contain lone surrogates.", f"{GOOD}they are removed from labels."),
    Drill("unknown coding", "The body has a content encoding that was not requested.", f"`invalid_response`{KEPT}"),
    Drill("several gzip members", "A compressed body has several members.", f"{GOOD}all members are read."),
    Drill("coding none", "The Content-Encoding is none.", f"{GOOD}the body is read as it is."),
    Drill("million numbers", "A small compressed body has a million numbers.", f"`invalid_response`; they are not decoded{KEPT}"),
    Drill("truncated gzip", "A compressed body is truncated.", f"`invalid_response`{KEPT}"),
    Drill("bad gzip", "The Content-Encoding is gzip, but the body is not.", f"`invalid_response`{KEPT}"),
    Drill(
        "gzip bomb",
        "A compressed body of less than 1 MiB expands to 1 GiB.",
        f"`invalid_response`; at most 1 MiB is decompressed{KEPT}",
    ),
    Drill("100 MB", "A body has a size of 100 MB.", f"`invalid_response`; only about 1 MiB is read{KEPT}"),
    # status
    Drill("storm of 5xx", "Each response has another status from 500 to 599.", f"`server_error`{KEPT}"),
    Drill("error page of a megabyte", "The status is 503 and the body is too large.", f"`server_error`; the status is sufficient{KEPT}"),
    Drill("429", "The status is 429 without Retry-After.", f"`rate_limited`; polls continue at the interval{KEPT}"),
    Drill("wait -1", "Retry-After is negative.", f"`rate_limited`; it is ignored{KEPT}"),
    Drill("wait 0", "Retry-After is 0.", f"`rate_limited`; the interval still applies{KEPT}"),
    Drill("wait 0.6", "Retry-After is 0.6 seconds.", f"`rate_limited`; it is honoured{KEPT}"),
    Drill("wait a year", "Retry-After is a year.", f"`rate_limited`; it is honoured up to max_retry_after{KEPT}"),
    Drill(
        "wait until a date",
        "Retry-After is a date, and the vendor's clock is years off.",
        f"`rate_limited`; it is compared with the vendor's Date header{KEPT}",
    ),
    Drill("wait until the past", "Retry-After is a date in the past.", f"`rate_limited`; it is ignored{KEPT}"),
    Drill("wait until a Unix time", "Retry-After is a Unix time in the future.", f"`rate_limited`; it is honoured{KEPT}"),
    Drill("wait until a past Unix time", "Retry-After is a Unix time in the past.", f"`rate_limited`; it is ignored{KEPT}"),
    Drill("wait for nonsense", 'Retry-After is "soon".', f"`rate_limited`; it is ignored{KEPT}"),
    Drill("wait for 400 digits", "Retry-After has 400 digits.", f"`rate_limited`; it is ignored{KEPT}"),
    Drill("two headers", "There are two Retry-After headers with different values.", f"`rate_limited`; the first one is honoured{KEPT}"),
)
