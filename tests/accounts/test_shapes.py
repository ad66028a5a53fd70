"""When the shape of an answer is noted, and what it costs."""

from __future__ import annotations

import sys
from dataclasses import dataclass

from pydantic import SecretStr

from exporter.accounts.shapes import HOUR, MAX_PATHS, Shapes
from exporter.clock import Clock
from exporter.model import AccountKey
from tests.support import job_of

KEY = AccountKey("heygen", "studio")
JOB = job_of(KEY)
[REQUEST, *_] = JOB.requests
SECRET = SecretStr("made-up-secret")
BODY = {"data": {"left": 3, "plan": "pro"}}
KINDS = (("data.left", "a number"), ("data.plan", "text"))


@dataclass
class Time:
    now: float = 1_795_000_000.0

    def clock(self) -> Clock:
        return Clock(wall=lambda: self.now, monotonic=lambda: self.now)


def noted(*bodies: object) -> Shapes:
    shapes = Shapes(Time().clock())
    for body in bodies:
        shapes.note(JOB, REQUEST, body, SECRET, is_usable=True)
    return shapes


def test_a_shape_has_paths_and_kinds_by_request() -> None:
    shapes = noted(BODY)
    assert shapes.of(KEY) == {REQUEST.name: KINDS}
    assert shapes.of(AccountKey("heygen", "other")) == {}


def test_a_usable_answer_is_noted_once_an_hour() -> None:
    time = Time()
    shapes = Shapes(time.clock())
    for hours, expected in ((0, "a number"), (0.1, "a number"), (1.1, "null")):
        shapes.note(JOB, REQUEST, {"left": 1 if not hours else None}, SECRET, is_usable=True)
        assert shapes.of(KEY) == {REQUEST.name: (("left", expected),)}, hours
        time.now += HOUR / 2 if not hours else HOUR


def test_every_answer_that_is_not_usable_is_noted_and_so_is_the_next_good_one() -> None:
    shapes = noted(BODY)
    for body, usable, expected in (([], False, "an empty list"), ({}, False, "an empty object"), (None, True, "null"), ([], True, "null")):
        shapes.note(JOB, REQUEST, body, SECRET, is_usable=usable)
        assert shapes.of(KEY) == {REQUEST.name: (("@", expected),)}


def test_requests_have_shapes_of_their_own() -> None:
    shapes = noted(BODY)
    other = REQUEST.model_copy(update={"path": "/other"})
    shapes.note(JOB, other, {"x": True}, SECRET, is_usable=True)
    assert shapes.of(KEY) == {REQUEST.name: KINDS, "/other": (("x", "true or false"),)}


def test_a_removed_account_is_forgotten() -> None:
    shapes = noted(BODY)
    shapes.keep({AccountKey("heygen", "other")})
    assert shapes.of(KEY) == {}


def test_a_huge_answer_has_a_shape_of_bounded_size() -> None:
    body = [
        {f"part_{chr(97 + first)}": {f"{chr(97 + second)}{chr(97 + third)}": second for third in range(20) for second in range(2)}}
        for first in range(20)
    ]
    assert len(noted(body).of(KEY)[REQUEST.name]) == MAX_PATHS


def test_accounts_with_equal_shapes_share_one_object() -> None:
    shapes = Shapes(Time().clock())
    jobs = [job_of(AccountKey("heygen", f"account-{number}")) for number in range(2_000)]
    for number, job in enumerate(jobs):
        shapes.note(job, REQUEST, {"data": {"left": number, "plan": f"plan {number}"}}, SECRET, is_usable=True)
    assert len({id(each) for each in shapes._by_account.values()}) == 1
    own = sys.getsizeof(shapes._by_account) / len(jobs)
    assert own < 0.3 * 1_024, "bytes an account; the key is that of its job"


def test_the_table_of_shared_shapes_is_bounded() -> None:
    shapes = Shapes(Time().clock())
    for number in range(2_500):
        shapes.note(
            JOB,
            REQUEST,
            {f"k{'abcdefghij'[number % 10]}_{chr(97 + number // 100)}{chr(97 + number // 10 % 10)}": 1},
            SECRET,
            is_usable=False,
        )
    assert len(shapes._shared) <= 1_000
