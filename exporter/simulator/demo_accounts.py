"""The accounts of the demo: a dozen vendors, each kind of billing and each common fault.

The accounts of HeyGen, ElevenLabs and LiveAvatar change within seconds, those of the other vendors as slowly as real ones.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final

from exporter.simulator.course import Course
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
    labels: dict[str, str]
    budgets: Mapping[str, Any]


def _account(
    provider: str,
    name: str,
    team: str,
    body: Callable[[float, float], Any] | None = None,
    *,
    fault: Fault | None = None,
    credential: str = "api_key",
    params: Mapping[str, str] = MappingProxyType({}),
    course: Course = Course(),  # noqa: B008 -- it cannot change
    budgets: Mapping[str, Any] = MappingProxyType({}),
) -> DemoAccount:
    simulated = SimulatedAccount(provider, f"demo-{provider}-{name}", body, credential, params, course)
    return DemoAccount(name, simulated, fault, {"team": team}, budgets)


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
    _account("openai", "production", "platform", credential="admin_key", budgets={"spend": {"usd": 420}}),
    _account("anthropic", "research", "platform", credential="admin_key", budgets={"spend": {"usd": 400}}),
    _account("openrouter", "gateway", "platform", credential="management_key", course=Course(share=0.5)),
    _account("openrouter", "evaluation", "platform"),
    _account("deepseek", "batch", "platform", course=Course(share=0.6, offset=9 * DAY)),
    _account("deepgram", "call-center", "voice", params={"project": "6d1ac111-2222-4333-8444-555555555555"}, course=Course(share=0.4)),
    _account("twilio", "hotline", "voice", credential="auth_token", params={"account_sid": f"AC{'0' * 32}"}, course=Course(share=0.3)),
    _account("runway", "trailers", "video", course=Course(share=0.5, offset=20 * DAY)),
    _account("runpod", "training", "platform", course=Course(share=0.5, period=10 * DAY)),
    _account("tavily", "search", "platform"),
)


def demo_simulator(*, monotonic: Callable[[], float] = time.monotonic, wall: Callable[[], float] = time.time) -> Simulator:
    """Return a simulator of all demo accounts, with their faults set."""
    simulator = Simulator((account.simulated for account in DEMO_ACCOUNTS), monotonic=monotonic, wall=wall)
    for account in DEMO_ACCOUNTS:
        simulator.set_fault(account.simulated.secret, account.fault)
    return simulator
