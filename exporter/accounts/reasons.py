"""The meaning of each reason of a failed poll, and what an operator can do about it. All texts about reasons are here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from exporter.errors import Cause
from exporter.model import Reason

_RETRY: Final = "The exporter tries again by itself"
_NEW_KEY: Final = f"{_RETRY}. It uses a changed secret file within one interval; a changed environment variable needs a restart."


class ReasonText(NamedTuple):
    """The texts of one reason."""

    title: str
    """A few words."""
    meaning: str
    """A sentence for the documentation."""
    remedy: str
    """What to do. It is shown together with the message of the error."""


REASONS: Final[Mapping[Reason, ReasonText]] = {
    Reason.TIMEOUT: ReasonText(
        "Timeout",
        "The response was not complete within `timeout`.",
        "Wait, and check the vendor's status page and the network between the exporter and the vendor. "
        f"If the vendor is always slow, increase `timeout`. {_RETRY}.",
    ),
    Reason.CONNECTION: ReasonText(
        "No connection",
        "The vendor could not be reached, or the connection ended before the response was complete.",
        "Check that the vendor can be reached from the exporter's host: name resolution, firewall, and `proxy_url` and `base_url` if they "
        f"are set. {_RETRY}.",
    ),
    Reason.TLS: ReasonText(
        "TLS failed",
        "The TLS handshake failed, or the certificate of the server is not trusted.",
        "Check the host and the port of `base_url` if it is set, and the clock and the CA certificates of the exporter's host. If a proxy "
        f"intercepts TLS connections, set `ca_file` to the file of its CA. {_RETRY}.",
    ),
    Reason.UNAUTHORIZED: ReasonText(
        "Not authorized",
        "The vendor rejects the request as not authorized, mostly because of the key.",
        f"Check the key at the vendor, and `region` and `base_url` if they are set. The exporter found no error code in the response. {_NEW_KEY}",
    ),
    Reason.FORBIDDEN: ReasonText(
        "Access denied",
        "The vendor denies access: the key lacks a permission, the account is suspended, or the region is blocked.",
        f"Check at the vendor what the key may read, and the state of the account. The exporter found no error code in the response. {_NEW_KEY}",
    ),
    Reason.QUOTA_EXHAUSTED: ReasonText(
        "Quota exhausted",
        "The vendor refuses the request because nothing is left on the account.",
        f"Top up at the vendor, raise the spending cap, or wait for the reset. {_RETRY}.",
    ),
    Reason.RATE_LIMITED: ReasonText(
        "Rate limited",
        "The vendor rejects the request because it receives too many requests.",
        "Wait until the vendor's limit ends. If this happens again, increase the account's `interval`, lower `max_requests_per_minute` of the "
        "provider, or check what else uses the key.",
    ),
    Reason.CLIENT_ERROR: ReasonText(
        "Request rejected",
        "The vendor rejects the request for another reason.",
        "Check `base_url` and `region` if they are set, and whether there is a newer release. The vendor may have changed its API. "
        f"{_RETRY}.",
    ),
    Reason.SERVER_ERROR: ReasonText(
        "Vendor error",
        "The vendor reports an internal error.",
        f"Wait, and check the vendor's status page. {_RETRY}.",
    ),
    Reason.INVALID_RESPONSE: ReasonText(
        "Invalid response",
        "The response is a redirect, too large, not JSON, or not of the form that the definition expects.",
        "Check `base_url` if it is set, that no proxy or portal responds instead of the vendor, and whether there is a newer release. The "
        f"vendor may have changed its API. {_RETRY}.",
    ),
    Reason.CREDENTIAL: ReasonText(
        "Key not readable",
        "The secret cannot be read or cannot be a key; no request was sent.",
        f"Store the key in the variable or file that the account's `credentials` name, and make it readable for the exporter's user. {_NEW_KEY}",
    ),
    Reason.INTERNAL: ReasonText(
        "Exporter error",
        "The exporter has a defect; its log contains the details.",
        f"Report the defect with its lines of the log. The other accounts are not affected. {_RETRY}.",
    ),
}

_REFUSALS: Final[Mapping[Cause, str]] = {
    Cause.KEY: f"Create a new key at the vendor, and store it in the variable or file that the account's `credentials` name. {_NEW_KEY}",
    Cause.PERMISSION: f"Give the key the missing permission at the vendor, or use a key that has it. {_NEW_KEY}",
    Cause.OTHER_CODE: f"Look up the error code of the message in the vendor's documentation, and check the account at the vendor. {_RETRY}.",
    Cause.NOT_JSON: (
        "Check whether a proxy, a firewall or a gateway responded instead of the vendor. Check `proxy_url` and `base_url` if they are set, "
        f"and whether the vendor blocks the IP address of this host. {_RETRY}."
    ),
}


def remedy_of(reason: Reason, cause: Cause | None, *, is_polled_again: bool = True) -> str:
    """Return what an operator can do. A wrong key or a missing permission is named only where the vendor's error code means it."""
    is_refusal = reason in {Reason.UNAUTHORIZED, Reason.FORBIDDEN}
    remedy = _REFUSALS[cause] if cause and is_refusal else REASONS[reason].remedy
    return remedy if is_polled_again else remedy.partition(_RETRY)[0].rstrip()
