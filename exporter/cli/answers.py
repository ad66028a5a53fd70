"""What the responses of one round of polls contained, for `once`: kinds and short values, never whole bodies."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from exporter.config.job import Job
from exporter.model import AccountKey, Reading
from exporter.providers.echo import Echo
from exporter.providers.findings import Finding, findings_of
from exporter.providers.found import kind_of
from exporter.providers.personal_data import is_personal
from exporter.providers.request_fields import Request
from exporter.providers.traces import general, places

_PLAIN_KEY: Final = re.compile(r"(?!.*[0-9]{4})[A-Za-z_][A-Za-z0-9_-]{0,39}")
_MAX_KEYS: Final = 50
"""An object with more keys has data as keys, such as the names of users."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One response."""

    request: Request
    findings: tuple[Finding, ...]
    kinds: Mapping[str, str]
    """The kinds of all values of the body, by place."""


class Answers:
    """Collects what the responses contain."""

    def __init__(self) -> None:
        self.by_account: defaultdict[AccountKey, list[Answer]] = defaultdict(list)

    def add(self, job: Job, request: Request, body: Any, reading: Reading, echo: Echo) -> None:
        """Note one response; its body is not kept."""
        findings = findings_of(request, body, reading, echo)
        self.by_account[job.key].append(Answer(request, tuple(findings), kinds_of(body)))

    def mismatches(self, key: AccountKey) -> list[Finding]:
        """Return the fields of an account that came with an unusable value."""
        return [finding for answer in self.by_account[key] for finding in answer.findings if finding.is_mismatch]


def kinds_of(body: Any) -> Mapping[str, str]:
    """Return the kinds of the values of a body by place, one for all elements of a list. A key that may be data is written as `*`."""
    kinds: dict[str, list[str]] = {}
    for place, value in places(_without_data_in_keys(body)):
        kind, known = kind_of(value), kinds.setdefault(general(place), [])
        known += [kind] if kind not in known else []
    return {place: " or ".join(found) for place, found in kinds.items()}


def _without_data_in_keys(body: Any) -> Any:
    if isinstance(body, list):
        return [_without_data_in_keys(each) for each in body]
    if not isinstance(body, dict):
        return body
    is_data = len(body) > _MAX_KEYS
    shown: dict[str, Any] = {}
    for key, value in body.items():
        is_plain = _PLAIN_KEY.fullmatch(key) and not is_personal(key) and not is_data
        shown.setdefault(key if is_plain else "*", _without_data_in_keys(value))
    return shown
