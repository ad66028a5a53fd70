"""What the HTML pages have in common: templates, style, headers, and links to each other."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined


@dataclass(frozen=True, slots=True)
class HtmlPage:
    """A rendered page."""

    body: bytes
    headers: Mapping[str, str]


class Layout:
    """One kind of page. Its templates are read once."""

    def __init__(self, template: str, *, telemetry_path: str, has_config: bool, **constant: Any) -> None:
        """`constant` are values of the template that do not change. `has_config` is whether there is a page `/config`."""
        # Everything is escaped: names, labels and messages come from vendors and operators.
        loader = PackageLoader("exporter.web.status")
        environment = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
        self._template = environment.get_template(template)
        style, script = (loader.get_source(environment, name)[0].strip() for name in ("status.css", "status.js"))
        self._constant = {
            "style": style,
            "script": script,
            # Relative, so that the page works below a path of a proxy.
            "telemetry_path": telemetry_path.lstrip("/"),
            "has_config": has_config,
            **constant,
        }
        self._headers = {
            "Content-Type": "text/html; charset=utf-8",
            "Content-Security-Policy": _policy(style, script),
            "Cache-Control": "no-store",
            "Referrer-Policy": "no-referrer",
        }

    def render(self, **values: Any) -> HtmlPage:
        """Render the page."""
        return HtmlPage(self._template.render(self._constant, **values).encode(errors="replace"), self._headers)


def _policy(style: str, script: str) -> str:
    return "; ".join(
        (
            "default-src 'none'",
            f"style-src '{_digest(style)}'",
            f"script-src '{_digest(script)}'",
            "img-src data:",
            "connect-src 'self'",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        )
    )


def _digest(source: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()}"
