"""Access tokens over real HTTP: shared, refreshed in time, and never at the price of the refresh token."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import os
import shutil
import stat
import traceback
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, Final

import aiohttp
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import SecretStr

from exporter.client.oauth import OAuthLogin, TokenSource
from exporter.client.secret_reader import SecretReader
from exporter.client.token_response import TokenResponse, refused
from exporter.client.transport import MAX_BODY_BYTES, Response, Transport
from exporter.errors import CredentialError, PollError
from exporter.log import configure_log
from exporter.model import Reason, Seconds
from tests.client.token_endpoint import TokenEndpoint
from tests.support import CANARY, PATIENCE, FakeClock

CLIENT: Final = "a-public-client"
FIRST: Final = f"{CANARY}-login"
READ_ONLY: Final = Path("/proc/sys/kernel/ostype")
"""A short word in a folder where not even root can make a file, as in a mounted Kubernetes Secret."""


@pytest.fixture
async def endpoint() -> AsyncIterator[TokenEndpoint]:
    async with TokenEndpoint(
        FIRST,
        client_id=CLIENT,
        access_tokens=f"{CANARY}-access-{{}}".format,
        refresh_tokens=f"{CANARY}-refresh-{{}}".format,
    ) as playing:
        yield playing


@pytest.fixture
def tokens(session: aiohttp.ClientSession, clock: FakeClock) -> TokenSource:
    return TokenSource(Transport(session, {}, clock.clock), SecretReader({}), timeout=Seconds(PATIENCE))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    folder = tmp_path / "login"
    folder.mkdir()
    path = folder / "token"
    path.write_text(f"{FIRST}\n")
    path.chmod(0o600)
    return path


@pytest.fixture
def login(endpoint: TokenEndpoint, file: Path) -> OAuthLogin:
    return OAuthLogin(endpoint.url, CLIENT, file)


async def failure(tokens: TokenSource, login: OAuthLogin) -> PollError:
    with pytest.raises(PollError) as caught:
        await tokens.access_token(login)
    shown = "".join(traceback.format_exception(caught.value)) + repr(caught.value) + repr(tokens) + repr(vars(tokens))
    assert CANARY not in shown
    return caught.value


async def text(tokens: TokenSource, login: OAuthLogin) -> str:
    return (await tokens.access_token(login)).get_secret_value()


def access(number: int) -> str:
    return f"{CANARY}-access-{number}"


def refresh(number: int) -> str:
    return f"{CANARY}-refresh-{number}"


def shown_tokens(endpoint: TokenEndpoint) -> list[str]:
    return [asked.refresh_token for asked in endpoint.asked]


# What is asked, and what comes of the answer


async def test_the_request_is_a_form_of_a_public_client(tokens: TokenSource, login: OAuthLogin, endpoint: TokenEndpoint) -> None:
    assert await text(tokens, login) == access(1)
    [asked] = endpoint.asked
    assert asked.method == "POST"
    assert asked.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert asked.headers["Accept"] == "application/json"
    assert "Authorization" not in asked.headers
    assert asked.form == {"grant_type": "refresh_token", "refresh_token": FIRST, "client_id": CLIENT}


async def test_a_refresh_token_with_characters_that_mean_something_in_a_form_arrives_whole(
    tokens: TokenSource, login: OAuthLogin, endpoint: TokenEndpoint
) -> None:
    odd = "a+b/c=&d%20e?f#g~!'\""
    endpoint.log_in(odd)
    login.refresh_token_file.write_text(odd)
    assert await text(tokens, login) == access(1)


@pytest.mark.parametrize(
    ("body", "token", "life", "kept"),
    [
        ({"token_type": "Bearer", "access_token": "AT", "expires_in": 864000, "refresh_token": "RT"}, "AT", 864_000 - 60, "RT"),
        ({"token_type": "Bearer", "access_token": "AT2", "expires_in": 1800}, "AT2", 1800 - 60, FIRST),
        (
            {"token_type": "Bearer", "access_token": "AT3", "expires_in": "3600", "refresh_token": "RT3", "scope": "openid profile email"},
            "AT3",
            3600 - 60,
            "RT3",
        ),
        ({"access_token": "AT"}, "AT", 3600 - 60, FIRST),
        ({"token_type": "bEARER", "access_token": "AT", "expires_in": None, "refresh_token": None}, "AT", 3600 - 60, FIRST),
        ({"access_token": "AT", "expires_in": "soon", "refresh_token": ""}, "AT", 3600 - 60, FIRST),
        ({"access_token": "AT", "expires_in": True}, "AT", 3600 - 60, FIRST),
        ({"access_token": "AT", "expires_in": [60]}, "AT", 3600 - 60, FIRST),
        ({"access_token": "AT", "expires_in": "1e999"}, "AT", 3600 - 60, FIRST),
        ({"access_token": "AT", "expires_in": 10**400}, "AT", 3600 - 60, FIRST),
        ({"access_token": "AT", "expires_in": 119.5}, "AT", 59.75, FIRST),
        ({"access_token": "AT", "expires_in": 100}, "AT", 50, FIRST),
        ({"access_token": "AT", "expires_in": 29}, "AT", 15, FIRST),
        ({"access_token": "AT", "expires_in": 0}, "AT", 15, FIRST),
        ({"access_token": "AT", "expires_in": -5}, "AT", 15, FIRST),
    ],
)
async def test_a_good_answer_is_used_until_shortly_before_its_end(
    tokens: TokenSource, login: OAuthLogin, endpoint: TokenEndpoint, clock: FakeClock, body: Any, token: str, life: float, kept: str
) -> None:
    endpoint.reply(body=body)
    assert await text(tokens, login) == token
    assert login.refresh_token_file.read_text().strip() == kept
    clock.now = life - 0.01
    assert await text(tokens, login) == token
    assert len(endpoint.asked) == 1
    clock.now = life
    assert await text(tokens, login) == token
    assert shown_tokens(endpoint) == [FIRST, kept]


async def test_the_life_of_a_token_counts_from_the_request_and_not_from_the_answer(
    tokens: TokenSource, login: OAuthLogin, endpoint: TokenEndpoint, clock: FakeClock
) -> None:
    endpoint.before_answer = lambda: setattr(clock, "now", 1000.0)
    assert await text(tokens, login) == access(1)
    clock.now = 3540.0
    assert await text(tokens, login) == access(2)


INVALID: Final[list[tuple[str, dict[str, Any]]]] = [
    ("html", {"content": f"<!DOCTYPE html>{CANARY}".encode(), "headers": {"Content-Type": "text/html"}}),
    ("nothing", {"content": b""}),
    ("no content", {"status": 204, "content": b""}),
    ("null", {"body": None}),
    ("array", {"body": [CANARY]}),
    ("text", {"body": CANARY}),
    ("cut off", {"content": b'{"access_token": "' + CANARY.encode()}),
    ("deep", {"content": b"[" * 60_000}),
    ("latin-1", {"content": b'{"access_token": "caf\xe9"}'}),
    ("no token", {"body": {"token_type": "Bearer", "refresh_token": f"{CANARY}-new"}}),
    ("empty token", {"body": {"access_token": ""}}),
    ("number for a token", {"body": {"access_token": 7}}),
    ("space in the token", {"body": {"access_token": f"{CANARY} x"}}),
    ("line break in the token", {"body": {"access_token": f"{CANARY}\r\nX-Other: 1"}}),
    ("line break after the token", {"body": {"access_token": f"{CANARY}\n"}}),
    ("letters beyond ASCII", {"body": {"access_token": f"{CANARY}ü"}}),
    ("other kind", {"body": {"token_type": "mac", "access_token": CANARY}}),
    ("kind is no text", {"body": {"token_type": ["Bearer"], "access_token": CANARY}}),
    ("bad new refresh token", {"body": {"access_token": CANARY, "refresh_token": f"{CANARY} x"}}),
    ("list for a refresh token", {"body": {"access_token": CANARY, "refresh_token": [CANARY]}}),
    ("too large", {"content": b'{"access_token": "' + CANARY.encode() + b'"}' + b" " * MAX_BODY_BYTES}),
    ("called compressed", {"content": b'{"access_token": "AT"}', "headers": {"Content-Encoding": "zstd"}}),
    ("redirect", {"status": 302, "content": b"", "headers": {"Location": f"/elsewhere?{CANARY}"}}),
    ("redirect that keeps the form", {"status": 307, "content": b"", "headers": {"Location": f"/elsewhere?{CANARY}"}}),
]


@pytest.mark.parametrize("answer", [answer for _, answer in INVALID], ids=[name for name, _ in INVALID])
async def test_an_answer_that_makes_no_sense_is_no_token_and_changes_no_file(
    tokens: TokenSource, login: OAuthLogin, endpoint: TokenEndpoint, answer: dict[str, Any]
) -> None:
    endpoint.reply(**answer)
    error = await failure(tokens, login)
    assert error.reason is Reason.INVALID_RESPONSE
    assert login.refresh_token_file.read_text() == f"{FIRST}\n"
    assert len(endpoint.asked) == 1
    endpoint.behave()
    assert await text(tokens, login) == access(1)


async def test_a_page_for_people_is_no_token(tokens: TokenSource, login: OAuthLogin, endpoint: TokenEndpoint) -> None:
    endpoint.html()
    assert (await failure(tokens, login)).reason is Reason.INVALID_RESPONSE


@pytest.mark.parametrize(
    ("status", "headers", "reason", "wait"),
    [
        (429, {}, Reason.RATE_LIMITED, None),
        (429, {"Retry-After": "120"}, Reason.RATE_LIMITED, 120.0),
        (500, {"Retry-After": "120"}, Reason.SERVER_ERROR, None),
        (502, {}, Reason.SERVER_ERROR, None),
        (503, {"Retry-After": "7"}, Reason.SERVER_ERROR, 7.0),
        (403, {}, Reason.FORBIDDEN, None),
        (404, {}, Reason.CLIENT_ERROR, None),
    ],
)
async def test_other_refusals_pass_and_the_next_call_tries_again(
    tokens: TokenSource,
    login: OAuthLogin,
    endpoint: TokenEndpoint,
    status: int,
    headers: dict[str, str],
    reason: Reason,
    wait: float | None,
) -> None:
    endpoint.reply(status, {"error": "invalid_grant", "error_description": CANARY}, headers=headers)
    error = await failure(tokens, login)
    assert (error.reason, error.retry_after) == (reason, wait)
    assert str(status) in str(error)
    endpoint.behave()
    assert await text(tokens, login) == access(1)


async def test_a_fault_of_the_connection_is_told_as_for_any_vendor(tokens: TokenSource, login: OAuthLogin, endpoint: TokenEndpoint) -> None:
    await endpoint.stop()
    error = await failure(tokens, OAuthLogin(f"{login.token_url}?secret={CANARY}", CLIENT, login.refresh_token_file))
    assert error.reason is Reason.CONNECTION
    assert str(error) == "token endpoint: no connection: Connection refused"


async def test_an_endpoint_that_hangs_is_given_up(
    session: aiohttp.ClientSession, login: OAuthLogin, endpoint: TokenEndpoint, clock: FakeClock
) -> None:
    tokens = TokenSource(Transport(session, {}, clock.clock), SecretReader({}), timeout=Seconds(0.1))
    endpoint.hold()
    async with asyncio.timeout(PATIENCE):
        error = await failure(tokens, login)
    assert (error.reason, str(error)) == (Reason.TIMEOUT, "token endpoint: no complete response within 0.1s")


# One refresh for all


async def test_a_hundred_callers_make_one_request(tokens: TokenSource, login: OAuthLogin, endpoint: TokenEndpoint) -> None:
    endpoint.hold()
    callers = [asyncio.create_task(text(tokens, OAuthLogin(login.token_url, CLIENT, login.refresh_token_file))) for _ in range(100)]
    await endpoint.arrived(1)
    endpoint.behave()
    assert await asyncio.gather(*callers) == [access(1)] * 100
    assert len(endpoint.asked) == 1


async def test_grants_that_differ_do_not_share_a_token(
    tokens: TokenSource, login: OAuthLogin, endpoint: TokenEndpoint, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.write_text(FIRST)
    assert await text(tokens, login) == access(1)
    assert await text(tokens, OAuthLogin(login.token_url, CLIENT, other)) == access(2)
    assert await text(tokens, login) == access(1)


async def test_a_caller_who_leaves_does_not_end_the_refresh_for_the_others(
    tokens: TokenSource, login: OAuthLogin, endpoint: TokenEndpoint
) -> None:
    endpoint.hold()
    first, second = (asyncio.create_task(text(tokens, login)) for _ in range(2))
    await endpoint.arrived(1)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await tokens.access_token(login)
    endpoint.behave()
    assert await second == access(1)
    assert len(endpoint.asked) == 1


async def test_a_refresh_that_everybody_has_left_still_keeps_the_new_refresh_token(
    tokens: TokenSource, login: OAuthLogin, endpoint: TokenEndpoint
) -> None:
    endpoint.rotates = True
    endpoint.hold()
    caller = asyncio.create_task(text(tokens, login))
    await endpoint.arrived(1)
    caller.cancel()
    endpoint.behave()
    await tokens.close()
    assert login.refresh_token_file.read_text() == refresh(1)
    assert await text(tokens, login) == access(1)
    assert len(endpoint.asked) == 1


async def test_a_failed_refresh_fails_all_who_wait_and_the_next_call_tries_again(
    tokens: TokenSource, login: OAuthLogin, endpoint: TokenEndpoint
) -> None:
    endpoint.reply(503, {})
    endpoint.hold()
    callers = [asyncio.create_task(text(tokens, login)) for _ in range(10)]
    await endpoint.arrived(1)
    endpoint._open.set()
    errors = await asyncio.gather(*callers, return_exceptions=True)
    assert [error.reason for error in errors if isinstance(error, PollError)] == [Reason.SERVER_ERROR] * 10
    assert len({id(error) for error in errors}) == 10
    assert len(endpoint.asked) == 1
    endpoint.behave()
    assert await text(tokens, login) == access(1)


async def test_a_failure_that_nobody_waited_for_is_no_noise(tokens: TokenSource, login: OAuthLogin, endpoint: TokenEndpoint) -> None:
    endpoint.reply(503, {})
    endpoint.hold()
    caller = asyncio.create_task(text(tokens, login))
    await endpoint.arrived(1)
    caller.cancel()
    endpoint._open.set()
    await tokens.close()
    assert caller.cancelled()
    assert len(endpoint.asked) == 1


async def test_closing_with_nothing_under_way_returns_at_once(tokens: TokenSource, login: OAuthLogin) -> None:
    await tokens.close()
    await text(tokens, login)
    await tokens.close()


# A vendor's 401


async def test_a_refused_access_token_is_replaced_once_and_not_in_a_loop(
    tokens: TokenSource, login: OAuthLogin, endpoint: TokenEndpoint, clock: FakeClock
) -> None:
    first = await tokens.access_token(login)
    assert tokens.discard(login, first)
    second = await tokens.access_token(login)
    assert second == SecretStr(access(2))
    for _ in range(5):
        assert not tokens.discard(login, second)
        assert await tokens.access_token(login) == second
    clock.now = 1799.0
    assert not tokens.discard(login, second)
    clock.now = 1800.0
    assert tokens.discard(login, second)
    assert await text(tokens, login) == access(3)
    assert len(endpoint.asked) == 3


async def test_a_long_lived_token_is_refreshed_after_an_hour_of_refusals(
    tokens: TokenSource, login: OAuthLogin, endpoint: TokenEndpoint, clock: FakeClock
) -> None:
    endpoint.expires_in = 864_000
    assert tokens.discard(login, await tokens.access_token(login))
    second = await tokens.access_token(login)
    clock.now = 3599.0
    assert not tokens.discard(login, second)
    clock.now = 3600.0
    assert tokens.discard(login, second)


async def test_late_refusals_of_an_old_token_do_not_cost_the_new_one(
    tokens: TokenSource, login: OAuthLogin, endpoint: TokenEndpoint
) -> None:
    first = await tokens.access_token(login)
    for _ in range(100):
        assert tokens.discard(login, first)
        assert await text(tokens, login) == access(2)
    assert len(endpoint.asked) == 2


async def test_another_login_is_noticed_while_refusals_may_not_refresh(
    tokens: TokenSource, login: OAuthLogin, endpoint: TokenEndpoint
) -> None:
    tokens.discard(login, await tokens.access_token(login))
    second = await tokens.access_token(login)
    endpoint.log_in(f"{CANARY}-again")
    login.refresh_token_file.write_text(f"{CANARY}-again")
    assert await text(tokens, login) == access(2)
    assert not tokens.discard(login, second)
    endpoint.reply(503, {})
    assert (await failure(tokens, login)).reason is Reason.SERVER_ERROR
    endpoint.behave()
    assert await text(tokens, login) == access(3)
    assert shown_tokens(endpoint)[2:] == [f"{CANARY}-again"] * 2


# A refused refresh token


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
async def test_a_refused_refresh_token_is_not_shown_again_until_the_file_changes(
    tokens: TokenSource, login: OAuthLogin, endpoint: TokenEndpoint, status: int, body: Any, shown: str
) -> None:
    endpoint.reply(status, body)
    for _ in range(3):
        error = await failure(tokens, login)
        assert isinstance(error, CredentialError)
        assert str(error) == (f"the refresh token was refused ({shown}): log in again and replace the file that `refresh_token_file` names")
    assert len(endpoint.asked) == 1
    endpoint.behave()
    endpoint.log_in(f"{CANARY}-again")
    login.refresh_token_file.write_text(f"\n  {CANARY}-again \n")
    assert await text(tokens, login) == access(1)
    assert shown_tokens(endpoint) == [FIRST, f"{CANARY}-again"]


@pytest.mark.parametrize("content", [b"", b"<html>", b"x" * (MAX_BODY_BYTES + 1)])
async def test_a_refusal_without_a_readable_body_is_a_refusal(
    tokens: TokenSource, login: OAuthLogin, endpoint: TokenEndpoint, content: bytes
) -> None:
    endpoint.reply(401, content=content)
    assert "(HTTP 401)" in str(await failure(tokens, login))


async def test_a_token_that_was_replaced_elsewhere_is_picked_up_at_the_next_refresh(
    tokens: TokenSource, login: OAuthLogin, endpoint: TokenEndpoint, clock: FakeClock
) -> None:
    assert await text(tokens, login) == access(1)
    endpoint.log_in(f"{CANARY}-again")
    login.refresh_token_file.write_text(f"{CANARY}-again")
    assert await text(tokens, login) == access(1)
    clock.now = 3600.0
    assert await text(tokens, login) == access(2)
    assert shown_tokens(endpoint) == [FIRST, f"{CANARY}-again"]


@pytest.mark.parametrize(
    ("content", "words"),
    [(None, "does not exist"), ("", "is empty"), (f"{CANARY} and {CANARY}", "white space"), ("x" * 70_000, "larger than")],
)
async def test_a_file_without_a_token_is_told_as_for_any_secret(
    tokens: TokenSource, login: OAuthLogin, endpoint: TokenEndpoint, content: str | None, words: str
) -> None:
    login.refresh_token_file.unlink()
    if content is not None:
        login.refresh_token_file.write_text(content)
    error = await failure(tokens, login)
    assert isinstance(error, CredentialError)
    assert words in str(error)
    assert not endpoint.asked
    login.refresh_token_file.write_text(FIRST)
    assert await text(tokens, login) == access(1)


# A refresh token that changes


async def test_the_new_refresh_token_is_on_the_disk_before_the_access_token_is_used(
    tokens: TokenSource, login: OAuthLogin, endpoint: TokenEndpoint, clock: FakeClock
) -> None:
    endpoint.rotates = True
    for number in range(1, 4):
        assert await text(tokens, login) == access(number)
        assert login.refresh_token_file.read_text() == refresh(number)
        clock.now += 3600.0
    assert shown_tokens(endpoint) == [FIRST, refresh(1), refresh(2)]


async def test_a_process_that_is_killed_after_the_write_goes_on_with_the_new_token(
    session: aiohttp.ClientSession, login: OAuthLogin, endpoint: TokenEndpoint, clock: FakeClock
) -> None:
    endpoint.rotates = True
    for number in range(1, 4):
        assert await text(TokenSource(Transport(session, {}, clock.clock), SecretReader({})), login) == access(number)
    assert shown_tokens(endpoint) == [FIRST, refresh(1), refresh(2)]


async def test_the_file_keeps_its_owner_and_is_nobody_elses_to_read(
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


async def test_an_answer_without_a_new_refresh_token_leaves_the_file_alone(
    tokens: TokenSource, login: OAuthLogin, endpoint: TokenEndpoint
) -> None:
    before = login.refresh_token_file.stat()
    for body in ({"access_token": "AT"}, {"access_token": "AT", "refresh_token": FIRST}):
        endpoint.reply(body=body)
        token = await tokens.access_token(login)
        assert login.refresh_token_file.stat() == before
        tokens.discard(login, token)
    assert len(endpoint.asked) == 2


async def test_a_link_stays_a_link(tokens: TokenSource, login: OAuthLogin, endpoint: TokenEndpoint, tmp_path: Path) -> None:
    endpoint.rotates = True
    link = tmp_path / "link"
    link.symlink_to(login.refresh_token_file)
    assert await text(tokens, OAuthLogin(login.token_url, CLIENT, link)) == access(1)
    assert link.is_symlink()
    assert login.refresh_token_file.read_text() == refresh(1)


def move_away(login: OAuthLogin) -> Callable[[], None]:
    """Take the folder away, once; the path it has then is the same with `-away`."""
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
    endpoint.before_answer = move_away(login)
    for _ in range(3):
        error = await failure(tokens, login)
        assert isinstance(error, CredentialError)
        assert str(error).startswith(
            "the new refresh token cannot be saved to the file that `refresh_token_file` names (No such file or directory) and is kept in memory only: "
        )
    bring_back(login)
    assert await text(tokens, login) == access(1)
    assert login.refresh_token_file.read_text() == refresh(1)
    assert len(endpoint.asked) == 1


async def test_a_kept_token_is_the_one_for_the_next_refresh(
    tokens: TokenSource, login: OAuthLogin, endpoint: TokenEndpoint, clock: FakeClock
) -> None:
    endpoint.rotates = True
    endpoint.before_answer = move_away(login)
    await failure(tokens, login)
    clock.now = 4000.0
    await failure(tokens, login)
    endpoint.before_answer = lambda: None
    bring_back(login)
    assert await text(tokens, login) == access(2)
    assert login.refresh_token_file.read_text() == refresh(2)
    assert shown_tokens(endpoint) == [FIRST, refresh(1)]


async def test_a_login_that_comes_while_a_token_waits_to_be_saved_wins(
    tokens: TokenSource, login: OAuthLogin, endpoint: TokenEndpoint
) -> None:
    endpoint.rotates = True
    endpoint.before_answer = move_away(login)
    await failure(tokens, login)
    endpoint.before_answer = lambda: None
    endpoint.log_in(f"{CANARY}-again")
    login.refresh_token_file.parent.mkdir()
    login.refresh_token_file.write_text(f"{CANARY}-again")
    assert await text(tokens, login) == access(2)
    assert shown_tokens(endpoint) == [FIRST, f"{CANARY}-again"]
    assert login.refresh_token_file.read_text() == refresh(2)


async def test_a_login_that_comes_during_a_refresh_is_not_overwritten(
    tokens: TokenSource, login: OAuthLogin, endpoint: TokenEndpoint, clock: FakeClock
) -> None:
    def log_in() -> None:
        login.refresh_token_file.write_text(f"{CANARY}-again")

    endpoint.rotates = True
    endpoint.before_answer = log_in
    assert await text(tokens, login) == access(1)
    assert login.refresh_token_file.read_text() == f"{CANARY}-again"
    endpoint.log_in(f"{CANARY}-again")
    endpoint.before_answer = lambda: None
    clock.now = 3600.0
    assert await text(tokens, login) == access(2)


async def test_a_parent_that_became_a_file_loses_no_token(tokens: TokenSource, login: OAuthLogin, endpoint: TokenEndpoint) -> None:
    folder = login.refresh_token_file.parent

    def block() -> None:
        shutil.rmtree(folder)
        folder.write_text("in the way")

    endpoint.rotates = True
    endpoint.before_answer = block
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
    endpoint.before_answer = block
    assert "Is a directory" in str(await failure(tokens, login))
    assert [entry.name for entry in path.parent.iterdir()] == ["token"]
    path.rmdir()
    assert await text(tokens, login) == access(1)
    assert path.read_text() == refresh(1)


@pytest.mark.skipif(not READ_ONLY.exists(), reason="only Linux has it")
async def test_a_file_in_a_mounted_kubernetes_secret_gets_a_message_that_says_what_to_do(
    tokens: TokenSource, login: OAuthLogin, endpoint: TokenEndpoint
) -> None:
    login.refresh_token_file.unlink()
    login.refresh_token_file.symlink_to(READ_ONLY)
    endpoint.rotates = True
    endpoint.log_in(READ_ONLY.read_text().strip())
    for _ in range(2):
        error = await failure(tokens, login)
        assert isinstance(error, CredentialError)
        assert "make its folder writable (a Kubernetes Secret never is" in str(error)
    assert len(endpoint.asked) == 1


# Whatever comes


async def test_nothing_is_logged_that_holds_a_token(tokens: TokenSource, login: OAuthLogin, endpoint: TokenEndpoint) -> None:
    stream = io.StringIO()
    configure_log("debug", "logfmt", stream)
    asyncio.get_running_loop().set_debug(True)
    logging.getLogger("asyncio").setLevel(logging.DEBUG)
    endpoint.rotates = True
    for status in (500, 400):
        endpoint.reply(status, {"error": CANARY})
        await failure(tokens, login)
    endpoint.behave()
    endpoint.log_in("another")
    login.refresh_token_file.write_text("another")
    token = await tokens.access_token(login)
    assert token.get_secret_value() == access(1)
    assert CANARY not in f"{token} {token!r} {login!r} {vars(tokens)!r} {asyncio.all_tasks()!r} {endpoint.asked!r}"
    assert CANARY not in stream.getvalue()


def judged(content: bytes) -> TokenResponse | PollError:
    try:
        return TokenResponse.parse(Response(200, {}, content, []))
    except PollError as error:
        return error


ANYTHING: Final = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from(["Bearer", "AT", "3600", 10**4000]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=4,
)
FIELDS: Final = st.sampled_from(["access_token", "refresh_token", "token_type", "expires_in", "error"])


@given(st.dictionaries(FIELDS, ANYTHING))
@example({"access_token": "AT", "refresh_token": {}})
@example({"access_token": "AT", "expires_in": 10**4000})
def test_any_object_is_a_usable_answer_or_a_poll_error(body: dict[str, Any]) -> None:
    outcome = judged(json.dumps(body).encode())
    if isinstance(outcome, PollError):
        assert outcome.reason is Reason.INVALID_RESPONSE
        return
    assert outcome.lifetime >= 30
    for token in (outcome.access, outcome.refresh):
        assert token is None or (token.get_secret_value().isascii() and token.get_secret_value().isprintable())
        assert token is None or " " not in token.get_secret_value()


@given(st.binary(max_size=64))
@example(b'{"access_token": "AT", "expires_in": ' + b"9" * 5000 + b"}")
@example(b"\xff\xfe{")
@example(b'{"access_token": "\\ud800"}')
def test_any_bytes_are_no_crash(content: bytes) -> None:
    assert isinstance(judged(content), TokenResponse | PollError)
    assert refused(400, content).reason is Reason.CREDENTIAL
