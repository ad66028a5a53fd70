"""The accounts of the demo: one for each kind of billing and each common fault. Their values change within seconds."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from exporter.simulator.elevenlabs import Workspace
from exporter.simulator.faults import Fault
from exporter.simulator.heygen import Subscription, UsageBased, Wallet
from exporter.simulator.liveavatar import Credits
from exporter.simulator.simulator import SimulatedAccount, Simulator
from exporter.simulator.usage import DAY, Balance, Usage


@dataclass(frozen=True, slots=True)
class DemoAccount:
    """One account of the demo: the simulated account, and its entry in the configuration."""

    name: str
    simulated: SimulatedAccount
    fault: Fault | None
    credential: str
    """The name of the credential in the definition."""
    labels: dict[str, str]


def _account(
    provider: str,
    name: str,
    team: str,
    body: Callable[[float, float], Any],
    *,
    fault: Fault | None = None,
    credential: str = "api_key",
) -> DemoAccount:
    simulated = SimulatedAccount(provider, f"demo-{provider}-{name}", body, bearer=credential == "access_token")
    return DemoAccount(name, simulated, fault, credential, {"team": team})


DEMO_ACCOUNTS: Final[tuple[DemoAccount, ...]] = (
    _account("heygen", "studio", "video", Wallet("studio", Balance(start=62, rate=0.35, floor=10, top_up=50))),
    _account("heygen", "enterprise", "video", Wallet("enterprise", Balance(start=18_500, rate=3), currency="credits")),
    _account(
        "heygen",
        "web-plan",
        "events",
        Subscription("web-plan", "team", 600, Usage(start=120, rate=0.8, first_reset=240, period=600), Balance(start=150, rate=0.05)),
        credential="access_token",
    ),
    _account(
        "heygen",
        "render-farm",
        "video",
        UsageBased(
            "render-farm", Usage(start=463, rate=0.2, first_reset=420, period=2_700), cap=500.0, included=4_444.0, included_rate=9.0
        ),
    ),
    _account("heygen", "pay-as-you-go", "events", UsageBased("pay-as-you-go", Usage(start=42.5, rate=0.05))),
    _account(
        "elevenlabs",
        "narration",
        "voice",
        Workspace(name="narration", tier="creator", limit=100_000, characters=Usage(start=71_000, rate=150, first_reset=90, period=300)),
    ),
    _account(
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
    _account(
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
    _account(
        "elevenlabs",
        "old-key",
        "voice",
        Workspace(name="old-key", tier="starter", limit=30_000, characters=Usage(start=4_000, rate=1)),
        fault=Fault.BAD_KEY,
    ),
    _account("liveavatar", "stage", "events", Credits(Balance(start=40, rate=0.4, top_up=60, dry=45))),
    _account("liveavatar", "kiosk", "events", Credits(Balance(start=900, rate=0.1)), fault=Fault.RATE_LIMITED),
)


def demo_simulator(*, monotonic: Callable[[], float] = time.monotonic, wall: Callable[[], float] = time.time) -> Simulator:
    """Return a simulator of all demo accounts, with their faults set."""
    simulator = Simulator((account.simulated for account in DEMO_ACCOUNTS), monotonic=monotonic, wall=wall)
    for account in DEMO_ACCOUNTS:
        simulator.set_fault(account.simulated.secret, account.fault)
    return simulator
