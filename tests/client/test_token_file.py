"""The file of a refresh token is never lost, overwritten or left behind."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import aiohttp
import pytest

from exporter.client.oauth import OAuthLogin, TokenSource
from exporter.client.secret_reader import SecretReader
from exporter.client.transport import Transport
from exporter.errors import CredentialError
from exporter.providers.response import MAX_BODY_BYTES
from tests.client.oauth import CLIENT, FIRST, access, failure, refresh, sent_tokens, text
from tests.client.token_endpoint import TokenEndpoint
from tests.support import CANARY, FakeClock

READ_ONLY: Final = Path("/proc/sys/kernel/ostype")
"""A short word in a folder where not even root can make a file, as in a mounted Kubernetes Secret."""


@pytest.mark.parametrize(
    ("status", "body", "shown"),
    [
        (400, {"error": "invalid_grant"}, "HTTP 400, invalid_grant"),
        (401, {"error": "invalid_client"}, "HTTP 401, invalid_client"),
        (401, {"error": CANARY}, "HTTP 401"),
        (400, {"error": {"code": "invalid_grant"}}, "HTTP 400"),
        (400, [], "HTTP 400"),
    ],
)
async def test_a_refused_refresh_token_is_not_sent_again_until_the_file_changes(
    tokens: TokenSource, login: OAuthLogin, endpoint: TokenEndpoint, status: int, body: Any, shown: str
) -> None:
    endpoint.set_response(status, body)
    for _ in range(3):
        error = await failure(tokens, login)
        assert isinstance(error, CredentialError)
        assert str(error) == (f"the refresh token was refused ({shown}): log in again and replace the file that `refresh_token_file` names")
    assert len(endpoint.requests) == 1
    endpoint.clear()
    endpoint.log_in(f"{CANARY}-again")
    login.refresh_token_file.write_text(f"\n  {CANARY}-again \n")
    assert await text(tokens, login) == access(1)
    assert sent_tokens(endpoint) == [FIRST, f"{CANARY}-again"]


@pytest.mark.parametrize("content", [b"", b"<html>", b"x" * (MAX_BODY_BYTES + 1)])
async def test_a_refusal_without_a_readable_body_is_a_refusal(
    tokens: TokenSource, login: OAuthLogin, endpoint: TokenEndpoint, content: bytes
) -> None:
    endpoint.set_response(401, content=content)
    assert "(HTTP 401)" in str(await failure(tokens, login))


@pytest.mark.parametrize("rotates", [False, True])
async def test_a_token_that_was_replaced_elsewhere_is_used_at_once_although_the_access_token_is_valid(
    tokens: TokenSource, login: OAuthLogin, endpoint: TokenEndpoint, *, rotates: bool
) -> None:
    endpoint.rotates = rotates
    assert await text(tokens, login) == access(1)
    endpoint.log_in(f"{CANARY}-again")
    login.refresh_token_file.write_text(f"{CANARY}-again")
    assert [await text(tokens, login) for _ in range(3)] == [access(2)] * 3
    assert sent_tokens(endpoint) == [FIRST, f"{CANARY}-again"]


@pytest.mark.parametrize(
    ("content", "words"),
    [(None, "does not exist"), ("", "is empty"), (f"{CANARY} and {CANARY}", "white space"), ("x" * 70_000, "larger than")],
)
async def test_a_file_without_a_token_is_reported_like_any_secret(
    tokens: TokenSource, login: OAuthLogin, endpoint: TokenEndpoint, content: str | None, words: str
) -> None:
    login.refresh_token_file.unlink()
    if content is not None:
        login.refresh_token_file.write_text(content)
    error = await failure(tokens, login)
    assert isinstance(error, CredentialError)
    assert words in str(error)
    assert not endpoint.requests
    login.refresh_token_file.write_text(FIRST)
    assert await text(tokens, login) == access(1)


async def test_the_new_refresh_token_is_on_the_disk_before_the_access_token_is_used(
    tokens: TokenSource, login: OAuthLogin, endpoint: TokenEndpoint, clock: FakeClock
) -> None:
    endpoint.rotates = True
    for number in range(1, 4):
        assert await text(tokens, login) == access(number)
        assert login.refresh_token_file.read_text() == refresh(number)
        clock.now += 3600.0
    assert sent_tokens(endpoint) == [FIRST, refresh(1), refresh(2)]


async def test_a_process_that_was_killed_after_the_write_starts_with_the_new_token(
    session: aiohttp.ClientSession, login: OAuthLogin, endpoint: TokenEndpoint, clock: FakeClock
) -> None:
    endpoint.rotates = True
    for number in range(1, 4):
        assert await text(TokenSource(Transport(session, {}, clock.clock), SecretReader({})), login) == access(number)
    assert sent_tokens(endpoint) == [FIRST, refresh(1), refresh(2)]


async def test_the_file_keeps_its_owner_and_only_the_owner_can_read_it(
    tokens: TokenSource, login: OAuthLogin, endpoint: TokenEndpoint
) -> None:
    endpoint.rotates = True
    path = login.refresh_token_file
    if os.geteuid() == 0:
        os.chown(path, 12_345, 23_456)
    before = path.stat()
    await tokens.access_token(login)
    after = path.stat()
    assert after.st_ino != before.st_ino
    assert stat.S_IMODE(after.st_mode) == 0o600
    assert (after.st_uid, after.st_gid) == (before.st_uid, before.st_gid)
    assert [entry.name for entry in path.parent.iterdir()] == ["token"]


async def test_a_response_without_a_new_refresh_token_does_not_change_the_file(
    tokens: TokenSource, login: OAuthLogin, endpoint: TokenEndpoint
) -> None:
    before = login.refresh_token_file.stat()
    for body in ({"access_token": "AT"}, {"access_token": "AT", "refresh_token": FIRST}):
        endpoint.set_response(body=body)
        token = await tokens.access_token(login)
        assert login.refresh_token_file.stat() == before
        tokens.discard(login, token)
    assert len(endpoint.requests) == 2


async def test_a_symbolic_link_is_not_replaced(tokens: TokenSource, login: OAuthLogin, endpoint: TokenEndpoint, tmp_path: Path) -> None:
    endpoint.rotates = True
    link = tmp_path / "link"
    link.symlink_to(login.refresh_token_file)
    assert await text(tokens, OAuthLogin(login.token_url, CLIENT, link)) == access(1)
    assert link.is_symlink()
    assert login.refresh_token_file.read_text() == refresh(1)


def move_away(login: OAuthLogin) -> Callable[[], None]:
    """Rename the folder once, to its path with `-away`."""
    folder = login.refresh_token_file.parent

    def move() -> None:
        if folder.exists():
            folder.rename(f"{folder}-away")

    return move


def bring_back(login: OAuthLogin) -> None:
    folder = login.refresh_token_file.parent
    Path(f"{folder}-away").rename(folder)


async def test_a_new_token_that_cannot_be_saved_is_kept_until_it_can(
    tokens: TokenSource, login: OAuthLogin, endpoint: TokenEndpoint
) -> None:
    endpoint.rotates = True
    endpoint.before_response = move_away(login)
    for _ in range(3):
        error = await failure(tokens, login)
        assert isinstance(error, CredentialError)
        assert str(error).startswith(
            "the new refresh token cannot be saved to the file that `refresh_token_file` names (No such file or directory), and is in memory only. "
        )
    bring_back(login)
    assert await text(tokens, login) == access(1)
    assert login.refresh_token_file.read_text() == refresh(1)
    assert len(endpoint.requests) == 1


async def test_a_kept_token_is_the_one_for_the_next_refresh(
    tokens: TokenSource, login: OAuthLogin, endpoint: TokenEndpoint, clock: FakeClock
) -> None:
    endpoint.rotates = True
    endpoint.before_response = move_away(login)
    await failure(tokens, login)
    clock.now = 4000.0
    await failure(tokens, login)
    endpoint.before_response = lambda: None
    bring_back(login)
    assert await text(tokens, login) == access(2)
    assert login.refresh_token_file.read_text() == refresh(2)
    assert sent_tokens(endpoint) == [FIRST, refresh(1)]


async def test_a_new_login_replaces_a_token_that_is_not_saved_yet(tokens: TokenSource, login: OAuthLogin, endpoint: TokenEndpoint) -> None:
    endpoint.rotates = True
    endpoint.before_response = move_away(login)
    await failure(tokens, login)
    endpoint.before_response = lambda: None
    endpoint.log_in(f"{CANARY}-again")
    login.refresh_token_file.parent.mkdir()
    login.refresh_token_file.write_text(f"{CANARY}-again")
    assert await text(tokens, login) == access(2)
    assert sent_tokens(endpoint) == [FIRST, f"{CANARY}-again"]
    assert login.refresh_token_file.read_text() == refresh(2)


async def test_a_new_login_during_a_refresh_is_not_overwritten(
    tokens: TokenSource, login: OAuthLogin, endpoint: TokenEndpoint, clock: FakeClock
) -> None:
    def log_in() -> None:
        login.refresh_token_file.write_text(f"{CANARY}-again")

    endpoint.rotates = True
    endpoint.before_response = log_in
    assert await text(tokens, login) == access(1)
    assert login.refresh_token_file.read_text() == f"{CANARY}-again"
    endpoint.log_in(f"{CANARY}-again")
    endpoint.before_response = lambda: None
    clock.now = 3600.0
    assert await text(tokens, login) == access(2)


async def test_a_folder_that_became_a_file_loses_no_token(tokens: TokenSource, login: OAuthLogin, endpoint: TokenEndpoint) -> None:
    folder = login.refresh_token_file.parent

    def block() -> None:
        shutil.rmtree(folder)
        folder.write_text("in the way")

    endpoint.rotates = True
    endpoint.before_response = block
    assert "Not a directory" in str(await failure(tokens, login))
    folder.unlink()
    folder.mkdir()
    assert await text(tokens, login) == access(1)
    assert login.refresh_token_file.read_text() == refresh(1)


async def test_a_write_that_fails_half_way_leaves_nothing_behind(tokens: TokenSource, login: OAuthLogin, endpoint: TokenEndpoint) -> None:
    path = login.refresh_token_file

    def block() -> None:
        path.unlink()
        path.mkdir()

    endpoint.rotates = True
    endpoint.before_response = block
    assert "Is a directory" in str(await failure(tokens, login))
    assert [entry.name for entry in path.parent.iterdir()] == ["token"]
    path.rmdir()
    assert await text(tokens, login) == access(1)
    assert path.read_text() == refresh(1)


@pytest.mark.skipif(not READ_ONLY.exists(), reason="only Linux has it")
async def test_a_file_in_a_mounted_kubernetes_secret_is_explained(tokens: TokenSource, login: OAuthLogin, endpoint: TokenEndpoint) -> None:
    login.refresh_token_file.unlink()
    login.refresh_token_file.symlink_to(READ_ONLY)
    endpoint.rotates = True
    endpoint.log_in(READ_ONLY.read_text().strip())
    for _ in range(2):
        error = await failure(tokens, login)
        assert isinstance(error, CredentialError)
        assert "make its folder writable (a Kubernetes Secret is never writable" in str(error)
    assert len(endpoint.requests) == 1
