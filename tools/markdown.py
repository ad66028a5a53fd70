"""Parts of the generated Markdown documents."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from html import escape

_PART = re.compile(r"(<!-- generated: ([\w ]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; a cell is one line, and `|` inside it is escaped. Without rows the table is empty."""
    lines = [_row(line) for line in (head, ["---"] * len(head), *rows)]
    return "\n".join(lines) if len(lines) > 2 else ""


def _row(cells: Sequence[str]) -> str:
    escaped = (" ".join(cell.split()).replace("|", r"\|") for cell in cells)
    return f"| {' | '.join(escaped)} |"


def code(value: object) -> str:
    """Code for a table cell. Markdown renderers disagree on an escaped `|` inside backticks, so such code becomes HTML."""
    text = str(value)
    return f"<code>{escape(text, quote=False).replace('|', '&#124;')}</code>" if "|" in text else f"`{text}`"


def codes(names: Iterable[str]) -> str:
    """A list of names, each as code."""
    return ", ".join(f"`{name}`" for name in names)


def with_parts(document: str, parts: Mapping[str, Callable[[], str]]) -> str:
    """The document with the text between each `<!-- generated: name -->` and the next `<!-- end -->` up to date."""
    return _PART.sub(lambda found: f"{found[1]}{parts[found[2]]()}{found[3]}", document)
