"""Builds the server's `ssl.SSLContext` from the TLS block of the file, or reports the problems of the block."""

from __future__ import annotations

import os
import ssl
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NoReturn

from pydantic import SecretStr

from exporter.errors import ConfigError, Problem
from exporter.web.web_config.blocks import VERIFYING, Tls
from exporter.web.web_config.ciphers import SUITES, TLS13_SUITES, VERSIONS

_OLD: Final = ("TLS10", "TLS11")


def contradictions(tls: Tls) -> Iterator[Problem]:
    """Yield the settings that are missing, set twice, or contradict each other."""
    for name, what in (("cert", "the certificate"), ("key", "its key"), ("client_ca", "")):
        inline, file = getattr(tls, name), getattr(tls, f"{name}_file")
        if inline is not None and file is not None:
            yield Problem(name, f"{name}_file is set too; keep one of them")
        if what and inline is None and file is None:
            yield Problem(f"{name}_file", f"is required for TLS: the file of {what} (or {name}: with the PEM text)")
    yield from _about_clients(tls)
    versions = list(VERSIONS)
    if versions.index(tls.min_version) > versions.index(tls.max_version):
        yield Problem("min_version", f"{tls.min_version} is above max_version {tls.max_version}")
    if tls.cipher_suites and tls.max_version != "TLS13" and not _configurable_suites(tls):
        yield Problem("cipher_suites", f"only lists suites of TLS 1.3, and max_version is {tls.max_version}")


def _about_clients(tls: Tls) -> Iterator[Problem]:
    authority = next((name for name in ("client_ca", "client_ca_file") if getattr(tls, name) is not None), None)
    verifies = tls.client_auth_type in VERIFYING
    if authority and not verifies:
        yield Problem(authority, f"has no effect unless client_auth_type is {' or '.join(VERIFYING)}")
    if verifies and not authority:
        yield Problem("client_auth_type", f"{tls.client_auth_type} needs client_ca_file, the authority of the client certificates")
    if tls.client_allowed_sans is not None and not verifies:
        yield Problem("client_allowed_sans", f"has no effect unless client_auth_type is {' or '.join(VERIFYING)}")


def without_effect(tls: Tls) -> Iterator[Problem]:
    """Yield the settings that are accepted because other exporters use the file too, but that have no effect here."""
    fixed = len(tls.cipher_suites) - len(_configurable_suites(tls))
    if tls.cipher_suites and tls.min_version == "TLS13":
        yield Problem("cipher_suites", "has no effect: min_version is TLS13, whose suites are always on")
    elif fixed and _configurable_suites(tls):
        yield Problem("cipher_suites", "the suites of TLS 1.3 have no effect: they are always on")
    if len(tls.curve_preferences) > 1:
        yield Problem("curve_preferences", "several curves have no effect: OpenSSL's default curves are used")


def _configurable_suites(tls: Tls) -> list[str]:
    return [suite for suite in tls.cipher_suites if suite not in TLS13_SUITES]


