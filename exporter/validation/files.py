"""Reading files that an operator names: regular files only, up to a limit, and never blocking on a pipe or a device."""

from __future__ import annotations

import errno
import os
import re
import select
import stat
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

MAX_BYTES: Final = 16 * 1024 * 1024
PIPE_TIMEOUT: Final = 10.0
_PIPE = re.compile(r"/dev/stdin|/(?:dev|proc/self)/fd/[0-9]+")


def is_file(path: Path) -> bool:
    """Whether there is a regular file. `Path.is_file` raises an error if a name is too long or a folder cannot be searched, until Python 3.14."""
    with suppress(OSError):
        return path.is_file()
    return False


def read_file(path: Path, limit: int = MAX_BYTES, *, pipes: bool = False) -> bytes:
    """Read a regular file. `pipes` also accepts what a shell passes as `/dev/stdin` or `<(...)`, for some seconds.

    Raises:
        OSError: it cannot be read, is not a regular file, or is larger than `limit` bytes; `strerror` contains the cause, without the path.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY)  # without O_NONBLOCK a named pipe would block here
    except ValueError:
        raise OSError(errno.EINVAL, "the path contains a character that no path can contain") from None
    except OSError as error:
        raise (_not_regular() if error.errno == errno.ENXIO else error) from None  # a socket
    try:
        mode = os.fstat(descriptor).st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if stat.S_ISFIFO(mode) and pipes and _PIPE.fullmatch(str(path)):
            content = _read_pipe(descriptor, limit)
        elif stat.S_ISREG(mode):
            content = _read_regular(descriptor, limit)
        else:
            raise _not_regular()
    finally:
        os.close(descriptor)
    if len(content) > limit:
        raise OSError(errno.EFBIG, f"larger than {limit} bytes")
    return content


def _read_regular(descriptor: int, limit: int) -> bytes:
    content = b""
    while len(content) <= limit and (chunk := os.read(descriptor, limit + 1 - len(content))):
        content += chunk
    return content


def _read_pipe(descriptor: int, limit: int) -> bytes:
    content, deadline = b"", time.monotonic() + PIPE_TIMEOUT
    while len(content) <= limit:
        ready, _, _ = select.select([descriptor], [], [], max(0.0, deadline - time.monotonic()))
        if not ready:
            raise TimeoutError(errno.ETIMEDOUT, f"its writer did not finish within {PIPE_TIMEOUT:g}s")
        chunk = os.read(descriptor, 65_536)
        if not chunk:
            break
        content += chunk
    return content


def _not_regular() -> OSError:
    return OSError(errno.ENXIO, "not a regular file")
