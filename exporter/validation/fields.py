"""The kinds of text in a file, and how places in a file are written."""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from collections.abc import Collection, Iterable
from functools import cache
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field
from pydantic_core import SchemaError, SchemaValidator, core_schema

from exporter.model import RESERVED_LABELS, Seconds
from exporter.validation.duration import Duration

_BARE_URL = re.compile(r"[!\"$->A-~]+")
"""ASCII without ?, # and @."""
_HOST = re.compile(r"[a-z0-9._-]+|[0-9a-f:.]+(?:%25[a-z0-9._-]+)?")
_LABEL_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_KEY = re.compile(r"(?=.{1,32}$)_{0,2}[0-9]{0,3}(?:(?:[A-Z]?[a-z]{1,15}|[A-Z]{1,15})[0-9]{0,3}(?:[_.-]|$))+|[0-9]{1,6}(?:\.[0-9]{1,3})?|\*")
"""Words and short numbers, as keys, labels and error codes are. API keys have long runs of letters and digits."""
_LIKE_A_KEY = re.compile(r"(?:sk|pk|rk|ghp|xox[a-z]|eyJ|AIza)[-_.]?[A-Za-z0-9_.-]{16,}")
_NAME_PART = re.compile(r"(?:(?:[A-Z]?[a-z]{1,15}){1,3}|[A-Z]{1,15})?[0-9]{0,6}")
_KEY_BESIDE_A_SECRET = re.compile(r"[a-z][a-z_]{0,24}[0-9]?")
"""Words with one digit at most, such as `oauth2`."""

_STRANGE = re.compile("([\u00a0\u1680\u2000-\u200d\u202f\u205f\u2060\u3000\ufeff])|[\u00ab\u00bb\u2018-\u201f\u2039\u203a\u201e]")
"""Spaces and invisible characters, and quotation marks."""


def is_hidden(character: str) -> bool:
    """Whether a character controls or changes what is shown without being seen: it could make two names look alike, or turn one around.

    The two joiners, which emoji and several scripts need, are not.
    """
    return unicodedata.category(character) in {"Cc", "Cs", "Cf", "Zl", "Zp"} and character not in "\u200c\u200d"


def matching(pattern: str, expected: str) -> AfterValidator:
    """Accept text that matches as a whole; otherwise the problem is `expected`, in words."""
    compiled = re.compile(pattern)

    def check(text: str) -> str:
        if not compiled.fullmatch(text):
            raise ValueError(expected)
        return text

    return AfterValidator(check)


def matches_whole(pattern: str, text: str) -> bool:
    """Whether the text matches the regular expression of a definition as a whole, in a time that no expression can make long.

    Raises:
        SchemaError: it is no regular expression, or one that only a search with steps back can match.
    """
    return _matcher(f"^(?:{pattern})$").isinstance_python(text)


@cache
def _matcher(pattern: str) -> SchemaValidator:
    return SchemaValidator(core_schema.str_schema(pattern=pattern, regex_engine="rust-regex"))


def _regular_expression(pattern: str) -> str:
    try:
        _matcher(pattern)  # alone too: `a)|(b` is none, but would be between the brackets that are added
        matches_whole(pattern, "")
    except (SchemaError, ValueError):
        raise ValueError(
            "is not a regular expression that can be used: it has a mistake, or look-around or a back-reference, or is too large"
        ) from None
    return pattern


def without_controls(text: str) -> str:
    """Accept text that is shown as it is.

    Raises:
        ValueError: it contains control characters or invisible characters.
    """
    if not text.isprintable() and any(map(is_hidden, text)):
        raise ValueError("expected text without control characters and invisible characters")
    return text


def _on_one_line(text: str) -> str:
    return " ".join(text.split())


