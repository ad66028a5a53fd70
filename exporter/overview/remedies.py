"""What an operator can do about a poll that failed: one piece of advice for each reason, to be read beside the error's own message."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from exporter.model import Reason

_AGAIN: Final = "The exporter tries again by itself"
_NEW_KEY: Final = f"{_AGAIN}, and within one interval when the secret's file changes; a changed environment variable needs a restart."

REMEDIES: Final[Mapping[Reason, str]] = {
    Reason.TIMEOUT: (
        "Wait, for the vendor may just be slow: look at its status page and at the network from here to there. "
        f"If it is always so slow, raise `timeout`. {_AGAIN}."
    ),
    Reason.CONNECTION: (
        "Check that the vendor can be reached from the exporter's host: name resolution, firewall, and `proxy_url` and `base_url` if they are set. "
        f"{_AGAIN}."
    ),
    Reason.TLS: (
        "Check the clock and the CA certificates of the exporter's host. If a proxy here opens TLS connections, name its CA in `ca_file`. "
        f"{_AGAIN}."
    ),
    Reason.UNAUTHORIZED: (
        f"Make a new key at the vendor and put it where the account's `credentials` say: this one is wrong, revoked or expired. {_NEW_KEY}"
    ),
    Reason.FORBIDDEN: (
        f"Give the key the permission to read the account at the vendor (the message names it if it is known), or use a key that has it. {_NEW_KEY}"
    ),
    Reason.QUOTA_EXHAUSTED: f"Top up at the vendor, raise the spending cap, or wait for the reset: the account has nothing left. {_AGAIN}.",
    Reason.RATE_LIMITED: (
        "Wait until the vendor's limit ends. If it comes again and again, raise the account's `interval`, "
        "lower `max_requests_per_minute` of the provider, or see what else uses the key."
    ),
    Reason.CLIENT_ERROR: (
        "Check `base_url` and `region` if they are set, and whether there is a newer release: the vendor may have changed its API. "
        f"{_AGAIN}."
    ),
    Reason.SERVER_ERROR: f"Wait, for the fault is the vendor's: look at its status page. {_AGAIN}.",
    Reason.INVALID_RESPONSE: (
        "Check that no proxy or portal answers in the vendor's place, and whether there is a newer release: the vendor may have changed its API. "
        f"{_AGAIN}."
    ),
    Reason.CREDENTIAL: (
        "Put the key where the account's `credentials` say, and let the exporter's user read it: the vendor was not asked without one. "
        f"{_NEW_KEY}"
    ),
    Reason.INTERNAL: f"Report the defect with the lines of the log that tell of it; the other accounts are not touched by it. {_AGAIN}.",
}
