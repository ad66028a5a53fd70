"""Short texts of the status page, with the point in time that they speak of."""

from __future__ import annotations

from typing import NamedTuple

from exporter.web.status import words


class Phrase(NamedTuple):
    """Some words, and the moment that they tell."""

    text: str
    moment: words.Moment | None = None
    loud: bool = False
    """Whether it should catch the eye."""


def timed(at: float, text: str, *, loud: bool = False) -> Phrase:
    """Say something about a point in time."""
    return Phrase(text, words.moment(at), loud)


def since(at: float, now: float) -> str:
    """Write how long ago something was."""
    return f"{words.duration(now - at)} ago" if now - at >= 1 else "just now"


def ahead(at: float, now: float) -> str:
    """Write how far ahead something is, and on which day."""
    date = words.day(at, now)
    return f"in {words.duration(at - now)}" + (f", {date}" if date else "")
