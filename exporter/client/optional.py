"""The optional requests of one poll: their failure does not fail the poll."""

from __future__ import annotations

from dataclasses import dataclass, field

from exporter.errors import PollError
from exporter.model import Reading


@dataclass(slots=True)
class OptionalResults:
    """Which optional requests must wait, and the outcomes of the others, by path. The client fills them in."""

    waiting: frozenset[str] = frozenset()
    outcomes: dict[str, Reading | PollError] = field(default_factory=dict)
