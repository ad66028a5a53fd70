"""The shape of the last responses of each account: paths and kinds without values."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from itertools import islice
from typing import Any, Final, NamedTuple

from pydantic import SecretStr

from exporter.clock import Clock
from exporter.config.job import Job
from exporter.model import AccountKey
from exporter.providers.echo import Echo
from exporter.providers.request_fields import Request

HOUR: Final = 3_600.0
MAX_PATHS: Final = 200
_MAX_SHARED: Final = 1_000

Kinds = tuple[tuple[str, str], ...]
"""Pairs of a path and the kind of its values."""
GetShapes = Callable[[AccountKey], Mapping[str, Kinds]]
"""Returns the shapes of the last responses of an account, by request."""


class _Shape(NamedTuple):
    request: str
    hour: int
    is_usable: bool
    kinds: Kinds


class Shapes:
    """Notes the shape of a response once an hour, and of each response that is not usable.

    Accounts with equal shapes share one object, so ten thousand of them cost a pointer each.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._by_account: dict[AccountKey, tuple[_Shape, ...]] = {}
        self._shared: dict[tuple[_Shape, ...], tuple[_Shape, ...]] = {}

    def note(self, job: Job, request: Request, body: Any, secret: SecretStr, is_usable: bool) -> None:  # noqa: FBT001 -- a callback
        """Note the shape of one response, if that is due; the body is not kept."""
        hour = int(self._clock.now() / HOUR)
        known = self._by_account.get(job.key, ())
        name = request.name
        if is_usable and any(each.is_usable and each.hour == hour and each.request == name for each in known):
            return
        others = (each for each in known if each.request != name)
        shapes = (*others, _Shape(name, hour, is_usable, _kinds(request, body, secret)))
        if len(self._shared) >= _MAX_SHARED:
            self._shared.clear()
        self._by_account[job.key] = self._shared.setdefault(shapes, shapes)

    def of(self, key: AccountKey) -> Mapping[str, Kinds]:
        """Return the shapes of an account by request."""
        return {each.request: each.kinds for each in self._by_account.get(key, ())}

    def keep(self, keys: Collection[AccountKey]) -> None:
        """Forget all other accounts."""
        self._by_account = {key: shapes for key, shapes in self._by_account.items() if key in keys}


def _kinds(request: Request, body: Any, secret: SecretStr) -> Kinds:
    from exporter.providers.inspection.shape import kinds_of

    return tuple(islice(kinds_of(body, request, Echo(secret)).items(), MAX_PATHS))
