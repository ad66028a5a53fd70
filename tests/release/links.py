"""The links of a Markdown document, as a browser finds them on the rendered page."""

from __future__ import annotations

import importlib
from html.parser import HTMLParser


class _Targets(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, _tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value or "" for name, value in attrs if name in {"href", "src"}]


def targets(document: str) -> list[str]:
    """The targets of all links and images."""
    markdown = importlib.import_module("markdown")  # zensical depends on it; it carries no types
    parser = _Targets()
    parser.feed(markdown.markdown(document, extensions=["tables", "fenced_code"]))
    return parser.found


def relative_targets(document: str) -> list[str]:
    """The targets that lead nowhere on another site."""
    return [target for target in targets(document) if not target.startswith(("https://", "http://127.0.0.1", "http://localhost"))]
