"""Files that an operator names are regular files of a bounded size; nothing else is read, and nothing blocks."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from exporter.errors import ConfigError
from exporter.validation.document import load_document, read_document
from exporter.validation.files import read_file


def strerror(path: Path, limit: int = 100, *, pipes: bool = False) -> str:
    with pytest.raises(OSError) as caught:  # noqa: PT011 -- the text is compared by the caller
        read_file(path, limit, pipes=pipes)
    return str(caught.value.strerror)


@pytest.mark.parametrize("size", [0, 1, 99, 100])
def test_a_regular_file_up_to_the_limit_is_read(tmp_path: Path, size: int) -> None:
    (tmp_path / "file").write_bytes(b"x" * size)
    assert read_file(tmp_path / "file", 100) == b"x" * size


def test_a_symbolic_link_to_a_regular_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")
    (tmp_path / "link").symlink_to("file")
    assert read_file(tmp_path / "link") == b"x"


def test_a_file_beyond_the_limit_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x" * 101)
    assert strerror(tmp_path / "file") == "larger than 100 bytes"


def test_a_named_pipe_is_refused_without_waiting_for_a_writer(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert strerror(tmp_path / "pipe") == strerror(tmp_path / "pipe", pipes=True) == "not a regular file"


def test_a_device_is_refused() -> None:
    assert strerror(Path("/dev/zero")) == strerror(Path("/dev/null")) == "not a regular file"


def test_a_socket_is_refused() -> None:
    with TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as server:  # a short path, as sockets need
        server.bind(f"{folder}/socket")
        assert strerror(Path(folder) / "socket") == "not a regular file"


def test_a_folder_is_refused(tmp_path: Path) -> None:
    assert strerror(tmp_path) == "Is a directory"


@pytest.mark.parametrize("name", ["a\0b", "\ud800"])
def test_a_path_that_cannot_exist_is_refused(name: str) -> None:
    assert strerror(Path("/run") / name) == "the path contains a character that no path can contain"


def test_a_loop_of_symbolic_links_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    assert strerror(tmp_path / "a") == "Too many levels of symbolic links"


@pytest.mark.parametrize("folder", ["/dev/fd", "/proc/self/fd"])
def test_a_pipe_that_a_shell_passes_is_read_only_where_it_is_allowed(folder: str) -> None:
    reader, writer = os.pipe()
    try:
        os.write(writer, b"a: 1\n")
        os.close(writer)
        path = Path(folder) / str(reader)
        assert strerror(path) == "not a regular file"
        assert load_document(path, pipes=True).data == {"a": 1}
    finally:
        os.close(reader)


def test_a_pipe_that_a_shell_passes_is_read_up_to_the_limit() -> None:
    reader, writer = os.pipe()
    try:
        os.write(writer, b"x" * 101)
        assert strerror(Path(f"/dev/fd/{reader}"), pipes=True) == "larger than 100 bytes"
    finally:
        os.close(reader)
        os.close(writer)


def test_a_pipe_whose_writer_does_not_finish_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("exporter.validation.files.PIPE_TIMEOUT", 0.01)
    reader, writer = os.pipe()
    try:
        assert strerror(Path(f"/dev/fd/{reader}"), pipes=True) == "its writer did not finish within 0.01s"
    finally:
        os.close(reader)
        os.close(writer)


def test_a_document_that_is_no_regular_file_is_a_problem(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "config.yaml")
    with pytest.raises(ConfigError) as caught:
        read_document(tmp_path / "config.yaml")
    assert str(caught.value) == f"{tmp_path}/config.yaml: cannot be read: not a regular file"
