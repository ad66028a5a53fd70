"""Which format and coding a scraper gets: its headers are hostile input, and anything odd means text 0.0.4.

Source: https://prometheus.io/docs/instrumenting/content_negotiation/ and RFC 9110, section 12.5.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import NamedTuple


class Format(Enum):
    """A format that is really emitted, with its content type."""

    TEXT = "text/plain; version=0.0.4; charset=utf-8"
    OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"


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
    version = offer.parameters.get("version")
    match offer.name:
        case "application/openmetrics-text" if version in {None, "1.0.0"}:
            return Format.OPENMETRICS
        case "text/plain" if version in {None, "0.0.4"}:
            return Format.TEXT
        case _:
            return None


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
