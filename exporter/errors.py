"""The exceptions that this program raises on purpose, and what each does to the process.

ExporterError
|-- ConfigError       nothing is started; exit code 2
|-- StateError        (in `accounts.persistence`) the daemon runs without its state file
`-- PollError         counted under its reason; the other accounts are not affected
    `-- CredentialError   the secret cannot be read; reason `credential`
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple

from exporter.model import Reason, Seconds


class ExporterError(Exception):
    """The root of all errors that this program raises on purpose."""


class Problem(NamedTuple):
    """One thing that is wrong in a file: where, and what was expected instead."""

    place: str
    message: str

    def __str__(self) -> str:
        return f"{self.place}: {self.message}" if self.place else self.message


class ConfigError(ExporterError):
    """The configuration cannot be used; `problems` holds all that is wrong with it, not only the first."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class Cause(StrEnum):
    """What a vendor's response says about a refusal, beyond its reason."""

    KEY = "key"
    """The vendor's error code says that the key is not valid."""
    PERMISSION = "permission"
    """The vendor's error code says that the key lacks a permission."""
    OTHER_CODE = "other_code"
    """The vendor's error code says something else, or is not known."""
    NOT_JSON = "not_json"
    """The response may come from a gateway, a firewall or a portal, and not from the vendor."""


class PollError(ExporterError):
    """A poll failed. The message is for operators: of the vendor's text it contains an error code at most, and never a key or a URL."""

    def __init__(self, reason: Reason, message: str, retry_after: Seconds | None = None, *, cause: Cause | None = None) -> None:
        """`retry_after` is how long the vendor asked to wait."""
        self.reason = reason
        self.retry_after = retry_after
        self.cause = cause
        super().__init__(message)


class CredentialError(PollError):
    """The secret of an account cannot be read, or what was read cannot be a key."""

    def __init__(self, message: str) -> None:
        super().__init__(Reason.CREDENTIAL, message)
