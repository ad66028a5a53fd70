"""From a web configuration file to a frozen `WebConfig`, or to all that is wrong with it at once."""

from __future__ import annotations

import ssl
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from exporter.errors import ConfigError, Problem
from exporter.model import Seconds
from exporter.validation.document import read_document
from exporter.validation.problems import problems_of
from exporter.web.web_config.models import Headers, Http, RateLimit, Tls, WebFile
from exporter.web.web_config.names import canonical
from exporter.web.web_config.tls import build_context, contradictions


@dataclass(frozen=True, slots=True)
class WebConfig:
    """A web configuration that is right, with what it names already loaded. Made without arguments, it asks nothing of anybody."""

    users: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Bcrypt hashes by user; none means that everybody is let in."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Set on every answer."""
    pace: tuple[Seconds, int] | None = None
    """Interval and burst of the rate limit."""
    allowed_names: frozenset[str] | None = None
    """Of which a client's certificate must hold one; None means that its names do not count."""
    files: tuple[Path, ...] = ()
    """All that was read."""
    _context: ssl.SSLContext | None = field(default=None, repr=False)

    def ssl_context(self) -> ssl.SSLContext | None:
        """What the server listens with; None means plain HTTP."""
        return self._context


def load_web_config(path: Path) -> WebConfig:
    """Read the file and the certificates that it names.

    Raises:
        ConfigError: with every problem of the file and of what it names; no message shows a hash, a key or a certificate.
    """
    data = read_document(path)
    data = {} if data is None else data
    problems: list[Problem] = []
    file = None
    try:
        file = WebFile.model_validate(data, context=path.parent)
    except ValidationError as error:
        problems += (Problem(place or str(path), message) for place, message in problems_of(error, _keys_of))
    tls = file.tls_server_config if file else _tls_of(data, path.parent)
    context = _context_of(tls, problems)
    if file is None or problems:
        raise ConfigError(sorted(set(problems)))
    return WebConfig(
        users=file.basic_auth_users,
        headers=file.http_server_config.headers.model_dump(by_alias=True, exclude_none=True),
        pace=file.rate_limit.pace,
        allowed_names=frozenset(map(canonical, tls.client_allowed_sans)) if tls and tls.client_allowed_sans else None,
        files=(path, *(named for named in (tls.cert_file, tls.key_file, tls.client_ca_file) if named)) if tls else (path,),
        _context=context,
    )


def _tls_of(data: Any, folder: Path) -> Tls | None:
    """The block alone, so that what is wrong elsewhere does not hide what is wrong with its files."""
    try:
        return Tls.model_validate(data["tls_server_config"], context=folder) if isinstance(data, dict) else None
    except (ValidationError, KeyError):
        return None  # reported already, or not there


def _context_of(tls: Tls | None, problems: list[Problem]) -> ssl.SSLContext | None:
    if tls is None or not tls.model_fields_set:
        return None
    found = list(contradictions(tls))
    context = None
    if not found:
        try:
            context = build_context(tls)
        except ConfigError as error:
            found += error.problems
    problems += (Problem(f"tls_server_config.{place}", message) for place, message in found)
    return context


def _keys_of(block: Sequence[int | str]) -> Iterable[str]:
    match block:
        case ():
            return WebFile.model_fields
        case ("tls_server_config",):
            return Tls.model_fields
        case ("http_server_config",):
            return Http.model_fields
        case ("http_server_config", "headers"):
            return (field.alias or name for name, field in Headers.model_fields.items())
        case ("rate_limit",):
            return RateLimit.model_fields
        case _:
            return ()
