"""Fixtures with the built image."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.image.engine import BASE, IMAGE, ROOT, Engine, make_base, private_engine


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    """A store with the base and the image."""
    with private_engine() as private:
        make_base(private)
        private.build(IMAGE, ROOT, f"--build-arg=PYTHON_IMAGE={BASE}", "--build-arg=REVISION=0123abc")
        yield private
