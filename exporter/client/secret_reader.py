"""Reads secrets without blocking the event loop."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path

from pydantic import SecretStr

from exporter.config.credentials import SecretSource, Source, shown_file
from exporter.errors import CredentialError
from exporter.validation.file_threads import FileThreads


class SecretReader:
    """Reads secrets again for every poll, and remembers what each file contained last."""

    def __init__(self, environ: Mapping[str, str], files: FileThreads | None = None) -> None:
        self.files = files or FileThreads()
        self._environ = environ
        self._last: dict[Path, SecretStr | str] = {}
        self._accepted: dict[str | SecretStr | None, tuple[str | SecretStr | None, SecretStr]] = {}
        """What a variable or a value contained when it was last accepted as a key, and that key."""

    async def read(self, source: Source) -> SecretStr:
        """Read the secret now; for an OAuth login, its refresh token.

        Raises:
            CredentialError: it is missing, unusable, or its file does not answer.
        """
        if source.path is None:
            return self._read_now(source) if isinstance(source, SecretSource) else source.read(self._environ)
        try:
            secret = await self.files.run(source.path, partial(source.read, self._environ))
        except OSError as error:
            raise unread(source.path, error) from None
        except CredentialError as error:
            self._last[source.path] = str(error)
            raise
        self._last[source.path] = secret
        return secret

    def _read_now(self, source: SecretSource) -> SecretStr:
        """Read a secret without a file. What was accepted is not checked again until it changes."""
        place = source.env or source.value
        content = self._environ.get(source.env) if source.env else source.value
        accepted, secret = self._accepted.get(place, (None, None))
        if secret is None or accepted != content:
            secret = source.read(self._environ)
            self._accepted[place] = content, secret
        return secret

    def last(self, source: SecretSource) -> object:
        """Return what the last read found: a secret, or why there was none; None for a secret that has no file."""
        return self._last.get(source.path) if source.path else None

    async def is_other_than(self, source: SecretSource, former: object) -> bool:
        """Read the file and report whether it contains something else than `last` returned earlier."""
        if source.path:
            with suppress(CredentialError):
                await self.read(source)
        return self.last(source) != former

    def raise_if_blocked(self, source: SecretSource) -> None:
        """Raise CredentialError if a read of the secret's file is still running: then a timeout is the file's fault."""
        if source.path and self.files.is_waiting(source.path):
            raise unanswered(source.path)


def unread(path: Path, error: OSError) -> CredentialError:
    """Return the error for a file that a thread could not access, or not in time."""
    return (
        unanswered(path) if isinstance(error, TimeoutError) else CredentialError(f"{shown_file(path)} cannot be accessed: {error.strerror}")
    )


def unanswered(path: Path) -> CredentialError:
    """Return the error for a file whose read does not end."""
    return CredentialError(f"{shown_file(path)} of the secret does not answer: is it on a network file system that is down?")
