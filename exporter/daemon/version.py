"""Which version of the exporter runs."""

from __future__ import annotations

import os

VERSION = "0.1.0"
DISTRIBUTION = "ai-account-exporter"
REVISION_VARIABLE = "AI_ACCOUNT_EXPORTER_REVISION"


def version() -> str:
    """Return the version. To read it from the installed metadata would take as long as the rest of the daemon's start."""
    return VERSION


def build() -> tuple[str, str]:
    """Return version and source revision. The revision is set in images, and empty elsewhere."""
    return version(), os.environ.get(REVISION_VARIABLE, "")


def user_agent() -> str:
    """Return the name under which vendors see the exporter."""
    return f"{DISTRIBUTION}/{version()}"
