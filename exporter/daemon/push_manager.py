"""The pushes that the configuration in effect asks for: started, replaced and ended."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from exporter.accounts.store import Store
from exporter.client.client import Client
from exporter.client.secret_reader import SecretReader
from exporter.config.push_settings import Otlp, Push
from exporter.daemon.version import DISTRIBUTION, version
from exporter.metrics.exposition import Exposition

if TYPE_CHECKING:
    from exporter.push.pusher import Pusher, PushStatistics


class PushManager:
    """Starts, replaces and ends the pushes. What they need is imported where they are configured."""

    def __init__(self, store: Store, exposition: Exposition, client: Client, secrets: SecretReader, port: int) -> None:
        """`port` is where the exporter listens: with the name of the host it distinguishes exporters."""
        self._store = store
        self._exposition = exposition
        self._client = client
        self._secrets = secrets
        self._port = port
        self._pusher: Pusher | None = None
        self._statistics: PushStatistics | None = None

    def apply(self, push: Push | None) -> None:
        """Put this part of a configuration into effect. Pushes whose settings stay continue, and so do all if the new ones cannot start."""
        settings, former = push.otlp if push else None, self._pusher
        if settings == (former.settings if former else None):
            return
        self._pusher = self._start(settings, former) if settings else None
        if former:
            former.stop()
        self._exposition.push = self._statistics.families if self._pusher and self._statistics else tuple

    async def close(self) -> None:
        """Push once more, and then no more."""
        if self._pusher:
            await self._pusher.close()

    def _start(self, settings: Otlp, former: Pusher | None) -> Pusher:
        from exporter.push.pusher import Pusher, PushStatistics

        self._statistics = self._statistics or PushStatistics()
        pusher = Pusher(
            settings,
            snapshot=self._store.snapshot,
            families=self._exposition.families,
            transport=self._client.transport,
            secrets=self._secrets,
            resource={
                "service.name": DISTRIBUTION,
                "service.version": version(),
                "service.instance.id": f"{socket.gethostname()}:{self._port}",
            },
            statistics=self._statistics,
            former=former,
        )
        pusher.start()
        return pusher
