"""The problem of a document that cannot be read."""

from __future__ import annotations

from pathlib import Path

import pytest

from exporter.errors import ConfigError
from exporter.validation.document import read_document


def refusal(path: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        read_document(path)
    [problem] = caught.value.problems
    return str(problem)
