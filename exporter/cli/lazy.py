"""Commands that are imported when they are used: `--help` imports none of them, and `serve` imports nothing that only another one needs."""

from __future__ import annotations

import gc
import importlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

NO_CERTIFICATES = {"SSL_CERT_FILE": os.devnull, "SSL_CERT_DIR": os.devnull}
GARBAGE_THRESHOLD = 10_000
"""How many new objects start a collection. What a configuration or a poll creates lives on, so a collection finds little. With Python's 700,
10,000 accounts take twice as long to load, and stop for 0.3 s every 4 s."""


class LazyCommand(click.Command):
    """Stands for a command until it is used. Its short help is written here, and is the first sentence of the command's own help."""

    def __init__(self, name: str, target: str, short_help: str) -> None:
        """`target` is `module:attribute`."""
        super().__init__(name, short_help=short_help)
        self._target = target

    def load(self) -> click.Command:
        """Import the command. Pydantic's plugins stay off: it looks for them in every installed package, and one could log a secret."""
        os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
        module, _, attribute = self._target.partition(":")
        with light_imports():
            command: click.Command = getattr(importlib.import_module(module), attribute)
        gc.set_threshold(GARBAGE_THRESHOLD)
        return command

    def make_context(self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any) -> click.Context:
        """Return a context of the command itself: click runs, describes and completes the command of the context."""
        return self.load().make_context(info_name, args, parent, **extra)


class LazyGroup(click.Group):
    """Lists its commands in the order in which they were added."""

    def list_commands(self, _context: click.Context) -> list[str]:
        """Name the commands."""
        return list(self.commands)


@contextmanager
def light_imports() -> Iterator[None]:
    """Import libraries without what they load for features that this program does not use.

    structlog imports rich, if that is installed, for tracebacks on terminals. aiohttp reads the system's certificates for requests
    without an SSL context of their own. The garbage collector finds nothing in modules that are being imported.
    """
    environ = {name: os.environ.get(name) for name in NO_CERTIFICATES}
    is_blocked = sys.modules.setdefault("rich", None) is None  # type: ignore[arg-type]  # None means that it cannot be imported
    was_enabled = gc.isenabled()
    gc.disable()
    os.environ |= NO_CERTIFICATES
    try:
        yield
    finally:
        for name, value in environ.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
        if is_blocked:
            del sys.modules["rich"]
        if was_enabled:
            gc.enable()
