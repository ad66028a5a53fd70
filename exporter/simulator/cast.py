"""The accounts of the demo: one for each thing that an operator may meet, fast enough to watch."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from exporter.simulator.elevenlabs import Workspace
from exporter.simulator.faults import Fault
from exporter.simulator.flow import DAY, Stock, Usage
from exporter.simulator.heygen import Subscription, UsageBased, Wallet
from exporter.simulator.liveavatar import Credits
from exporter.simulator.server import Player, Simulator


@dataclass(frozen=True, slots=True)
class Role:
    """One account of the demo, as both the vendor and the exporter's configuration have it."""

    account: str
    player: Player
    fault: Fault | None
    credential: str
    """Which of the definition's credentials the secret is."""
    labels: dict[str, str]


def _role(
    provider: str,
    account: str,
    team: str,
    body: Callable[[float, float], Any],
    *,
    fault: Fault | None = None,
    credential: str = "api_key",
) -> Role:
    player = Player(provider, f"demo-{provider}-{account}", body, bearer=credential == "access_token")
    return Role(account, player, fault, credential, {"team": team})


CAST: Final[tuple[Role, ...]] = (
    _role("heygen", "studio", "video", Wallet("studio", Stock(start=62, rate=0.35, floor=10, top_up=50))),
    _role("heygen", "enterprise", "video", Wallet("enterprise", Stock(start=18_500, rate=3), currency="credits")),
    _role(
        "heygen",
        "web-plan",
        "events",
        Subscription("web-plan", "team", 600, Usage(start=120, rate=0.8, first_reset=240, period=600), Stock(start=150, rate=0.05)),
        credential="access_token",
    ),
    _role(
        "heygen",
        "render-farm",
        "video",
        UsageBased(
            "render-farm", Usage(start=463, rate=0.2, first_reset=420, period=2_700), cap=500.0, included=4_444.0, included_rate=9.0
        ),
    ),
    _role("heygen", "pay-as-you-go", "events", UsageBased("pay-as-you-go", Usage(start=42.5, rate=0.05))),
    _role(
        "elevenlabs",
        "narration",
        "voice",
        Workspace(name="narration", tier="creator", limit=100_000, characters=Usage(start=71_000, rate=150, first_reset=90, period=300)),
    ),
    _role(
        "elevenlabs",
        "audiobooks",
        "voice",
        Workspace(
            name="audiobooks",
            tier="pro",
            limit=500_000,
            characters=Usage(start=512_300, rate=35),
            extension=200_000,
            price=Decimal("0.24"),
            voices=(41, 160),
        ),
    ),
    _role(
        "elevenlabs",
        "dubbing",
        "video",
        Workspace(
            name="dubbing",
            tier="scale",
            limit=2_000_000,
            characters=Usage(start=1_985_000, rate=120, first_reset=20 * DAY),
            extension="unlimited",
            price=Decimal("0.18"),
            currency="eur",
            voices=(212, 660),
            professional_voices=(2, 3),
        ),
    ),
    _role(
        "elevenlabs",
        "old-key",
        "voice",
        Workspace(name="old-key", tier="starter", limit=30_000, characters=Usage(start=4_000, rate=1)),
        fault=Fault.BAD_KEY,
    ),
    _role("liveavatar", "stage", "events", Credits(Stock(start=40, rate=0.4, top_up=60, dry=45))),
    _role("liveavatar", "kiosk", "events", Credits(Stock(start=900, rate=0.1)), fault=Fault.RATE_LIMITED),
)


def cast_simulator(*, monotonic: Callable[[], float] = time.monotonic, wall: Callable[[], float] = time.time) -> Simulator:
    """All accounts of the demo, with their faults."""
    simulator = Simulator((role.player for role in CAST), monotonic=monotonic, wall=wall)
    for role in CAST:
        simulator.misbehave(role.player.secret, role.fault)
    return simulator
