"""How passwords are checked: in a thread, in a bounded and fair queue, as slowly for unknown users, and never kept."""

from __future__ import annotations

import asyncio
import gc
import threading
from collections.abc import Callable
from contextlib import closing

import bcrypt
import pytest

from exporter.web.web_config.access import AccessControl
from exporter.web.web_config.basic_auth import MAX_REMEMBERED, BasicAuth, Credentials
from exporter.web.web_config.field_types import cost_of
from exporter.web.web_config.password_checker import BusyError, PasswordChecker, check_password
from exporter.web.web_config.web_config import WebConfig
from tests.support import PATIENCE, until
from tests.web.web_config.support import ALICE, BOB, Protected, basic, protected

USERS = {"alice": ALICE, "bob": BOB}


class Recorded:
    """A check that records its arguments and waits until it is released."""

    def __init__(self, right: bytes = b"") -> None:
        self.checked: list[tuple[bytes, bytes]] = []
        self.go = threading.Event()
        self.go.set()
        self._right = right

    def __call__(self, password: bytes, stored: bytes) -> bool:
        self.checked.append((password, stored))
        assert self.go.wait(PATIENCE)
        return password == self._right

    @property
    def passwords(self) -> list[bytes]:
        return [password for password, _ in self.checked]


def new_auth(check: Callable[[bytes, bytes], bool], **options: int) -> BasicAuth:
    auth = BasicAuth(PasswordChecker(check, **options))
    auth.apply(USERS)
    return auth


def asking(auth: BasicAuth, user: str, password: str, client: str = "192.0.2.1") -> asyncio.Task[bool]:
    return asyncio.create_task(auth.admits(Credentials(user.encode(), password.encode()), client))


@pytest.mark.parametrize("user", [b"alice", b"mallory", b"", b"\xff", b"bob\0"])
async def test_an_unknown_user_costs_one_check_of_the_cost_of_a_known_one(user: bytes) -> None:
    recorded = Recorded()
    assert not await new_auth(recorded).admits(Credentials(user, b"guess"), "")
    ((password, stored),) = recorded.checked
    assert password == b"guess"
    assert cost_of(stored.decode()) in {4, 5}


async def test_the_cost_of_an_unknown_user_is_constant_and_differs_between_users() -> None:
    recorded = Recorded()
    auth = new_auth(recorded)
    for guess in (b"one", b"two"):
        for number in range(40):
            assert not await auth.admits(Credentials(b"%d" % number, guess), "")
    costs = [cost_of(stored.decode()) for _, stored in recorded.checked]
    assert costs[:40] == costs[40:]
    assert set(costs) == {4, 5}


async def test_each_process_assigns_other_costs_to_unknown_users() -> None:
    found = []
    for _ in range(2):
        recorded = Recorded()
        auth = new_auth(recorded)
        for number in range(100):
            await auth.admits(Credentials(b"%d" % number, b"guess"), "")
        found.append([cost_of(stored.decode()) for _, stored in recorded.checked])
    assert found[0] != found[1]


async def test_an_unknown_user_is_refused_even_if_the_check_succeeds() -> None:
    auth = new_auth(Recorded(b"guess"))
    assert [await auth.admits(Credentials(b"mallory", b"guess"), "") for _ in range(2)] == [False, False]


@pytest.mark.parametrize(("length", "status"), [(71, 401), (72, 200), (73, 200), (500, 200)])
async def test_a_password_over_72_bytes_is_compared_as_in_go_by_its_first_72(length: int, status: int) -> None:
    stored = bcrypt.hashpw(b"x" * 72, bcrypt.gensalt(4)).decode()
    async with protected(WebConfig(users={"alice": stored})) as server:
        assert await server.status(Authorization=basic("alice", "x" * length)) == status
        assert await server.status(Authorization=basic("alice", "y" + "x" * length)) == 401


async def test_other_requests_are_answered_while_a_password_is_checked() -> None:
    recorded = Recorded(b"slow")
    async with protected(WebConfig(users=USERS), PasswordChecker(recorded)) as server:
        assert await server.status(Authorization=basic("alice", "slow")) == 200
        recorded.go.clear()
        waiting = asyncio.create_task(server.status(Authorization=basic("bob", "slow")))
        await until(lambda: len(recorded.checked) == 2, "the next check begins")
        assert await server.status(Authorization=basic("alice", "slow")) == 200
        assert await server.status() == 401
        assert not waiting.done()
        recorded.go.set()
        assert await waiting == 200


async def test_the_same_credentials_are_checked_once_and_the_result_is_remembered() -> None:
    recorded = Recorded(b"wonderland")
    async with protected(WebConfig(users=USERS), PasswordChecker(recorded)) as server:
        for password, status in (("wonderland", 200), ("wrong", 401)):
            together = await asyncio.gather(*(server.status(Authorization=basic("alice", password)) for _ in range(5)))
            assert together == [status] * 5
            assert await server.status(Authorization=basic("alice", password)) == status
    assert recorded.passwords == [b"wonderland", b"wrong"]


