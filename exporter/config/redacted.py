"""The configuration in force as data for the page `/config`: without secrets, and without what may be a misplaced one."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from pydantic import SecretStr

from exporter.config.connection_settings import parse_proxy
from exporter.config.credentials import SecretSource, Source, is_plain_name
from exporter.config.loading import Loaded
from exporter.config.models import Account, Defaults
from exporter.config.push_settings import Otlp
from exporter.providers.definition import Definition
from exporter.validation.fields import is_plain_key

HIDDEN: Final = "<hidden>"


def redacted(loaded: Loaded) -> dict[str, Any]:
    """Return the configuration as its file would contain it, with the defaults filled in and the accounts of all files."""
    config, folder = loaded.config, loaded.path.parent if loaded.path else None
    plain: dict[str, Any] = config.model_dump(mode="json", exclude_unset=True, include={"providers", "account_files", "provider_files"})
    return {
        "defaults": _block(config.defaults, folder),
        "accounts": [_account(account, loaded.definitions[account.provider], folder) for account in config.accounts],
        **plain,
        **({"state": {"path": _path(config.state.path, folder)}} if config.state else {}),
        **({"push": {"otlp": _receiver(config.push.otlp, folder)}} if config.push else {}),
    }


def _account(account: Account, definition: Definition, folder: Path | None) -> dict[str, Any]:
    credentials = {name: _source(source, folder) for name, source in account.credentials.items()}
    block = {"name": account.name, "provider": account.provider, "credentials": credentials, **_block(account, folder)}
    if account.params:
        # A param that matches the pattern of the vendor's ids is not a key.
        checked = {name for name, param in definition.params.items() if param.pattern}
        block["params"] = {name: value if name in checked else _segment(value) for name, value in account.params.items()}
    if account.base_url:
        block["base_url"] = _url(account.base_url)
    return block


def _receiver(otlp: Otlp, folder: Path | None) -> dict[str, Any]:
    headers = {name: _source(source, folder) for name, source in otlp.headers.items()}
    return {**_block(otlp, folder), "endpoint": _url(otlp.endpoint), **({"headers": headers} if headers else {})}


def _block(block: Defaults | Account | Otlp, folder: Path | None) -> dict[str, Any]:
    is_account = isinstance(block, Account)
    dumped: dict[str, Any] = block.model_dump(mode="json", exclude={"credentials", "headers"}, exclude_none=True, exclude_unset=is_account)
    for part in ("thresholds", "budgets"):
        dumped |= {part: {name: {key: _number(each) for key, each in levels.items()} for name, levels in dumped.get(part, {}).items()}}
    if block.proxy_url:
        dumped["proxy_url"] = _proxy(block.proxy_url)
    if block.ca_file:
        dumped["ca_file"] = _path(block.ca_file, folder)
    return {name: value for name, value in dumped.items() if value not in ({}, [])}


def _number(value: str | float) -> str | float:
    """Write an amount as a number; a share stays as it is."""
    if isinstance(value, str) and value.endswith("%"):
        return value
    number = float(value)
    return int(number) if number.is_integer() else number


def _source(source: Source, folder: Path | None) -> dict[str, Any]:
    if source.env is not None:
        return {"env": source.env if is_plain_name(source.env) else HIDDEN}
    if isinstance(source, SecretSource) and source.oauth2 is not None:
        return {"oauth2": {"client_id": HIDDEN, "refresh_token_file": _path(source.oauth2.refresh_token_file, folder)}}
    return {"file": _path(source.file, folder)} if source.file is not None else {"value": HIDDEN}


def _path(path: Path, folder: Path | None) -> str:
    """Write a path as the file does: relative to its folder, if it is below it."""
    path = path.relative_to(folder) if folder and path.is_relative_to(folder) else path
    return str(Path(*(part if part == path.anchor else _segment(part) for part in path.parts)))


def _proxy(url: SecretStr) -> str:
    proxy = parse_proxy(url.get_secret_value())
    return proxy.url.replace("//", f"//{HIDDEN}@") if proxy.userinfo else proxy.url


def _url(url: str) -> str:
    parts = urlsplit(url)
    return parts._replace(path="/".join(map(_segment, parts.path.split("/")))).geturl()


def _segment(text: str) -> str:
    """Hide what may be a key: a gateway may have it in its path, and people paste it where a path or an id belongs."""
    return text if not text or is_plain_key(text) else HIDDEN
