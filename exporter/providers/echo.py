"""Whether a vendor's text contains the secret that was just sent to it."""

from __future__ import annotations

import base64
from functools import cached_property
from typing import Final
from urllib.parse import unquote

from pydantic import SecretStr

_MIN_LENGTH: Final = 8
"""A shorter secret is found only where it is the whole text: a part of any word could be equal to it."""


class Echo:
    """Finds one secret in texts: as it is, percent-encoded, in Base64 (as in Basic authentication), backwards (as JMESPath's reverse() writes it), and in any letter case."""

    def __init__(self, secret: SecretStr | None) -> None:
        key = secret.get_secret_value() if secret else ""
        self._secret = key
        self._key = key.lower()

    def is_in(self, text: str) -> bool:
        """Whether the text contains the secret. Characters that a key cannot contain, such as spaces, are ignored."""
        if not self._key or len(text) < len(self._key):  # no form is shorter than the key
            return False
        plain = "".join(character for character in text if "!" <= character <= "~")
        shown = {each[::order] for each in (plain.lower(), unquote(plain).lower()) for order in (1, -1)}
        return self._key in shown or any(form in each for each in shown for form in self._forms)

    @cached_property
    def _forms(self) -> frozenset[str]:
        if len(self._secret) < _MIN_LENGTH:
            return frozenset()
        return frozenset({self._key, *(form.lower() for form in _base64_forms(self._secret.encode()))})


def _base64_forms(key: bytes) -> set[str]:
    """Return the characters that depend on the key alone, wherever it starts in a group of three bytes."""
    forms = set()
    for before in range(3):
        text = base64.b64encode(bytes(before) + key).decode()[-(-before * 4 // 3) : (before + len(key)) * 4 // 3]
        forms |= {text, text.replace("+", "-").replace("/", "_")}
    return forms
