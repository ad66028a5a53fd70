"""Markdown for the generated documents."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; bars inside cells are escaped."""
    lines = (head, ["---"] * len(head), *rows)
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines)


def code(value: object) -> str:
    """Text as code that is valid in a table. Markdown parsers disagree on an escaped bar there, but not on an entity."""
    text = str(value)
    return f"<code>{escape(text, quote=False).replace('|', '&#124;')}</code>" if "|" in text else f"`{text}`"


def codes(names: Iterable[str]) -> str:
    """A list of names, each as code."""
    return ", ".join(f"`{name}`" for name in names)
