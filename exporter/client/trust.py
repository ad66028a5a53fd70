"""The certificates that are trusted, and what a failed verification means."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path
from typing import Final

from exporter.config.connection_settings import ssl_context
from exporter.config.credentials import shown_file
from exporter.errors import PollError
from exporter.model import Reason
from exporter.validation.file_threads import FileThreads, in_daemon_thread

_HOST_NAME: Final = "the server's certificate is for another host name"
_VERIFY_ERRORS: Final = {
    2: "the server's certificate is signed by an unknown authority",
    9: "the server's certificate is not valid yet",
    10: "the server's certificate has expired",
    18: "the server's certificate is self-signed and not trusted",
    19: "the server's certificate is signed by an unknown authority, which is self-signed",
    20: "the server's certificate is signed by an unknown authority",
    21: "the server's certificate is signed by an unknown authority",
    62: _HOST_NAME,
    64: _HOST_NAME,
}
"""By OpenSSL's codes (https://docs.openssl.org/3.0/man3/X509_STORE_CTX_get_error/). OpenSSL's own text for 62 and 64 contains the host."""
_NOT_TLS: Final = frozenset({"HTTP_REQUEST", "PACKET_LENGTH_TOO_LONG", "RECORD_LAYER_FAILURE", "WRONG_VERSION_NUMBER"})


class TrustStore:
    """One SSL context for each file of certificates, made again when the file changes: connections are shared between equal contexts."""

    def __init__(self, files: FileThreads) -> None:
        self._files = files
        self._contexts: dict[Path, tuple[tuple[int, ...], ssl.SSLContext]] = {}
        self._system: asyncio.Future[ssl.SSLContext] | None = None

    async def context(self, ca_file: Path | None) -> ssl.SSLContext:
        """Return the context for a file; None means the system's certificates, which are read once.

        Raises:
            PollError: the file cannot be used.
        """
        if ca_file is None:
            return await asyncio.shield(self._system_context())
        try:
            return await self._files.run(ca_file, lambda: self._read(ca_file))
        except TimeoutError:
            raise PollError(Reason.TLS, f"ca_file: {shown_file(ca_file)} does not answer") from None
        except OSError as error:
            raise PollError(Reason.TLS, f"ca_file: {shown_file(ca_file)} cannot be read: {error.strerror}") from None

    def _system_context(self) -> asyncio.Future[ssl.SSLContext]:
        """Return the context being read, or read already. A read that failed is tried again."""
        if self._system is None or (self._system.done() and (self._system.cancelled() or self._system.exception())):
            self._system = in_daemon_thread(lambda: ssl_context(None), "certificates")
        return self._system

    def _read(self, ca_file: Path) -> ssl.SSLContext:
        try:
            found = ca_file.stat()
            state = (found.st_mtime_ns, found.st_size, found.st_ino)
            former, context = self._contexts.get(ca_file, ((), None))
            if context is None or former != state:
                context = ssl_context(ca_file)
                self._contexts[ca_file] = (state, context)
        except OSError as error:
            raise PollError(Reason.TLS, f"ca_file: {shown_file(ca_file)} cannot be read: {error.strerror}") from None
        except ValueError as error:
            raise PollError(Reason.TLS, f"ca_file: {error}") from None
        return context


def tls_fault(error: BaseException) -> str:
    """Describe a failed handshake without text from the certificate."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return _VERIFY_ERRORS.get(error.verify_code, f"the server's certificate is refused: {error.verify_message}")
    if isinstance(error, ssl.SSLError) and error.reason in _NOT_TLS:
        return "the server does not speak TLS on this port"
    return "the TLS handshake failed"
