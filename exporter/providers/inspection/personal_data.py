"""Personal data and secrets in a recorded response: what to remove from it before it is shared."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from exporter.providers.values import has_email
from exporter.validation.problems import Place

_PHONE: Final = re.compile(r"\+[0-9][0-9 ()./-]{6,20}")
_KEY: Final = re.compile(r"(?:sk|pk|rk|key|token|ghp|xox[a-z]|eyJ)[-_.]?[A-Za-z0-9_.-]{16,}|[A-Fa-f0-9]{32,}")
_KEYS: Final[Mapping[str, re.Pattern[str]]] = {
    "an e-mail address": re.compile(r".*e?mail(address)?"),
    "a phone number": re.compile(r".*(phone|mobile|telephone)(number|no)?|tel|fax"),
    "a key": re.compile(r".*(secret|password|apikey|accesstoken|refreshtoken)|token|key"),
    "an address": re.compile(
        r".*address(line)?[0-9]?|street|city|zip(code)?|postalcode|ip|birth(day|date)|dateofbirth|.*(avatar|picture)(url)?|taxid|vat(id|number)"
    ),
    "a name": re.compile(
        r"(user|first|last|middle|given|family|full|nick|display|legal|company|organi[sz]ation|team|workspace|owner|customer|member)?name"
        r"|surname|login|owner|createdby"
    ),
}
"""By kind: keys of objects, in lower case and without - and _."""
_NOT_PERSONAL: Final = frozenset(
    {
        "plan",
        "tier",
        "product",
        "package",
        "subscription",
        "model",
        "models",
        "feature",
        "features",
        "resource",
        "metric",
        "currency",
        "unit",
    }
)
"""What has a name without being a person or an organization."""

PLACEHOLDERS: Final = {
    "an e-mail address": "user@example.com",
    "a phone number": "+15550100",
    "a name": "Example",
    "an address": "Example",
    "a key": "made-up",
}
"""What replaces it in an example, by kind."""


def personal_data(body: Any, place: Place = ()) -> Iterator[tuple[Place, str]]:
    """Yield the places of what may be personal data or a secret, and its kind. A key of an object may be one too."""
    if isinstance(body, dict):
        yield from (((*place, key), kind) for key in body if (kind := _kind_of_text(key)))
    for key, value in body.items() if isinstance(body, dict) else enumerate(body) if isinstance(body, list) else ():
        yield from personal_data(value, (*place, key))
    if isinstance(body, str) and (kind := _kind(place, body)):
        yield place, kind


def without_personal_data(body: Any, place: Place = ()) -> Any:
    """Return a copy with placeholders instead."""
    if isinstance(body, dict):
        return {_key(key, number): without_personal_data(value, (*place, key)) for number, (key, value) in enumerate(body.items())}
    if isinstance(body, list):
        return [without_personal_data(value, (*place, index)) for index, value in enumerate(body)]
    kind = _kind(place, body) if isinstance(body, str) else None
    return PLACEHOLDERS[kind] if kind else body


def is_personal(text: str) -> bool:
    """Whether a text may be an address, a phone number or a key by itself."""
    return _kind_of_text(text) is not None


def _key(key: str, number: int) -> str:
    return f"example_{number}" if _kind_of_text(key) else key


def _kind_of_text(text: str) -> str | None:
    if has_email(text):
        return "an e-mail address"
    if _PHONE.fullmatch(text):
        return "a phone number"
    return "a key" if _KEY.fullmatch(text) else None


def _kind(place: Place, value: str) -> str | None:
    if not value or value in PLACEHOLDERS.values():
        return None
    keys = [re.sub("[-_ ]", "", key).lower() for key in place if isinstance(key, str)]
    parent, key = ["", "", *keys][-2:]
    is_named_thing = key == "name" and parent in _NOT_PERSONAL
    by_key = (kind for kind, pattern in _KEYS.items() if pattern.fullmatch(key) and not is_named_thing)
    return _kind_of_text(value) or next(by_key, None)
