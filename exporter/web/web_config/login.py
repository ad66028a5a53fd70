"""Reads the `Authorization` header of basic authentication, however it was mistreated."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import NamedTuple


class Login(NamedTuple):
    """Who someone claims to be."""

    user: bytes
    password: bytes

    def __repr__(self) -> str:
        return "Login(...)"


def parse_login(values: Sequence[str]) -> Login | None:
    """Read all `Authorization` headers of a request; None unless it is exactly one, and right in every part."""
    if len(values) != 1:
        return None
    scheme, _, token = values[0].partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user, colon, password = base64.b64decode(token.strip(" "), validate=True).partition(b":")
    except ValueError:
        return None
    return Login(user, password) if colon else None
