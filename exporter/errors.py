"""The errors that this program raises on purpose, and their effect.

ExporterError
|-- ConfigError       at the start: exit code 2; on a reload: the previous configuration stays in effect
|-- StateError        (in `accounts.state_file`) the daemon runs without its state file
`-- PollError         of a poll or a push: counted with its reason; nothing else is affected
    |-- CredentialError   the secret cannot be read or used; reason `credential`
    `-- TransientError    (in `push.pusher`) a push failed, and may succeed soon
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple, Self

from exporter.model import Reason, Seconds


class ExporterError(Exception):
    """The root of all errors that this program raises on purpose."""

    remedy = "correct what `error` names, and start the exporter again"
    """What to do if the start fails with it."""


class Problem(NamedTuple):
    """One error in a file: its place and what was expected."""

    place: str
    """The path of keys, such as `accounts[2].interval`; empty for the whole file."""
    message: str
    position: str = ""
    """The file and the line, such as `config.yaml:27`."""
    account: str = ""
    """The name of the account that it is about."""

    def __str__(self) -> str:
        account = f'account "{self.account}"' if self.account else ""
        text = ": ".join(filter(None, (self.position, account, self.place, self.message)))
        return text.encode(errors="backslashreplace").decode()  # half of a surrogate pair cannot be printed


class ConfigError(ExporterError):
    """The configuration is invalid; `problems` contains all errors, not only the first."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class Cause(StrEnum):
    """What a vendor's response contains about an error, in addition to its reason."""

    KEY = "key"
    """The error code means that the key is not valid."""
    PERMISSION = "permission"
    """The error code means that the key lacks a permission."""
    OTHER_CODE = "other_code"
    """The error code means something else, or is unknown."""
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

    def without_frames(self) -> Self:
        """Drop the traceback. An error that is kept in a frame of its traceback is freed by the garbage collector only."""
        self.__context__ = None
        return self.with_traceback(None)


class CredentialError(PollError):
    """The secret of an account cannot be read, or cannot be a key."""

    def __init__(self, message: str, retry_after: Seconds | None = None) -> None:
        super().__init__(Reason.CREDENTIAL, message, retry_after)
