"""The sockets that systemd hands over, taken by a real child; and why others are refused."""

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
    taken = inherited({"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": sys.argv[1]})
except ExporterError as error:
    print(error)
else:
    for each in taken:
        print(each.fileno(), each.getsockname()[:2], each.get_inheritable())
        each.close()
"""
PLENTY = 100
"""Above the numbers that the child overwrites."""


async def taken_by_a_child(*files: socket.socket | int, more: int = 0) -> list[str]:
    """What a process says to which these are handed over, and some more that are not there."""
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


async def test_a_listening_socket_is_taken_and_not_handed_on_to_children() -> None:
    with socket.create_server(("127.0.0.1", 0)) as bound:
        assert await taken_by_a_child(bound) == [f"3 {bound.getsockname()} False"]


async def test_several_sockets_are_taken_in_their_order() -> None:
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as two:
        assert await taken_by_a_child(one, two) == [f"3 {one.getsockname()} False", f"4 {two.getsockname()} False"]


@pytest.mark.parametrize(
    ("family", "kind"),
    [(socket.AF_INET, socket.SOCK_DGRAM), (socket.AF_UNIX, socket.SOCK_STREAM)],
    ids=["UDP", "a path"],
)
async def test_a_socket_of_another_kind_is_refused_and_the_others_are_closed(family: socket.AddressFamily, kind: socket.SocketKind) -> None:
    with socket.create_server(("127.0.0.1", 0)) as good, socket.socket(family, kind) as bad:
        said = await taken_by_a_child(good, bad)
    assert said == ["systemd's descriptor 4 is no TCP socket: the .socket unit needs ListenStream= with a port"]


async def test_what_is_no_socket_is_refused() -> None:
    reader, writer = os.pipe()
    try:
        assert await taken_by_a_child(reader) == ["systemd's descriptor 3 is no socket: Socket operation on non-socket"]
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
def test_variables_that_hand_nothing_over_are_an_error_with_a_remedy(environ: Mapping[str, str]) -> None:
    with pytest.raises(ExporterError, match=r"systemd handed over no socket: start the service by its \.socket unit"):
        inherited(environ)


async def test_a_descriptor_that_is_not_there_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as bound:
        said = await taken_by_a_child(bound, more=1)
    assert said == ["systemd's descriptor 4 is no socket: Bad file descriptor"]