async def test_a_client_that_disconnects_leaves_the_result_to_the_others() -> None:
    recorded = Recorded(b"wonderland")
    recorded.go.clear()
    auth = new_auth(recorded)
    first, second = (asking(auth, "alice", "wonderland") for _ in range(2))
    await until(lambda: recorded.checked, "a check begins")
    first.cancel()
    await asyncio.sleep(0)
    recorded.go.set()
    assert await second
    assert first.cancelled()


async def test_beyond_the_queue_logins_are_refused_while_known_ones_are_admitted() -> None:
    recorded = Recorded(b"right")
    checker = PasswordChecker(recorded, max_checks=3)
    async with protected(WebConfig(users=USERS), checker) as server:
        assert await server.status(Authorization=basic("alice", "right")) == 200
        recorded.go.clear()
        guesses = [asyncio.create_task(server.status(Authorization=basic("bob", str(guess)))) for guess in range(3)]
        await until(lambda: checker.in_progress == 3, "three checks are waiting")
        async with server.ask(Authorization=basic("bob", "one more")) as response:
            assert (response.status, response.headers["Retry-After"]) == (503, "1")
        assert await server.status(Authorization=basic("alice", "right")) == 200
        recorded.go.set()
        assert await asyncio.gather(*guesses) == [401, 401, 401]
        assert await server.status(Authorization=basic("bob", "right")) == 200


@pytest.mark.parametrize(
    ("guessed", "client"),
    [("alice", "192.0.2.1"), ("mallory", "192.0.2.1"), ("bob", "198.51.100.7"), ("random", "192.0.2.1")],
    ids=["another user", "an unknown user", "another client", "many unknown users"],
)
async def test_a_flood_of_wrong_passwords_does_not_block_a_correct_one(guessed: str, client: str) -> None:
    recorded = Recorded(b"right")
    recorded.go.clear()
    auth = new_auth(recorded, max_checks=10)
    names = [f"{number}" if guessed == "random" else guessed for number in range(50)]
    flood = [asking(auth, name, f"guess {number}", client) for number, name in enumerate(names)]
    await asyncio.sleep(0)
    login = asking(auth, "bob", "right")
    more = [asking(auth, name, f"another guess {number}", client) for number, name in enumerate(names)]
    await until(lambda: recorded.checked, "a check begins")
    recorded.go.set()
    assert await login
    refused = await asyncio.gather(*flood, *more, return_exceptions=True)
    assert True not in refused
    assert sum(isinstance(each, BusyError) for each in refused) >= 90 - 10
    assert recorded.passwords.index(b"right") <= 2  # it is next


async def test_clients_take_turns() -> None:
    recorded = Recorded(b"right")
    recorded.go.clear()
    auth = new_auth(recorded)
    logins = [asking(auth, "bob", f"{client} {number}", f"192.0.2.{client}") for client in range(3) for number in range(3)]
    await until(lambda: recorded.checked, "a check begins")
    recorded.go.set()
    assert await asyncio.gather(*logins) == [False] * 9
    assert recorded.passwords == [b"0 0", b"0 1", b"1 0", b"2 0", b"0 2", b"1 1", b"2 1", b"1 2", b"2 2"]


async def test_after_a_reload_known_credentials_are_admitted_during_a_flood() -> None:
    recorded = Recorded(b"right")
    checker = PasswordChecker(recorded, max_checks=3)
    async with protected(WebConfig(users=USERS), checker) as server:
        assert await server.status(Authorization=basic("alice", "right")) == 200
        recorded.go.clear()
        flood = [asyncio.create_task(server.status(Authorization=basic("alice", str(guess)))) for guess in range(6)]
        await until(lambda: checker.in_progress == 3, "three checks are waiting")
        server.apply(WebConfig(users={**USERS, "carol": BOB}))
        assert await server.status(Authorization=basic("alice", "right")) == 200
        recorded.go.set()
        assert set(await asyncio.gather(*flood)) <= {401, 503}


@pytest.mark.parametrize("addresses", [1, 50], ids=["one address", "fifty addresses"])
async def test_a_known_password_with_a_new_hash_is_checked_first_during_a_flood_on_its_user(addresses: int) -> None:
    recorded = Recorded(b"right")
    auth = new_auth(recorded, max_checks=10)
    assert await asking(auth, "bob", "right")
    auth.apply({"alice": ALICE, "bob": ALICE})
    recorded.go.clear()
    flood = [asking(auth, "bob", f"guess {number}", f"192.0.2.{number % addresses}") for number in range(50)]
    await until(lambda: len(recorded.checked) == 2, "the next check begins")
    login = asking(auth, "bob", "right", "192.0.2.0")
    await asyncio.sleep(0)
    recorded.go.set()
    assert await login
    assert recorded.passwords.index(b"right", 1) == 2
    assert True not in await asyncio.gather(*flood, return_exceptions=True)


