"""Whether a vendor's text contains the secret that was just sent to it."""

from __future__ import annotations

import base64
from typing import Final
from urllib.parse import unquote

from pydantic import SecretStr

_MIN_LENGTH: Final = 8
"""A shorter secret is found only where it is the whole text: a part of any word could be equal to it."""


class Echo:
    """Finds one secret in texts: as it is, percent-encoded, in Base64 (as in Basic authentication), and in any letter case."""

    def __init__(self, secret: SecretStr | None) -> None:
        key = secret.get_secret_value() if secret else ""
        self._key = key.lower()
        self._forms = (
            frozenset({self._key, *(form.lower() for form in _base64_forms(key.encode()))}) if len(key) >= _MIN_LENGTH else frozenset()
        )

    def is_in(self, text: str) -> bool:
        """Tell whether the text contains the secret. Characters that no key has, such as spaces, do not hide it."""
        plain = "".join(character for character in text if "!" <= character <= "~")
        shown = {plain.lower(), unquote(plain).lower()}
        return (bool(self._key) and self._key in shown) or any(form in each for each in shown for form in self._forms)


def _base64_forms(key: bytes) -> set[str]:
    """The characters that depend on the key alone, wherever it starts in a group of three bytes."""
    forms = set()
    for before in range(3):
        text = base64.b64encode(bytes(before) + key).decode()[-(-before * 4 // 3) : (before + len(key)) * 4 // 3]
        forms |= {text, text.replace("+", "-").replace("/", "_")}
    return forms
