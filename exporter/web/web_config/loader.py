"""Reads a web configuration file into a frozen `WebConfig`, or reports all its problems at once."""

from __future__ import annotations

import hashlib
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from exporter.errors import ConfigError, Problem
from exporter.validation.document import load_document
from exporter.validation.files import read_file
from exporter.validation.problems import FieldProblem, problems_of
from exporter.web.web_config.blocks import Tls, WebFile
from exporter.web.web_config.field_types import MAX_FILE
from exporter.web.web_config.tls import build_context, contradictions, without_effect
from exporter.web.web_config.web_config import ServerTls, WebConfig, canonical_name


def load_web_config(path: Path) -> WebConfig:
    """Read the file and the certificates that it names. An empty file is valid, as for other exporters.

    Raises:
        ConfigError: with every problem of the file and of the files that it names; no message shows a hash, a key or a certificate.
    """
    document = load_document(path)
    data = {} if document.data is None else document.data
    problems: list[FieldProblem] = []
    file = None
    try:
        file = WebFile.model_validate(data, context=path.parent)
    except ValidationError as error:
        problems += problems_of(error, WebFile)
    block = file.tls_server_config if file else _tls_of(data, path.parent)
    tls = _server_tls(block, problems)
    if file is None or problems:
        raise ConfigError(document.problem(*found) for found in sorted(set(problems)))
    return WebConfig(
        users=file.basic_auth_users,
        headers=file.http_server_config.headers.model_dump(by_alias=True, exclude_none=True),
        rate_limit=file.rate_limit.pace,
        allowed_names=frozenset(map(canonical_name, block.client_allowed_sans)) if block and block.client_allowed_sans else None,
        tls=tls,
        files=(path, *(named for named in (block.cert_file, block.key_file, block.client_ca_file) if named)) if block else (path,),
        without_effect=tuple(_without_effect(file)),
    )


def _without_effect(file: WebFile) -> Iterator[Problem]:
    if file.http_server_config.http2:
        yield Problem("http_server_config.http2", "has no effect: the server uses HTTP/1.1")
    if file.tls_server_config:
        yield from (Problem(f"tls_server_config.{place}", message) for place, message, *_ in without_effect(file.tls_server_config))


def _tls_of(data: Any, folder: Path) -> Tls | None:
    """Return the TLS block alone, so that problems elsewhere do not hide the problems of its files."""
    try:
        return Tls.model_validate(data["tls_server_config"], context=folder) if isinstance(data, dict) else None
    except (ValidationError, KeyError):
        return None  # reported already, or absent


def _server_tls(tls: Tls | None, problems: list[FieldProblem]) -> ServerTls | None:
    if tls is None or not tls.model_fields_set:
        return None
    found = list(contradictions(tls))
    if not found:
        try:
            context = build_context(tls)
            return ServerTls(context, *_digests(tls), context.verify_mode is ssl.CERT_REQUIRED)
        except ConfigError as error:
            found += error.problems
    problems += (FieldProblem(f"tls_server_config.{place}", message) for place, message, *_ in found)
    return None


def _digests(tls: Tls) -> tuple[str, str]:
    """Return digests of the certificate, and of all other settings with the content of the authority's file."""
    settings = tls.model_dump_json(exclude={"cert", "key", "client_ca", "cert_file", "key_file", "client_ca_file"})
    return _digest(_content(tls, "cert")), _digest(settings.encode(), _content(tls, "client_ca"))


def _content(tls: Tls, name: str) -> bytes:
    file, text = getattr(tls, f"{name}_file"), getattr(tls, name)
    try:
        return read_file(file, MAX_FILE) if file else text.get_secret_value().encode(errors="replace") if text else b""
    except OSError:
        return b""  # it has vanished since it was loaded; the next reload reports that


def _digest(*parts: bytes) -> str:
    return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()
