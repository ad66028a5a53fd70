"""Rereads a web configuration file for reloads, without switching protection off by mistake."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import structlog

from exporter.errors import ConfigError, Problem
from exporter.validation.document import read_document
from exporter.web.web_config.loader import load_web_config
from exporter.web.web_config.web_config import WebConfig

CONFIRM_AFTER: Final = 1.0
"""After how long a second look at the same content confirms that protection is switched off, in seconds."""

log = structlog.get_logger()


def removed_protection(former: WebConfig, latter: WebConfig) -> list[Problem]:
    """Return the protections of `former` that `latter` lacks: a half-written file must not open the exporter to everybody."""
    removed = {
        "tls_server_config": (former.tls is not None and latter.tls is None, "TLS"),
        "tls_server_config.client_auth_type": (_needs_certificate(former) and not _needs_certificate(latter), "client certificates"),
        "tls_server_config.client_allowed_sans": (former.allowed_names and not latter.allowed_names, "the names of client certificates"),
        "basic_auth_users": (former.users and not latter.users, "authentication"),
    }
    return [Problem(place, f"{what} would be switched off") for place, (is_removed, what) in removed.items() if is_removed]


class WebConfigFile:
    """Rereads a web configuration file for reloads. A reload that switches protection off must be confirmed by a second look."""

    def __init__(self, path: Path, loaded: WebConfig, clock: Callable[[], float] = time.monotonic) -> None:
        """`loaded` is the configuration in effect."""
        self._path = path
        self._in_effect = loaded
        self._clock = clock
        self._unconfirmed: WebConfig | None = None
        self._first_look = 0.0

    def reread(self) -> WebConfig:
        """Read the file. The result is in effect once it is given to `applied`: a read that took too long never is.

        Raises:
            ConfigError: it is invalid or empty, or it switches off protection and was not the same at an earlier look.
        """
        config = load_web_config(self._path)
        if config != self._in_effect and read_document(self._path) is None:
            raise ConfigError([Problem("", "is empty; restart the exporter to use it without a web configuration", str(self._path))])
        removed = removed_protection(self._in_effect, config)
        if removed and not self._is_confirmed(config):
            hint = f"reload again after {CONFIRM_AFTER:g}s to confirm"
            raise ConfigError(Problem(each.place, f"{each.message}; {hint}", str(self._path)) for each in removed)
        return config

    def applied(self, config: WebConfig) -> None:
        """Take note that `config` is in effect."""
        for place, *_ in removed_protection(self._in_effect, config):
            log.warning("web protection switched off", file=str(self._path), setting=place)
        former, self._in_effect, self._unconfirmed = self._in_effect, config, None
        if config.without_effect != former.without_effect:
            self.log_without_effect()

    def log_without_effect(self) -> None:
        """Log the accepted settings that have no effect."""
        for place, message, *_ in self._in_effect.without_effect:
            log.info("web setting without effect", setting=place, note=message)

    def _is_confirmed(self, config: WebConfig) -> bool:
        if config == self._unconfirmed:
            return self._clock() - self._first_look >= CONFIRM_AFTER
        self._unconfirmed, self._first_look = config, self._clock()
        return False


def _needs_certificate(config: WebConfig) -> bool:
    return config.tls is not None and config.tls.requires_client_certificate