async def test_a_former_password_is_not_checked_first_once_it_was_refused() -> None:
    recorded = Recorded(b"former")
    auth = new_auth(recorded, max_checks=2)
    assert await asking(auth, "bob", "former")
    recorded._right = b"right"
    auth.apply({"bob": ALICE})
    assert not await asking(auth, "bob", "former")
    auth.apply({"bob": ALICE[:30] + BOB[30:]})
    recorded.go.clear()
    flood = [asking(auth, "bob", f"guess {number}") for number in range(2)]
    await until(lambda: len(recorded.checked) == 3, "the next check begins")
    with pytest.raises(BusyError):
        await asking(auth, "bob", "former")
    recorded.go.set()
    assert await asyncio.gather(*flood) == [False, False]


async def test_wrong_guesses_use_no_memory_and_remove_no_known_credentials() -> None:
    recorded = Recorded(b"right")
    auth = new_auth(recorded)
    assert await auth.admits(Credentials(b"alice", b"right"), "")
    for guess in range(MAX_REMEMBERED + 50):
        assert not await auth.admits(Credentials(b"alice", b"%d" % guess), "")
    assert (len(auth._accepted), len(auth._refused), len(auth._pending)) == (1, MAX_REMEMBERED, 0)
    before = len(recorded.checked)
    assert await auth.admits(Credentials(b"alice", b"right"), "")
    assert len(recorded.checked) == before


async def test_no_password_stays_in_memory() -> None:
    async with protected(WebConfig(users=USERS)) as server:
        assert await server.status(Authorization=basic("alice", "wonderland")) == 200
        assert await server.status(Authorization=basic("alice", "wonderful")) == 401
        found = list(reachable(server.access))
        assert any(ALICE.encode() == item for item in found)
        assert not [item for item in found if isinstance(item, bytes) and b"wonder" in item]
        assert not [item for item in found if isinstance(item, str) and "wonder" in item]


def reachable(*roots: object) -> list[object]:
    """All objects that these refer to, without modules and types."""
    seen: dict[int, object] = {}
    queue: list[object] = list(roots)
    while queue:
        item = queue.pop()
        if id(item) not in seen and not isinstance(item, type | type(gc) | type(reachable)):
            seen[id(item)] = item
            queue += gc.get_referents(item)
    return list(seen.values())


async def test_a_replaced_hash_applies_at_once() -> None:
    old, new = basic("alice", "wonderland"), basic("alice", "rubble")
    async with protected(WebConfig(users={"alice": ALICE})) as server:
        assert [await server.status(Authorization=login) for login in (old, new)] == [200, 401]
        server.apply(WebConfig(users={"alice": BOB}))
        assert [await server.status(Authorization=login) for login in (old, new)] == [401, 200]
        server.apply(WebConfig(users={"bob": BOB}))
        assert [await server.status(Authorization=login) for login in (old, new)] == [401, 401]


@pytest.mark.parametrize(("users", "status"), [({"alice": BOB}, 401), ({"alice": ALICE}, 200), ({}, 200)])
async def test_a_check_in_progress_is_judged_by_the_configuration_that_came_meanwhile(users: dict[str, str], status: int) -> None:
    go, begun = threading.Event(), threading.Event()

    def slow(password: bytes, stored: bytes) -> bool:
        begun.set()
        return go.wait(PATIENCE) and check_password(password, stored)

    async with protected(WebConfig(users={"alice": ALICE}), PasswordChecker(slow)) as server:
        waiting = asyncio.create_task(ask(server))
        await until(begun.is_set, "the check begins")
        server.apply(WebConfig(users=users))
        go.set()
        assert await waiting == status


async def ask(server: Protected) -> int:
    return await server.status(Authorization=basic("alice", "wonderland"))


async def test_closing_forgets_the_checks_that_have_not_begun() -> None:
    recorded = Recorded()
    recorded.go.clear()
    checker = PasswordChecker(recorded)
    with closing(AccessControl(WebConfig(users=USERS), checker)) as access:
        waiting = [asking(access._auth, "bob", str(guess)) for guess in range(3)]
        await until(lambda: checker.in_progress == 3 and recorded.checked, "the first of three checks begins")
    recorded.go.set()
    results = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(result) for result in results] == [bool, asyncio.CancelledError, asyncio.CancelledError]
    assert len(recorded.checked) == 1


@pytest.mark.parametrize("error", [ValueError, MemoryError])
async def test_a_check_that_fails_refuses_the_login_and_the_next_one_runs(error: type[Exception]) -> None:
    def fail(password: bytes, _stored: bytes) -> bool:
        if password == b"broken":
            raise error
        return password == b"right"

    auth = new_auth(fail)
    with pytest.raises(error):
        await asking(auth, "bob", "broken")
    assert await asking(auth, "bob", "right")
