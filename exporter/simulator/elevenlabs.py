"""The subscription of an ElevenLabs workspace."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from exporter.simulator.examples import example_body
from exporter.simulator.usage import Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """A plan and its usage. Usage beyond the limit, up to the extension, is charged."""

    name: str
    tier: str
    limit: int
    characters: Usage
    extension: int | Literal["unlimited"] = 0
    price: Decimal = Decimal("0.30")
    """The price of a thousand characters beyond the limit."""
    currency: str = "usd"
    status: str = "active"
    voices: tuple[int, int] = (1, 30)
    """Slots used and granted, as in the next two fields."""
    professional_voices: tuple[int, int] = (0, 1)
    voice_edits: tuple[int, int] = (12, 95)

    def __call__(self, elapsed: float, now: float) -> dict[str, Any]:
        """Return the body of a good response."""
        body: dict[str, Any] = example_body("elevenlabs", "subscription")
        body |= {"user_id": f"user_{self.name}", "workspace_id": f"workspace_{self.name}"}
        body["subscription"] |= self._amounts(elapsed, now) | self._terms()
        return body

    def _amounts(self, elapsed: float, now: float) -> dict[str, Any]:
        count = self._count(elapsed)
        return {
            "character_count": count,
            "character_limit": self.limit,
            "max_character_limit_extension": None if self.extension == "unlimited" else self.extension,
            "max_credit_limit_extension": self.extension,
            "next_character_count_reset_unix": self.characters.resets_at(elapsed, now),
            "voice_slots_used": self.voices[0],
            "professional_voice_slots_used": self.professional_voices[0],
            "professional_voice_slots_used_in_workspace": self.professional_voices[0],
            "voice_limit": self.voices[1],
            "max_voice_add_edits": self.voice_edits[1],
            "voice_add_edit_counter": self.voice_edits[0],
            "professional_voice_limit": self.professional_voices[1],
            "current_overage": {"amount": self._overage(count), "currency": self.currency},
        }

    def _terms(self) -> dict[str, Any]:
        free = self.status.startswith("free")
        return {
            "tier": self.tier,
            "can_extend_character_limit": not free,
            "allowed_to_extend_character_limit": self.extension != 0,
            "can_use_instant_voice_cloning": not free,
            "can_use_professional_voice_cloning": not free and self.professional_voices[1] > 0,
            "currency": None if free else self.currency,
            "status": self.status,
            "billing_period": None if free else "monthly_period",
        }

    def _count(self, elapsed: float) -> int:
        used = int(self.characters.used(elapsed))
        return used if self.extension == "unlimited" else min(used, self.limit + self.extension)

    def _overage(self, count: int) -> str:
        beyond = max(0, count - self.limit)
        return str((beyond * self.price / 1000).quantize(Decimal("0.01"))) if beyond else "0"
