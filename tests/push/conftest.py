"""Fixtures: a receiver, and what pushes to it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from exporter.accounts.store import Store
from exporter.client.client import Client
from exporter.client.secret_reader import SecretReader
from exporter.config.push_settings import Otlp
from exporter.metrics.exposition import Exposition
from exporter.push.pusher import Pusher, PushStatistics
from tests.metrics.showcase import BUILD, showcase
from tests.push.receiver import Receiver
from tests.push.support import MakePusher
from tests.support import PATIENCE, FakeClock


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with Receiver() as running:
        yield running


@pytest.fixture
def store() -> Store:
    return showcase()


@pytest.fixture
def exposition() -> Exposition:
    return Exposition(BUILD)


@pytest.fixture
def statistics() -> PushStatistics:
    return PushStatistics()


@pytest.fixture
def pusher(
    client: Client, clock: FakeClock, receiver: Receiver, store: Store, exposition: Exposition, statistics: PushStatistics
) -> MakePusher:
    """Makes a pusher to the receiver; `changes` are settings."""
    client.transport.clock = clock.clock

    def make(environ: dict[str, str] | None = None, former: Pusher | None = None, **changes: Any) -> Pusher:
        exposition.push = statistics.families
        return Pusher(
            Otlp.model_validate({"endpoint": receiver.url, "timeout": f"{PATIENCE:g}s", **changes}),
            snapshot=store.snapshot,
            families=exposition.families,
            transport=client.transport,
            secrets=SecretReader(environ or {}),
            resource={"service.name": "ai-account-exporter", "service.instance.id": "host:9893"},
            statistics=statistics,
            former=former,
        )

    return make
