"""How passwords are checked: one at a time, beside the event loop, as dear for strangers, and forgotten."""

from __future__ import annotations

import asyncio
import gc
import threading
from collections.abc import Callable

import bcrypt
import pytest

from exporter.web.web_config.fields import cost_of
from exporter.web.web_config.gate import Gate
from exporter.web.web_config.loading import WebConfig
from exporter.web.web_config.login import Login
from exporter.web.web_config.users import MAX_REMEMBERED, Users
from exporter.web.web_config.worker import Worker, check_password
from tests.support import PATIENCE
from tests.web.web_config.support import ALICE, BOB, Guarded, basic, guarding

USERS = {"alice": ALICE, "bob": BOB}
KEY = b"k" * 32


class Counted:
    """Checks that are written down; each waits until it is let go."""

    def __init__(self, right: bytes = b"") -> None:
        self.asked: list[tuple[bytes, bytes]] = []
        self.go = threading.Event()
        self.go.set()
        self._right = right

    def __call__(self, password: bytes, stored: bytes) -> bool:
        self.asked.append((password, stored))
        assert self.go.wait(PATIENCE)
        return password == self._right


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 -- a thread makes it true
            await asyncio.sleep(0)


@pytest.mark.parametrize("user", [b"alice", b"mallory", b"", b"\xff", b"bob\0"])
async def test_a_stranger_costs_one_check_of_a_cost_that_a_user_has(user: bytes) -> None:
    counted = Counted()
    users = Users(USERS, KEY, Worker(counted))
    assert not await users.admits(Login(user, b"guess"))
    ((password, stored),) = counted.asked
    assert password == b"guess"
    assert cost_of(stored.decode()) in {4, 5}


async def test_a_strangers_cost_is_always_the_same_and_not_everybodys() -> None:
    counted = Counted()
    users = Users(USERS, KEY, Worker(counted))
    for guess in (b"one", b"two"):
        for number in range(40):
            assert not await users.admits(Login(b"%d" % number, guess))
    costs = [cost_of(stored.decode()) for _, stored in counted.asked]
    assert costs[:40] == costs[40:]
    assert set(costs) == {4, 5}


async def test_another_process_gives_strangers_other_costs() -> None:
    found = []
    for key in (b"a", b"b"):
        counted = Counted()
        users = Users(USERS, key, Worker(counted))
        for number in range(40):
            await users.admits(Login(b"%d" % number, b"guess"))
        found.append([cost_of(stored.decode()) for _, stored in counted.asked])
    assert found[0] != found[1]


async def test_a_stranger_is_not_let_in_even_if_the_check_says_yes() -> None:
    users = Users(USERS, KEY, Worker(Counted(b"guess")))
    assert [await users.admits(Login(b"mallory", b"guess")) for _ in range(2)] == [False, False]


async def test_a_password_that_bcrypt_would_cut_off_is_refused_unasked() -> None:
    counted = Counted(b"x" * 73)
    users = Users({"alice": ALICE}, KEY, Worker(counted))
    assert not await users.admits(Login(b"alice", b"x" * 73))
    assert counted.asked == []
    assert not check_password(b"x" * 73, bcrypt.hashpw(b"x" * 72, bcrypt.gensalt(4)))
    assert check_password(b"x" * 72, bcrypt.hashpw(b"x" * 72, bcrypt.gensalt(4)))


async def test_other_requests_are_answered_while_a_password_is_checked() -> None:
    counted = Counted(b"slow")
    gate = Gate(WebConfig(users=USERS), Worker(counted))
    async with guarding(gate) as server:
        assert await server.status(Authorization=basic("alice", "slow")) == 200
        counted.go.clear()
        waiting = asyncio.create_task(server.status(Authorization=basic("bob", "slow")))
        await until(lambda: len(counted.asked) == 2)
        assert await server.status(Authorization=basic("alice", "slow")) == 200
        assert await server.status() == 401
        assert not waiting.done()
        counted.go.set()
        assert await waiting == 200


async def test_the_same_question_is_asked_once_and_its_answer_remembered() -> None:
    counted = Counted(b"wonderland")
    gate = Gate(WebConfig(users=USERS), Worker(counted))
    async with guarding(gate) as server:
        for password, status in (("wonderland", 200), ("wrong", 401)):
            together = await asyncio.gather(*(server.status(Authorization=basic("alice", password)) for _ in range(5)))
            assert together == [status] * 5
            assert await server.status(Authorization=basic("alice", password)) == status
    assert [password for password, _ in counted.asked] == [b"wonderland", b"wrong"]


async def test_who_hangs_up_leaves_the_answer_to_the_others() -> None:
    counted = Counted(b"wonderland")
    counted.go.clear()
    users = Users(USERS, KEY, Worker(counted))
    first, second = (asyncio.create_task(users.admits(Login(b"alice", b"wonderland"))) for _ in range(2))
    await until(lambda: bool(counted.asked))
    first.cancel()
    await asyncio.sleep(0)
    counted.go.set()
    assert await second
    assert first.cancelled()


