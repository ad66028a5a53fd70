"""The status page as a reader sees it: its text, elements, links and accounts."""

from __future__ import annotations

import html
import re
from functools import lru_cache
from html.parser import HTMLParser

from exporter.overview.facts import Overview
from exporter.web.status.page import StatusPage

PAGE = StatusPage(telemetry_path="/metrics")


VOID = {"meta", "link", "input", "rect", "path", "col"}


class Read(HTMLParser):
    """The parsed page: its text and elements. Every element must be closed in order."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.open: list[str] = []
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not self.open or self.open[-1] not in {"style", "script"}:
            self.texts.append(data)

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", "".join(self.texts))


@lru_cache(maxsize=8)
def read_page(source: str) -> Read:
    return Read(source)


def show(shown: Overview, words: str = "", *parameters: tuple[str, str]) -> str:
    return PAGE.render(shown, [("q", words), *parameters]).body.decode()


def keys(source: str) -> list[str | None]:
    return [attributes["data-key"] for tag, attributes in read_page(source).elements if tag == "tbody"]


def links(source: str) -> dict[str, str]:
    """The targets of all links, by text."""
    found = re.findall(r'<a[^>]* href="([^"]*)"[^>]*>(.*?)</a>', source)
    return {Read(text).text.strip(): html.unescape(target) for target, text in found}