def check_url(url: str, *, plain_http: bool = False) -> str:
    """Accept `https://host[:port][/path]`, and plain http for loopback only, since a key travels to it; or else for what may be private.

    Raises:
        ValueError: it is anything else.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise ValueError("expected a URL such as https://api.example.com") from None
    if "{" in url:
        raise ValueError("expected a whole URL: a placeholder in braces is not filled in here")
    if not url.isascii():  # letters of other scripts look like those of a known host
        raise ValueError("expected a URL in ASCII: write the host as xn--..., and percent-encode the path")
    if parts.scheme not in {"https", "http"} or not _HOST.fullmatch(host) or not _BARE_URL.fullmatch(url):
        raise ValueError("expected a URL such as https://api.example.com, without user, query or fragment")
    if parts.scheme == "http" and plain_http and _is_public(host):
        raise ValueError("plain http would show the key to the internet: this address is public, use https")
    if parts.scheme == "http" and not plain_http and not _is_loopback(host):
        raise ValueError("plain http would show the key to the network: use https (http is accepted for loopback only)")
    return url.rstrip("/")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _is_public(host: str) -> bool:
    """Whether the host is an address of the internet; where a name leads is unknown."""
    try:
        return ipaddress.ip_address(host).is_global
    except ValueError:
        return False


def _at_least_a_second(interval: Seconds) -> Seconds:
    if interval < 1:
        raise ValueError("expected 1s or more")
    return interval


Interval = Annotated[Duration, AfterValidator(_at_least_a_second)]


def _label_name(name: str) -> str:
    if not _LABEL_NAME.fullmatch(name) or name.startswith("__"):
        raise ValueError("expected a label name: letters, digits and _ only, starting with neither a digit nor __")
    if name in RESERVED_LABELS:
        raise ValueError(f"this label name is reserved; choose another, such as my_{name}")
    return name


LabelName = Annotated[str, AfterValidator(_label_name)]


def _no_key(text: str) -> str:
    if _LIKE_A_KEY.fullmatch(text) and not is_plain(text):
        raise ValueError("this may be a key, which would be shown on every page: choose another text, and put the key below `credentials`")
    return text


LabelValue = Annotated[str, Field(max_length=128), AfterValidator(without_controls), AfterValidator(_no_key)]
Text = Annotated[str, Field(min_length=1, max_length=128), AfterValidator(without_controls), AfterValidator(_no_key)]
FreeText = Annotated[str, Field(min_length=1, max_length=1000), AfterValidator(_on_one_line), AfterValidator(without_controls)]
"""Text that is printed: a control character in it could write to other places of a terminal."""
Url = Annotated[str, AfterValidator(check_url)]
Pattern = Annotated[str, Field(max_length=256), AfterValidator(_regular_expression)]


def is_plain_key(text: str) -> bool:
    """Whether a text consists of words and short numbers, as no API key does."""
    return _KEY.fullmatch(text) is not None


def dotted(location: Iterable[int | str]) -> str:
    """Write a place in a file, such as `accounts[2].interval`. A key that may be a misplaced secret is not shown."""
    text, is_secret = "", False
    for part in location:
        if isinstance(part, int) and not is_secret:
            text += f"[{part}]"
        elif part != "[key]":  # pydantic's mark for a fault in the key itself
            text += f".{part}" if (_KEY_BESIDE_A_SECRET if is_secret else _KEY).fullmatch(str(part)) else ".(a name that is not shown)"
        is_secret = is_secret or part == "credentials"
    return text.removeprefix(".")


def is_plain(text: str) -> bool:
    """Whether a text consists of words and short numbers, as names do. Anything else may be a misplaced secret."""
    return 0 < len(text) <= 64 and all(map(_NAME_PART.fullmatch, re.split(r"[ _.-]", text)))


def strange_character(text: str) -> str | None:
    """Name a character that looks like a space or a quotation mark of YAML and is none, as web pages and word processors write them."""
    if found := _STRANGE.search(text):
        return "a space that is not a plain one: replace it" if found[1] else "a quotation mark that YAML does not accept: use \" or '"
    return None


def listed(names: Collection[str], last: str = "and") -> str:
    """Write names in a row: `a, b and c`."""
    *rest, final = sorted(names)
    return f"{', '.join(rest)} {last} {final}" if rest else final
