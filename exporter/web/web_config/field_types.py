"""The types of values in a web configuration. No error message shows a value, since it may be a misplaced secret."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Annotated, Final

from pydantic import AfterValidator, BeforeValidator, ValidationInfo

from exporter.model import Seconds
from exporter.validation.files import read_file

MAX_COST: Final = 16
"""The highest accepted cost of a bcrypt hash: with more, one login takes longer than a scrape or a stop may."""

MAX_FILE: Final = 1024 * 1024
"""The largest accepted file of certificates or of a key, in bytes."""

_ALPHABET: Final = "[./A-Za-z0-9]"
# The last characters of salt and digest carry fewer bits; another character there means a damaged hash, which no password fits.
_HASH = re.compile(rf"\$2[aby]\$(?P<cost>[0-9]{{2}})\${_ALPHABET}{{21}}[.Oeu]{_ALPHABET}{{30}}[.CGKOSWaeimquy26]")
_HEADER_VALUE = re.compile(r"[\t -~]*")
_UNITS: Final = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_PART = re.compile(rf"([0-9]{{1,9}}(?:\.[0-9]{{0,9}})?|\.[0-9]{{1,9}})({'|'.join(_UNITS)})")


def parse_go_duration(text: object) -> Seconds:
    """Read a duration as Go writes it: `1s`, `1.5s`, `1m30s`, `0`.

    Raises:
        ValueError: it is not a duration. Nor is a number without a unit, which Go reads as nanoseconds.
    """
    if text == "0" or (text == 0 and type(text) is int):
        return Seconds(0.0)
    if isinstance(text, str) and re.fullmatch(f"(?:{_PART.pattern})+", text):
        return Seconds(sum(float(amount) * _UNITS[unit] for amount, unit in _PART.findall(text)))
    raise ValueError("expected a duration with its unit, such as 500ms, 1s or 1m30s; 0 disables the limit")


def cost_of(stored: str) -> int:
    """Return the cost of a bcrypt hash. Raises ValueError if it is not a bcrypt hash, or its cost is not accepted."""
    found = _HASH.fullmatch(stored)
    if not found:
        raise ValueError("is not a bcrypt hash ($2a$, $2b$ or $2y$, 60 characters): create one with `htpasswd -nBC 10 ''`")
    cost = int(found["cost"])
    if not 4 <= cost <= MAX_COST:
        raise ValueError(f"has a cost outside 4 to {MAX_COST}; 10 is usual")
    return cost


def _bcrypt_hash(stored: str) -> str:
    cost_of(stored)
    return stored


def _unquoted_number(name: object) -> object:
    """YAML reads an unquoted 123 as a number; Go exporters take it as text."""
    if type(name) is int:
        return str(name)
    if not isinstance(name, str):
        raise ValueError("YAML does not read this user name as text: put it in quotes")  # noqa: TRY004 -- pydantic expects ValueError
    return name


def _user_name(name: str) -> str:
    if not name or ":" in name or not name.isprintable():
        raise ValueError("is not a user name: expected at least one character, no colon and no control characters")
    return name


def _header_value(value: str) -> str:
    if not _HEADER_VALUE.fullmatch(value):
        raise ValueError("expected one line of ASCII text")
    return value


def _path(name: object) -> object:
    if not isinstance(name, str):
        raise ValueError("expected a file name")  # noqa: TRY004 -- pydantic expects ValueError
    return name


def _readable(path: Path, info: ValidationInfo) -> Path:
    """Check that a file can be read. Messages do not name it: it may be a misplaced key."""
    folder = info.context if isinstance(info.context, Path) else Path()
    place = Path(os.path.normpath(folder.absolute() / path))
    try:
        read_file(place, MAX_FILE)
    except FileNotFoundError:
        raise ValueError(f"no such file; relative names are resolved in {folder.absolute()}") from None
    except OSError as error:
        raise ValueError(f"cannot be read: {error.strerror}; expected a file that the exporter can read") from None
    return place


Hash = Annotated[str, AfterValidator(_bcrypt_hash)]
UserName = Annotated[str, BeforeValidator(_unquoted_number), AfterValidator(_user_name)]
HeaderValue = Annotated[str, AfterValidator(_header_value)]
GoDuration = Annotated[Seconds, BeforeValidator(parse_go_duration)]
Readable = Annotated[Path, BeforeValidator(_path), AfterValidator(_readable)]
"""A readable file, as an absolute path. A relative path is resolved in the folder given as the validation context."""
