"""What was found in the responses of one round of polls, for `once`: kinds and short values, never whole bodies."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from exporter.config.job import Job
from exporter.model import AccountKey, Reading
from exporter.providers.echo import Echo
from exporter.providers.inspection.findings import Finding, findings_of
from exporter.providers.inspection.shape import kinds_of
from exporter.providers.request_fields import Request


@dataclass(frozen=True, slots=True)
class Inspection:
    """What was found in one response."""

    request: Request
    findings: tuple[Finding, ...]
    kinds: Mapping[str, str]
    """The kinds of all values of the body, by place."""


class Inspections:
    """Inspects responses, and keeps what was found."""

    def __init__(self) -> None:
        self.by_account: defaultdict[AccountKey, list[Inspection]] = defaultdict(list)

    def add(self, job: Job, request: Request, body: Any, reading: Reading, echo: Echo) -> None:
        """Inspect one response; its body is not kept."""
        findings = findings_of(request, body, reading, echo)
        self.by_account[job.key].append(Inspection(request, tuple(findings), kinds_of(body, request, echo)))

    def mismatches(self, key: AccountKey) -> list[Finding]:
        """Return the fields of an account that came with an unusable value."""
        return [finding for each in self.by_account[key] for finding in each.findings if finding.is_mismatch]
