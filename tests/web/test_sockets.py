"""Sockets inherited from systemd, by a real child process; other descriptors are refused."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from collections.abc import Mapping

import pytest

from exporter.errors import ExporterError
from exporter.web.sockets import inherited
from tests.support import PATIENCE

CHILD = """
import os, sys
given = [int(number) for number in sys.argv[2:]]
for number, file in enumerate(given):
    os.dup2(file, 3 + number)
from exporter.errors import ExporterError
from exporter.web.sockets import inherited
try:
    found = inherited({"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": sys.argv[1]})
except ExporterError as error:
    print(error)
else:
    for each in found:
        print(each.fileno(), each.getsockname()[:2], each.get_inheritable())
        each.close()
"""
PLENTY = 100
"""Above the numbers that the child overwrites."""


async def inherited_by_child(*files: socket.socket | int, more: int = 0) -> list[str]:
    """The output of a process that inherits these, and of `more` that do not exist."""
    high = [_copy_above(file if isinstance(file, int) else file.fileno(), PLENTY + number) for number, file in enumerate(files)]
    try:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-W",
            "error",
            "-c",
            CHILD,
            str(len(files) + more),
            *map(str, high),
            pass_fds=high,
            stdout=-1,
            stderr=asyncio.subprocess.STDOUT,
        )
        out, _ = await asyncio.wait_for(process.communicate(), PATIENCE)
    finally:
        for number in high:
            os.close(number)
    return out.decode().splitlines()


def _copy_above(number: int, wanted: int) -> int:
    os.dup2(number, wanted)
    return wanted


async def test_a_listening_socket_is_used_and_not_passed_to_children() -> None:
    with socket.create_server(("127.0.0.1", 0)) as bound:
        assert await inherited_by_child(bound) == [f"3 {bound.getsockname()} False"]


async def test_several_sockets_are_used_in_their_order() -> None:
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as two:
        assert await inherited_by_child(one, two) == [f"3 {one.getsockname()} False", f"4 {two.getsockname()} False"]


@pytest.mark.parametrize(
    ("family", "kind"),
    [(socket.AF_INET, socket.SOCK_DGRAM), (socket.AF_UNIX, socket.SOCK_STREAM)],
    ids=["UDP", "a path"],
)
async def test_a_socket_of_another_kind_is_refused_and_the_others_are_closed(family: socket.AddressFamily, kind: socket.SocketKind) -> None:
    with socket.create_server(("127.0.0.1", 0)) as good, socket.socket(family, kind) as bad:
        output = await inherited_by_child(good, bad)
    assert output == ["systemd's descriptor 4 is not a TCP socket: the .socket unit needs ListenStream= with a port"]


async def test_a_descriptor_that_is_not_a_socket_is_refused() -> None:
    reader, writer = os.pipe()
    try:
        assert await inherited_by_child(reader) == ["systemd's descriptor 3 is not a socket: Socket operation on non-socket"]
    finally:
        os.close(reader)
        os.close(writer)


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"LISTEN_FDS": "1"},
        {"LISTEN_PID": str(os.getpid())},
        {"LISTEN_PID": str(os.getppid()), "LISTEN_FDS": "1"},
        {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "0"},
        {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "-1"},
        {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "one"},
    ],
    ids=["nothing", "no process", "no number", "another process", "none", "less than none", "no figure"],
)
def test_variables_that_pass_no_socket_are_an_error_with_a_remedy(environ: Mapping[str, str]) -> None:
    with pytest.raises(ExporterError, match=r"systemd passed no socket: start the service by its \.socket unit"):
        inherited(environ)


async def test_a_missing_descriptor_is_reported() -> None:
    with socket.create_server(("127.0.0.1", 0)) as bound:
        output = await inherited_by_child(bound, more=1)
    assert output == ["systemd's descriptor 4 is not a socket: Bad file descriptor"]
