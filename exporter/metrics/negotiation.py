"""Content negotiation of the page: the headers are untrusted input, and anything invalid means text 0.0.4.

Source: https://prometheus.io/docs/instrumenting/content_negotiation/ and RFC 9110, section 12.5.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import Enum, auto
from functools import lru_cache
from typing import Final, NamedTuple


class Syntax(Enum):
    """The two syntaxes of a page."""

    TEXT = auto()
    OPENMETRICS = auto()


class Format(Enum):
    """A format of the page, with its content type."""

    TEXT = "text/plain; version=0.0.4; charset=utf-8"
    TEXT_1 = "text/plain; version=1.0.0; charset=utf-8; escaping=underscores"  # no escaping changes our names
    OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"
    OPENMETRICS_0 = "application/openmetrics-text; version=0.0.1; charset=utf-8"

    @property
    def syntax(self) -> Syntax:
        """The syntax: its versions differ only in what this page does not contain."""
        return Syntax.OPENMETRICS if self in {Format.OPENMETRICS, Format.OPENMETRICS_0} else Syntax.TEXT


class Negotiated(NamedTuple):
    """The outcome of the negotiation."""

    format: Format = Format.TEXT
    gzip: bool = False
    names: frozenset[str] = frozenset()
    """The families or series to render; empty for all."""


DEFAULT: Final = Negotiated()
"""For a request without headers and parameters."""


def negotiate(accept: str, accept_encoding: str, names: Iterable[str] = ()) -> Negotiated:
    """Return what a scraper receives for these headers and `name[]` parameters."""
    return Negotiated(choose_format(accept), accepts_gzip(accept_encoding), frozenset(names))


_FORMATS = {
    ("text/plain", None): Format.TEXT,
    ("text/plain", "0.0.4"): Format.TEXT,
    ("text/plain", "1.0.0"): Format.TEXT_1,
    ("application/openmetrics-text", None): Format.OPENMETRICS,
    ("application/openmetrics-text", "1.0.0"): Format.OPENMETRICS,
    ("application/openmetrics-text", "0.0.1"): Format.OPENMETRICS_0,
}


class _Offer(NamedTuple):
    name: str
    parameters: dict[str, str]
    quality: float


@lru_cache(16)
def choose_format(accept: str) -> Format:
    """Return the format with the highest quality; of equal ones the first.

    A wildcard does not apply to a type that is listed itself (RFC 9110, section 12.5.1).
    """
    qualities: dict[Format, float] = {}
    wildcard = 0.0
    for offer in _offers(accept):
        if (named := _format(offer)) is not None:
            qualities[named] = max(offer.quality, qualities.get(named, 0.0))
        elif offer.name in {"*/*", "text/*"}:
            wildcard = max(offer.quality, wildcard)
    best = max((qualities | {Format.TEXT: qualities.get(Format.TEXT, wildcard)}).items(), key=lambda item: item[1])
    return best[0] if best[1] > 0 else Format.TEXT


@lru_cache(16)
def accepts_gzip(accept_encoding: str) -> bool:
    """Whether the scraper accepts gzip, and does not prefer an uncompressed page (RFC 9110, section 12.5.3)."""
    qualities = {offer.name: offer.quality for offer in _offers(accept_encoding)}
    gzip = qualities.get("gzip", qualities.get("*", 0.0))
    return gzip > 0 and gzip >= qualities.get("identity", 0.0)


def _format(offer: _Offer) -> Format | None:
    return _FORMATS.get((offer.name, offer.parameters.get("version")))


def _offers(header: str) -> Iterator[_Offer]:
    for part in header.split(","):
        name, *rest = (piece.strip().lower() for piece in part.split(";"))
        parameters = {key.strip(): value.strip(' "') for key, _, value in (piece.partition("=") for piece in rest)}
        try:
            quality = float(parameters.get("q", "1"))
        except ValueError:
            continue
        if 0 <= quality <= 1:
            yield _Offer(name, parameters, quality)
