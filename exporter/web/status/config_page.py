"""The page `/config`: the configuration in force, without secrets."""

from __future__ import annotations

from exporter.config.loading import Loaded
from exporter.config.redacted import redacted
from exporter.validation.document import write_document
from exporter.web.status.layout import HtmlPage, Layout


class ConfigPage:
    """Renders configurations."""

    def __init__(self, *, telemetry_path: str) -> None:
        self._layout = Layout("config.html.j2", telemetry_path=telemetry_path, has_config=True)

    def render(self, loaded: Loaded, version: str) -> HtmlPage:
        """Render the page."""
        return self._layout.render(version=version, text=write_document(redacted(loaded)))
