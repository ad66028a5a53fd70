"""The kinds of text that a web configuration is made of; each refuses what it cannot be, and shows nothing that may be secret."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Annotated, Final

from pydantic import AfterValidator, BeforeValidator, ValidationInfo

from exporter.model import Seconds

MAX_COST: Final = 16
"""The dearest bcrypt hash that is taken: with more, one login lasts longer than a scrape or a stop may."""

_ALPHABET: Final = "[./A-Za-z0-9]"
# The last character of salt and of digest carries fewer bits; another one there means a damaged hash, which no password fits.
_HASH = re.compile(rf"\$2[aby]\$(?P<cost>[0-9]{{2}})\${_ALPHABET}{{21}}[.Oeu]{_ALPHABET}{{30}}[.CGKOSWaeimquy26]")
_HEADER_VALUE = re.compile(r"[\t -~]*")
_UNITS: Final = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_PART = re.compile(rf"([0-9]{{1,9}}(?:\.[0-9]{{0,9}})?|\.[0-9]{{1,9}})({'|'.join(_UNITS)})")


def parse_interval(text: object) -> Seconds:
    """Read a duration as Go writes it: `1s`, `1.5s`, `1m30s`, `0`.

    Raises:
        ValueError: it is none; a number without a unit is none either, since Go would take it for nanoseconds.
    """
    if text == "0" or (text == 0 and type(text) is int):
        return Seconds(0.0)
    if isinstance(text, str) and re.fullmatch(f"(?:{_PART.pattern})+", text):
        return Seconds(sum(float(amount) * _UNITS[unit] for amount, unit in _PART.findall(text)))
    raise ValueError("expected a duration with its unit, such as 500ms, 1s or 1m30s; 0 switches the limit off")


def cost_of(stored: str) -> int:
    """The cost that a bcrypt hash was made with; raises ValueError if it is none that can be used."""
    found = _HASH.fullmatch(stored)
    if not found:
        raise ValueError("is not a bcrypt hash ($2a$, $2b$ or $2y$, 60 characters): make one with `htpasswd -nBC 10 ''`")
    cost = int(found["cost"])
    if not 4 <= cost <= MAX_COST:
        raise ValueError(f"is a bcrypt hash of a cost that is not taken: expected 4 to {MAX_COST}, and 10 is usual")
    return cost


def _bcrypt_hash(stored: str) -> str:
    cost_of(stored)
    return stored


def _user_name(name: str) -> str:
    if not name or ":" in name or not name.isprintable():
        raise ValueError("is no user name: at least one character, no colon, no control characters")
    return name


def _header_value(value: str) -> str:
    if not _HEADER_VALUE.fullmatch(value):
        raise ValueError("expected one line of ASCII text")
    return value


def _path(name: object) -> object:
    if not isinstance(name, str):
        raise ValueError("expected the name of a file")  # noqa: TRY004 -- pydantic takes it as a finding
    return name


def _readable(path: Path, info: ValidationInfo) -> Path:
    """Never name the path in a fault: it may be the key itself, in the wrong place."""
    folder = info.context if isinstance(info.context, Path) else Path()
    place = Path(os.path.normpath(folder.absolute() / path))
    try:
        if not place.is_file():  # a named pipe would block the read for ever
            raise ValueError("is not a regular file" if place.exists() else f"no such file; relative names start from {folder}")
        with place.open("rb"):
            return place
    except OSError as error:
        raise ValueError(f"cannot be read: {error.strerror}") from None


Hash = Annotated[str, AfterValidator(_bcrypt_hash)]
UserName = Annotated[str, AfterValidator(_user_name)]
HeaderValue = Annotated[str, AfterValidator(_header_value)]
Interval = Annotated[Seconds, BeforeValidator(parse_interval)]
Readable = Annotated[Path, BeforeValidator(_path), AfterValidator(_readable)]
"""A file that can be read, as an absolute path; a relative one starts from the folder that is the validation's context."""
