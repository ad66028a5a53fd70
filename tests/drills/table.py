"""All drills on the wire: what goes wrong at one vendor, and what the exporter makes of it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from exporter.model import Reason


@dataclass(frozen=True, slots=True)
class Drill:
    """One thing that goes wrong. The reason in backticks is the one that the drill expects; without one, polls stay good."""

    name: str
    fault: str
    outcome: str

    @property
    def reason(self) -> Reason | None:
        """The reason that is counted."""
        found = re.search(r"`(\w+)`", self.outcome)
        return Reason(found[1]) if found else None


KEPT = "; the last good figure stays."
GOOD = "The poll is good: "

DRILLS: tuple[Drill, ...] = (
    # how the answer comes
    Drill("hang", "The vendor takes the request and answers nothing.", f"`timeout` when the account's time is over{KEPT}"),
    Drill("endless headers", "The answer's headers never end.", f"`timeout`{KEPT}"),
    Drill("endless early hints", "Interim answers (103) follow one another, and no answer comes.", f"`timeout`{KEPT}"),
    Drill("drip", "The body comes byte by byte and never ends.", f"`timeout`{KEPT}"),
    Drill("reset", "The connection is torn down in env of an answer.", f"`connection`{KEPT}"),
    Drill("reset mid-body", "The connection is torn down in the middle of the body.", f"`connection`{KEPT}"),
    Drill("closed", "The connection is closed in env of an answer.", f"`connection`{KEPT}"),
    Drill("announced too long", "The connection ends before the announced length is reached.", f"`connection`{KEPT}"),
    Drill("announced too short", "More bytes come than were announced.", f"`connection`, as what follows is no answer{KEPT}"),
    Drill("bad chunk", "The size of a chunk is not a number.", f"`connection`{KEPT}"),
    Drill("no last chunk", "The connection ends between two chunks.", f"`connection`{KEPT}"),
    Drill("one huge header", "One header is a megabyte long.", f"`connection`, as that is not read to its end{KEPT}"),
    Drill("many headers", "Small headers come to a megabyte.", f"`connection`, as they are not read to their end{KEPT}"),
    Drill("not HTTP", "The server greets in another protocol.", f"`connection`{KEPT}"),
    Drill("two answers", "A second answer, with another figure, follows the first at once.", f"{GOOD}the second answer is nobody's."),
    Drill("HTTP/1.0", "The answer is HTTP/1.0, names no length and ends with the connection.", f"{GOOD}that is allowed."),
    Drill("early hints", "An interim answer (103) comes first.", f"{GOOD}interim answers are passed over."),
    Drill("continue", "A 100 that nobody asked for comes first.", f"{GOOD}interim answers are passed over."),
    Drill("redirect", "A redirect leads to another host.", f"`invalid_response`, and no byte reaches that host{KEPT}"),
    # the way to the vendor
    Drill("server stopped", "Nothing listens on the vendor's port, until something does again.", f"`connection`{KEPT}"),
    Drill("unknown name", "The vendor's name cannot be resolved.", "`connection`; polls are good once it can be."),
    Drill("unknown authority", "The certificate is signed by an authority that is not trusted.", "`tls`; the key is not sent."),
    Drill("expired certificate", "The certificate has expired.", "`tls`; the key is not sent."),
    Drill("certificate of another host", "The certificate names another host.", "`tls`; the key is not sent."),
    Drill("old TLS", "The server speaks nothing newer than TLS 1.1.", "`tls`; the key is not sent."),
    # what the body is
    Drill("page for people", "HTTP 200 comes with a page of HTML.", f"`invalid_response`{KEPT}"),
    Drill("no content", "HTTP 204 comes without a body.", f"`invalid_response`{KEPT}"),
    Drill("empty body", "HTTP 200 comes with a body of no bytes.", f"`invalid_response`{KEPT}"),
    Drill("null", "The body is the JSON null.", f"`invalid_response`{KEPT}"),
    Drill("array", "The body is an array.", f"`invalid_response`{KEPT}"),
    Drill("cut-off JSON", "The body ends in the middle, and is whole as HTTP.", f"`invalid_response`{KEPT}"),
    Drill("invalid UTF-8", "The body holds bytes that UTF-8 does not have.", f"`invalid_response`{KEPT}"),
    Drill("UTF-16", "The body is JSON in UTF-16.", f"`invalid_response`{KEPT}"),
    Drill("byte order mark", "The body starts with a byte order mark.", f"{GOOD}the mark is passed over."),
    Drill("NaN", "The figure is NaN.", f"`invalid_response`, where the definition expects that figure{KEPT}"),
    Drill("NaN beside good fields", "One figure of several fields is NaN.", f"{GOOD}the figure is absent and counted as a mismatch."),
    Drill("1e999", "A figure is beyond every double.", f"{GOOD}the figure is absent and counted as a mismatch."),
    Drill("1e999999999", "A figure's exponent is beyond all reason.", f"{GOOD}the figure is absent and counted as a mismatch."),
    Drill("10,000 digits", "A figure has 10,000 digits.", f"{GOOD}the figure is absent and counted as a mismatch."),
    Drill("100 deep", "A field that nobody asked for is nested 100 deep.", f"{GOOD}the field is passed over."),
    Drill("100,000 deep", "A field that nobody asked for is nested 100,000 deep.", f"`invalid_response`{KEPT}"),
    Drill("lone surrogates", "Texts hold halves of characters.", f"{GOOD}the halves are cut out of labels."),
    Drill("unknown coding", "The body comes in a coding that was not asked for.", f"`invalid_response`{KEPT}"),
    Drill("truncated gzip", "A compressed body is cut off.", f"`invalid_response`{KEPT}"),
    Drill("bad gzip", "A body is called gzip and is not.", f"`invalid_response`{KEPT}"),
    Drill(
        "gzip bomb",
        "A compressed body of less than 1 MiB inflates to 1 GiB.",
        f"`invalid_response`, without inflating more than 1 MiB{KEPT}",
    ),
    Drill("100 MB", "A body has 100 MB.", f"`invalid_response`, without reading more than about 1 MiB{KEPT}"),
    # what the vendor says
    Drill("storm of 5xx", "Each answer is another status from 500 to 599.", f"`server_error`{KEPT}"),
    Drill("error page of a megabyte", "HTTP 503 comes with a body beyond the limit.", f"`server_error`: the status says enough{KEPT}"),
    Drill("429", "HTTP 429 comes without `Retry-After`.".replace("`", ""), f"`rate_limited`; polls go on at the interval{KEPT}"),
    Drill("wait -1", "HTTP 429 asks to wait a negative time.", f"`rate_limited`; the wish is passed over{KEPT}"),
    Drill("wait 0", "HTTP 429 asks not to wait at all.", f"`rate_limited`; the interval is the least{KEPT}"),
    Drill("wait 0.6", "HTTP 429 asks to wait 0.6 seconds.", f"`rate_limited`; the wish is obeyed{KEPT}"),
    Drill("wait a year", "HTTP 429 asks to wait a year.", f"`rate_limited`; it is obeyed up to max_retry_after{KEPT}"),
    Drill(
        "wait until a date", "HTTP 429 names a date, by a clock that is years off.", f"`rate_limited`; the vendor's own clock counts{KEPT}"
    ),
    Drill("wait until the past", "HTTP 429 names a date that has passed.", f"`rate_limited`; the wish is passed over{KEPT}"),
    Drill("wait for nonsense", 'HTTP 429 asks to wait "soon".', f"`rate_limited`; the wish is passed over{KEPT}"),
    Drill("wait for 400 digits", "HTTP 429 asks to wait a number of 400 digits.", f"`rate_limited`; the wish is passed over{KEPT}"),
    Drill("two wishes", "HTTP 429 asks twice, to wait different times.", f"`rate_limited`; the first wish is obeyed{KEPT}"),
)