def build_context(tls: Tls) -> ssl.SSLContext:
    """Load what the block names.

    Raises:
        ConfigError: something cannot be used; the problems have places inside the block.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_alpn_protocols(["http/1.1"])
    problems = [*_load_pair(context, tls), *_load_authority(context, tls), *_choose(context, tls)]
    if problems:
        raise ConfigError(problems)
    return context


def _load_pair(context: ssl.SSLContext, tls: Tls) -> Iterator[Problem]:
    cert, key = ("cert_file" if tls.cert_file else "cert"), ("key_file" if tls.key_file else "key")
    try:
        with _on_disk(tls.cert_file, tls.cert) as cert_path, _on_disk(tls.key_file, tls.key) as key_path:
            try:
                ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cafile=cert_path)
            except ssl.SSLError:
                yield Problem(cert, "contains no certificate in PEM format, or a damaged one")
                return
            context.load_cert_chain(cert_path, key_path, _refuse_encrypted)
    except _EncryptedKeyError:
        yield Problem(key, "is encrypted; decrypt it with `openssl pkey`")
    except _NoMemoryFileError as missing:
        yield Problem(cert if tls.cert else key, str(missing))
    except ssl.SSLError as error:
        yield _about_pair(cert, key, error)
    except OSError as error:
        yield Problem(cert, f"or its key cannot be read: {error.strerror}")


def _about_pair(cert: str, key: str, error: ssl.SSLError) -> Problem:
    if error.reason == "KEY_VALUES_MISMATCH":
        return Problem(key, f"is not the key of the first certificate in {cert}")
    if error.reason:  # such as a key that is too small for OpenSSL
        return Problem(cert, f"rejected by OpenSSL: {error.reason.lower().replace('_', ' ')}")
    return Problem(key, "contains no private key in PEM format, or a damaged one")


def _load_authority(context: ssl.SSLContext, tls: Tls) -> Iterator[Problem]:
    if tls.client_auth_type not in VERIFYING:
        return
    try:
        if tls.client_ca_file:
            context.load_verify_locations(cafile=tls.client_ca_file)
        elif tls.client_ca:
            context.load_verify_locations(cadata=tls.client_ca.get_secret_value())
    except (ssl.SSLError, TypeError, ValueError):
        yield Problem("client_ca_file" if tls.client_ca_file else "client_ca", "contains no certificate in PEM format, or a damaged one")
    except OSError as error:
        yield Problem("client_ca_file", f"cannot be read: {error.strerror}")
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # as in Go, an intermediate can be the authority
    context.verify_mode = ssl.CERT_REQUIRED if tls.client_auth_type == "RequireAndVerifyClientCert" else ssl.CERT_OPTIONAL


def _choose(context: ssl.SSLContext, tls: Tls) -> Iterator[Problem]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # the operator has named the old version
        context.minimum_version, context.maximum_version = VERSIONS[tls.min_version], VERSIONS[tls.max_version]
    if not tls.prefer_server_cipher_suites:
        context.options &= ~ssl.OP_CIPHER_SERVER_PREFERENCE
    if len(tls.curve_preferences) == 1:  # Python's ssl module does not accept a list
        try:
            context.set_ecdh_curve(tls.curve_preferences[0])
        except (ssl.SSLError, ValueError):
            yield Problem("curve_preferences", "is not supported by this machine's OpenSSL; choose another curve")
    if tls.cipher_suites and not _configurable_suites(tls):
        context.minimum_version = ssl.TLSVersion.TLSv1_3  # as in Go, no suite is left for older versions
    elif tls.cipher_suites or tls.min_version in _OLD:
        yield from _choose_suites(context, tls)


def _choose_suites(context: ssl.SSLContext, tls: Tls) -> Iterator[Problem]:
    # OpenSSL supports versions before 1.2 at its lowest security level only, since they sign with SHA-1
    level = ":@SECLEVEL=0" if tls.min_version in _OLD else ""
    chosen = _configurable_suites(tls)
    try:
        context.set_ciphers(":".join(chosen or SUITES.values()) + level)
        supported = {suite["name"] for suite in context.get_ciphers()}
    except ssl.SSLError:
        supported = set()
    for suite in chosen:
        if suite not in supported:
            yield Problem(f"cipher_suites[{tls.cipher_suites.index(suite)}]", "is not supported by this machine's OpenSSL; remove it")


class _EncryptedKeyError(Exception):
    """OpenSSL asked for a password."""


class _NoMemoryFileError(Exception):
    """PEM text cannot be loaded: Python's ssl module reads keys from files only."""


def _refuse_encrypted() -> NoReturn:
    raise _EncryptedKeyError


@contextmanager
def _on_disk(path: Path | None, text: SecretStr | None) -> Iterator[Path]:
    """Yield the path of the file with the PEM text, or of a file in memory."""
    if path is not None or text is None:
        yield path or Path()
        return
    try:
        descriptor = os.memfd_create("pem")
    except (AttributeError, OSError):
        raise _NoMemoryFileError("PEM text inside the configuration is not supported on this machine; put it into a file") from None
    with os.fdopen(descriptor, "wb", buffering=0) as file:
        file.write(text.get_secret_value().encode(errors="replace"))
        yield Path(f"/proc/self/fd/{descriptor}")
