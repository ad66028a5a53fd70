"""A vendor that writes any bytes to its connections, in threads, so that it can write while the event loop is blocked."""

from __future__ import annotations

import re
import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Self

Answer = Callable[[bytes], bytes]


def account_of(request: bytes) -> bytes:
    """The key of a request, which is also the account's value here."""
    found = re.search(rb"(?i)x-api-key: (\d+)", request)
    return found[1] if found else b""


def answer(request: bytes) -> bytes:
    """The correct response."""
    body = b'{"code":1000,"data":{"credits_left":"%s"},"message":"ok"}' % account_of(request)
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)


class Tls:
    """The server's side of TLS, with access to the encrypted bytes."""

    def __init__(self, plain: socket.socket, context: ssl.SSLContext) -> None:
        self._plain, self._incoming, self._outgoing = plain, ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)

    def recv(self, size: int) -> bytes:
        while True:
            try:
                return self._tls.read(size)
            except ssl.SSLWantReadError:
                self._plain.sendall(self._outgoing.read())
                if not (data := self._plain.recv(size)):
                    return b""
                self._incoming.write(data)

    def sendall(self, data: bytes, cut: int = 0) -> None:
        self._tls.write(data)
        encrypted = self._outgoing.read()
        self._plain.sendall(encrypted[: len(encrypted) - cut])


@dataclass
class Wire:
    """Responds to each request, and writes `more` with the response, or later when the test calls `write_extra`."""

    answer: Answer = answer
    more: Answer = lambda _: b""
    together: bool = False
    cut: int = 0
    """How many bytes of an encrypted `more` are not sent."""
    tls: ssl.SSLContext | None = None
    requests: list[bytes] = field(default_factory=list)
    connections: int = 0
    _go: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    _written: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    _threads: list[threading.Thread] = field(default_factory=list)
    _sockets: list[socket.socket] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self._start(self._accept)
        return self

    def __exit__(self, *exception: object) -> None:
        for each in (self._listener, *self._sockets):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        self._go.release(len(self._threads))
        for thread in self._threads:
            thread.join()
        for each in (self._listener, *self._sockets):
            each.close()

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self._listener.getsockname()[1]}"

    def write_more(self) -> None:
        """Write bytes after the last response. They have arrived when this returns, and the event loop did not run meanwhile."""
        self._go.release()
        self._written.acquire()

    def _start(self, target: Callable[..., None], *arguments: Any) -> None:
        thread = threading.Thread(target=target, args=arguments)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._sockets.append(client)
                self.connections += 1
                self._start(self._serve, client)

    def _serve(self, client: socket.socket) -> None:
        stream = Tls(client, self.tls) if self.tls else client
        with suppress(OSError):
            while request := self._request(stream):
                self.requests.append(request)
                extra = self.more(request)
                stream.sendall(self.answer(request) + (extra if self.together else b""))
                if extra and not self.together:
                    self._go.acquire()
                    self._write(client, stream, extra)
                    self._written.release()
        with suppress(OSError):
            client.shutdown(socket.SHUT_RDWR)

    def _write(self, client: socket.socket, stream: Tls | socket.socket, extra: bytes) -> None:
        with suppress(OSError):
            if extra == b"EOF":
                client.shutdown(socket.SHUT_WR)
            elif isinstance(stream, Tls):
                stream.sendall(extra, self.cut)
            else:
                stream.sendall(extra)

    def _request(self, stream: Tls | socket.socket) -> bytes:
        request = b""
        while not request.endswith(b"\r\n\r\n"):
            if not (data := stream.recv(65_536)):
                return b""
            request += data
        return request
