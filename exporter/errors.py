"""What can go wrong, and what each kind does to the process.

ExporterError
|-- ConfigError       nothing is started; exit code 2
|-- StateError        (in `state`) the daemon runs on without its file
`-- PollError         counted under its reason; the other accounts do not notice
    `-- CredentialError   the secret cannot be read; reason `credential`
"""

from __future__ import annotations

from collections.abc import Iterable
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


class PollError(ExporterError):
    """A poll failed. The message is for operators: it never holds a key, a URL, or text that the vendor sent."""

    def __init__(self, reason: Reason, message: str, retry_after: Seconds | None = None) -> None:
        """`retry_after` is how long the vendor told us to wait."""
        self.reason = reason
        self.retry_after = retry_after
        super().__init__(message)


class CredentialError(PollError):
    """The secret of an account cannot be read, or what was read cannot be a key."""

    def __init__(self, message: str) -> None:
        super().__init__(Reason.CREDENTIAL, message)
