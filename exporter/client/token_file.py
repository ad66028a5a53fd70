"""The file of a refresh token: read like any secret, and replaced atomically when the vendor issues a new one."""

from __future__ import annotations

import errno
import os
import tempfile
from contextlib import suppress
from pathlib import Path

from pydantic import SecretStr

from exporter.config.credentials import SecretSource
from exporter.errors import CredentialError


def stored(path: Path) -> SecretStr:
    """Read the token.

    Raises:
        CredentialError: the file cannot be read, or its content cannot be a token.
    """
    return SecretSource(file=path).read({})


def save(path: Path, token: SecretStr, replaced: SecretStr | None) -> bool:
    """Replace the stored token. Return False and write nothing if the file contains a third token.

    Raises:
        CredentialError: it cannot be written; the old content is whole.
    """
    with suppress(CredentialError):
        if stored(path) not in (token, replaced):
            return False
    try:
        _replace(path.resolve(), token.get_secret_value())  # a link stays a link
    except (OSError, RuntimeError) as error:  # before Python 3.13, `resolve` reports a loop of symbolic links as a RuntimeError
        why = error.strerror if isinstance(error, OSError) else "a loop of symbolic links"
        raise CredentialError(
            f"the new refresh token cannot be saved to the file that `refresh_token_file` names ({why}), and is in memory only. Before the next restart, make its "
            "folder writable (a Kubernetes Secret is never writable; mount the folder, not the file). Otherwise log in again after the restart"
        ) from None
    return True


def _replace(path: Path, text: str) -> None:
    """Write a whole file or none, and return when it is on the disk (https://lwn.net/Articles/457667/)."""
    descriptor, name = tempfile.mkstemp(prefix=".refresh-token-", dir=path.parent)  # its mode is 0600
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            with suppress(OSError):
                owner = path.stat()
                os.fchown(descriptor, owner.st_uid, owner.st_gid)
            file.write(text)
            file.flush()
            os.fsync(descriptor)
        Path(name).replace(path)
    finally:
        Path(name).unlink(missing_ok=True)
    _sync(path.parent)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in {errno.EINVAL, errno.ENOTSUP}:  # some file systems cannot
            raise
    finally:
        os.close(descriptor)
