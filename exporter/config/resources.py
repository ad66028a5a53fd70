"""What the definitions can report of each resource, for the checks of thresholds and budgets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from exporter.providers.definition import Definition
from exporter.providers.library import Library
from exporter.validation.fields import listed
from exporter.validation.problems import did_you_mean


@dataclass(slots=True)
class Resource:
    """One resource of a definition."""

    parts: set[str] = field(default_factory=set)
    units: set[str] = field(default_factory=set)
    """The units that the definition names."""
    has_other_units: bool = False
    """Whether the vendor sends a unit."""

    @property
    def has_remaining(self) -> bool:
        """Whether it can be known what remains."""
        return "remaining" in self.parts or {"used", "limit"} <= self.parts


class Resources:
    """The resources of all providers. A definition is read only where its resources are asked for."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._known: dict[str, Mapping[str, Resource]] = {}

    def of(self, provider: Any) -> Mapping[str, Resource] | None:
        """Return the resources of a provider by name; None if there is no such provider."""
        if not isinstance(provider, str) or provider not in self._library.definitions:
            return None
        if provider not in self._known:
            self._known[provider] = _resources_of(self._library.definitions[provider])
        return self._known[provider]

    @cached_property
    def names(self) -> set[str]:
        """The names of the resources of all providers."""
        return {name for provider in self._library.definitions for name in self.of(provider) or ()}

    def problem_of(self, resource: str, provider: Any = None) -> str | None:
        """Return why no such resource exists: at this provider, or at any. None if it does, or may in an invalid definition."""
        if provider is not None:
            known = self.of(provider)
            if known is None or resource in known:
                return None
            hint = did_you_mean(resource, known) or (f"; it has {listed(known)}" if known else "")
            return f"{provider} has no such resource{hint}"
        if self._library.broken or resource in self.names:
            return None
        return f"no provider has such a resource{did_you_mean(resource, self.names)}"


def _resources_of(definition: Definition) -> dict[str, Resource]:
    found: dict[str, Resource] = {}
    for quota in definition.quotas:
        resource = found.setdefault(quota.resource, Resource())
        resource.parts |= quota.amounts.keys()
        resource.units |= {quota.unit.name} if quota.unit.name else set()
        resource.has_other_units |= quota.unit.name is None
    return found