async def test_too_many_waiting_logins_are_sent_away_while_known_ones_come_in() -> None:
    counted = Counted(b"right")
    gate = Gate(WebConfig(users=USERS), Worker(counted, max_waiting=3))
    async with guarding(gate) as server:
        assert await server.status(Authorization=basic("alice", "right")) == 200
        counted.go.clear()
        guesses = [asyncio.create_task(server.status(Authorization=basic("bob", str(guess)))) for guess in range(3)]
        await until(lambda: gate._worker._waiting == 3)
        async with server.ask(Authorization=basic("bob", "one more")) as response:
            assert (response.status, response.headers["Retry-After"]) == (503, "1")
        assert await server.status(Authorization=basic("alice", "right")) == 200
        counted.go.set()
        assert await asyncio.gather(*guesses) == [401, 401, 401]
        assert await server.status(Authorization=basic("bob", "right")) == 200


async def test_guessing_neither_grows_the_memory_nor_pushes_out_who_is_known() -> None:
    counted = Counted(b"right")
    users = Users(USERS, KEY, Worker(counted))
    assert await users.admits(Login(b"alice", b"right"))
    for guess in range(MAX_REMEMBERED + 50):
        assert not await users.admits(Login(b"alice", b"%d" % guess))
    assert (len(users._proven), len(users._refused), len(users._asked)) == (1, MAX_REMEMBERED, 0)
    before = len(counted.asked)
    assert await users.admits(Login(b"alice", b"right"))
    assert len(counted.asked) == before


async def test_no_password_stays_in_memory_within_reach_of_the_gate() -> None:
    gate = Gate(WebConfig(users=USERS), Worker(Worker()._check))
    async with guarding(gate) as server:
        assert await server.status(Authorization=basic("alice", "wonderland")) == 200
        assert await server.status(Authorization=basic("alice", "wonderful")) == 401
        found = list(reachable(gate._users, gate._worker))
        assert any(ALICE.encode() == item for item in found)
        assert not [item for item in found if isinstance(item, bytes) and b"wonder" in item]
        assert not [item for item in found if isinstance(item, str) and "wonder" in item]


def reachable(*roots: object) -> list[object]:
    """All that hangs on these objects, modules and types and the world behind them left out."""
    seen: dict[int, object] = {}
    queue: list[object] = list(roots)
    while queue:
        item = queue.pop()
        if id(item) not in seen and not isinstance(item, type | type(gc) | type(reachable)):
            seen[id(item)] = item
            queue += gc.get_referents(item)
    return list(seen.values())


async def test_a_replaced_hash_counts_at_once() -> None:
    gate = Gate(WebConfig(users={"alice": ALICE}))
    old, new = basic("alice", "wonderland"), basic("alice", "rubble")
    async with guarding(gate) as server:
        assert [await server.status(Authorization=login) for login in (old, new)] == [200, 401]
        gate.config = WebConfig(users={"alice": BOB})
        assert [await server.status(Authorization=login) for login in (old, new)] == [401, 200]
        gate.config = WebConfig(users={"bob": BOB})
        assert [await server.status(Authorization=login) for login in (old, new)] == [401, 401]


@pytest.mark.parametrize(("users", "status"), [({"alice": BOB}, 401), ({"alice": ALICE}, 200), ({}, 200)])
async def test_a_password_under_check_is_judged_by_the_configuration_that_came_meanwhile(users: dict[str, str], status: int) -> None:
    go, begun = threading.Event(), threading.Event()

    def slow(password: bytes, stored: bytes) -> bool:
        begun.set()
        return go.wait(20) and check_password(password, stored)

    gate = Gate(WebConfig(users={"alice": ALICE}), Worker(slow))
    async with guarding(gate) as server:
        asking = asyncio.create_task(ask(server))
        await until(begun.is_set)
        gate.config = WebConfig(users=users)
        go.set()
        assert await asking == status


async def ask(server: Guarded) -> int:
    return await server.status(Authorization=basic("alice", "wonderland"))


async def test_a_closed_gate_forgets_the_checks_that_have_not_begun() -> None:
    counted = Counted()
    counted.go.clear()
    gate = Gate(WebConfig(users=USERS), Worker(counted))
    waiting = [asyncio.create_task(gate._users.admits(Login(b"bob", b"%d" % guess))) for guess in range(3)]
    await until(lambda: gate._worker._waiting == 3 and bool(counted.asked))
    gate.close()
    counted.go.set()
    results = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(result) for result in results] == [bool, asyncio.CancelledError, asyncio.CancelledError]
    assert len(counted.asked) == 1
