"""Which format and coding a scraper gets: its headers are hostile input, and anything odd means text 0.0.4.

Source: https://prometheus.io/docs/instrumenting/content_negotiation/ and RFC 9110, section 12.5.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import Enum, auto
from typing import Final, NamedTuple


class Syntax(Enum):
    """The two ways to write a page."""

    TEXT = auto()
    OPENMETRICS = auto()


class Format(Enum):
    """A format that is really emitted, with its content type."""

    TEXT = "text/plain; version=0.0.4; charset=utf-8"
    TEXT_1 = "text/plain; version=1.0.0; charset=utf-8; escaping=underscores"  # our names are such that no escaping changes them
    OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"
    OPENMETRICS_0 = "application/openmetrics-text; version=0.0.1; charset=utf-8"

    @property
    def syntax(self) -> Syntax:
        """How it is written: the versions of each syntax differ only in what this page does not contain."""
        return Syntax.OPENMETRICS if self in {Format.OPENMETRICS, Format.OPENMETRICS_0} else Syntax.TEXT


class Wish(NamedTuple):
    """What a request asks for."""

    format: Format = Format.TEXT
    gzip: bool = False
    names: frozenset[str] = frozenset()
    """Families or series to be shown alone; none means all."""


EVERYTHING: Final = Wish()
"""What is given to those who ask for nothing in particular."""


def read_wish(accept: str, accept_encoding: str, names: Iterable[str] = ()) -> Wish:
    """What a scraper gets that sends these headers and these `name[]` parameters."""
    return Wish(choose_format(accept), accepts_gzip(accept_encoding), frozenset(names))


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


def choose_format(accept: str) -> Format:
    """The format that the scraper likes best among ours; on a tie the one that it names first.

    A wildcard says nothing of a type that is named beside it (RFC 9110, section 12.5.1).
    """
    liking: dict[Format, float] = {}
    wildcard = 0.0
    for offer in _offers(accept):
        if (named := _format(offer)) is not None:
            liking[named] = max(offer.quality, liking.get(named, 0.0))
        elif offer.name in {"*/*", "text/*"}:
            wildcard = max(offer.quality, wildcard)
    best = max((liking | {Format.TEXT: liking.get(Format.TEXT, wildcard)}).items(), key=lambda item: item[1])
    return best[0] if best[1] > 0 else Format.TEXT


def accepts_gzip(accept_encoding: str) -> bool:
    """Whether the scraper takes gzip."""
    qualities = {offer.name: offer.quality for offer in _offers(accept_encoding)}
    return qualities.get("gzip", qualities.get("*", 0.0)) > 0


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
