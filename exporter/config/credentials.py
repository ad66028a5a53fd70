"""Where a secret is read from, and which texts are accepted as keys."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import Field, SecretStr, ValidationInfo, field_validator, model_validator

from exporter.config.context import FilePath, context_of
from exporter.config.key_checks import mistaken_for_key
from exporter.errors import CredentialError
from exporter.validation.block import Described
from exporter.validation.fields import is_plain_key
from exporter.validation.files import read_file

MAX_SECRET_BYTES = 65_536
_PLAIN_NAME = re.compile(r"(?:(?:[A-Z]{1,14}[0-9]{0,2}|[0-9]{1,4})(?:_(?!$)|$))+")
_NOT_THERE = "does not exist; a relative path begins at the folder of the file that contains it"
_FILE_ERRORS = {
    errno.ENOENT: _NOT_THERE,
    errno.ENOTDIR: _NOT_THERE,
    errno.ENXIO: "is not a regular file",
    errno.EISDIR: "is a folder, where a file with the key is expected",
    errno.EFBIG: f"is larger than {MAX_SECRET_BYTES} bytes, which is too large for a key",
}
_VARIABLE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class Login(Described):
    """An OAuth login. Access tokens are fetched with its refresh token."""

    client_id: Annotated[str, Field(pattern=r"^[!-~]+$", max_length=512)]
    """The OAuth client that made the login."""
    refresh_token_file: FilePath
    """File that holds the refresh token. It is replaced when the vendor sends a new one, so its folder must be writable."""

    @field_validator("refresh_token_file")
    @classmethod
    def _is_absolute(cls, path: Path, info: ValidationInfo) -> Path:
        return Path(os.path.normpath(path.absolute())) if context_of(info) else path


class Source(Described):
    """The source of a text that is not shown: exactly one of `env` and `file`."""

    env: Annotated[str, Field(description="Name of the environment variable that holds the secret.")] | None = None
    file: (
        Annotated[FilePath, Field(description="File that holds the secret; it is read again each time, so rotation needs no restart.")]
        | None
    ) = None

    @model_validator(mode="before")
    @classmethod
    def _is_no_secret(cls, data: Any) -> Any:
        if isinstance(data, dict | SecretSource):
            return data
        raise ValueError(
            "do not write the key here: put it in a file and use {file: PATH}, or in an environment variable and use {env: NAME}"
        )

    @field_validator("env")
    @classmethod
    def _is_a_name(cls, name: str | None) -> str | None:
        if name is not None and not _VARIABLE_NAME.fullmatch(name):
            raise ValueError("expected the name of an environment variable, such as MY_API_KEY, and not the secret itself")
        return name

    @model_validator(mode="after")
    def _exactly_one(self, info: ValidationInfo) -> Self:
        if len(self.model_fields_set) != 1 or None in (getattr(self, name) for name in self.model_fields_set):
            *names, last = type(self).model_fields
            raise ValueError(f"expected exactly one of {', '.join(names)} and {last}")
        context = context_of(info)
        if context and context.check_secrets:
            try:
                self.read(context.environ, context.folder)
            except CredentialError as error:
                raise ValueError(str(error)) from None
        return self

    @property
    def path(self) -> Path | None:
        """The file that holds the secret; None for a secret without a file."""
        return self.file

    def read(self, environ: Mapping[str, str], folder: Path | None = None) -> SecretStr:
        """Read the secret now. May block for as long as its file does. A path below `folder` is shown relative to it.

        Raises:
            CredentialError: it is missing or cannot be used. The message contains neither the secret nor a path that may be a key.
        """
        if self.path is not None:
            origin = shown_file(self.path, folder)
            return self.accept(_content(self.path, origin), origin)
        return self.accept(_variable(self.env or "", environ), _shown(self.env or ""))

    @staticmethod
    def accept(text: str, origin: str) -> SecretStr:
        """Accept a key with white space around it, which editors and `echo` add. Refuse text that cannot be a key or an HTTP header."""
        key = text.strip()
        if not key:
            raise CredentialError(f"{origin} is empty")
        if kind := mistaken_for_key(key):
            raise CredentialError(f"{origin} contains {kind}, where only the key itself is expected")
        for position, character in enumerate(key, start=1):
            if not "!" <= character <= "~":
                raise CredentialError(
                    f"{origin} contains white space, a control character or a non-ASCII character inside the key, at position {position} "
                    f"of {len(key)}: copy the key again, alone and on one line"
                )
        return SecretStr(key)


class SecretSource(Source):
    """The source of one secret: exactly one of `env`, `file`, `value` and, if the provider supports it, `oauth2`."""

    value: Annotated[SecretStr, Field(description="The secret itself. Accepted for first steps, with a warning.")] | None = None
    oauth2: Annotated[Login, Field(description="An OAuth login; its access tokens are fetched and renewed.")] | None = None

    @property
    def path(self) -> Path | None:
        """The file that holds the secret, or the refresh token of the login; None for a secret without a file."""
        return self.oauth2.refresh_token_file if self.oauth2 else self.file

    def read(self, environ: Mapping[str, str], folder: Path | None = None) -> SecretStr:
        """Read the secret now; for a login, its refresh token."""
        return (
            super().read(environ, folder)
            if self.value is None
            else self.accept(self.value.get_secret_value(), "the value in the configuration")
        )


def _shown(variable: str) -> str:
    """Name the variable where the name consists of plain upper-case words; anything else may be a key in the wrong place."""
    return f"the environment variable {variable}" if is_plain_name(variable) else "the environment variable"


def is_plain_name(variable: str) -> bool:
    """Whether the name of a variable consists of plain upper-case words, and is not a key in the wrong place."""
    return _PLAIN_NAME.fullmatch(variable) is not None


def shown_file(path: Path, folder: Path | None = None) -> str:
    """Name the file where its path consists of plain words; anything else may be a key in the wrong place."""
    path = path.relative_to(folder) if folder and path.is_relative_to(folder) else path
    is_plain = all(part in {path.anchor, ".."} or is_plain_key(part) for part in path.parts)
    return f"the file {path}" if is_plain else "the file"


def _variable(name: str, environ: Mapping[str, str]) -> str:
    if name not in environ:
        raise CredentialError(f"{_shown(name)} is not set")
    return environ[name]


def _content(path: Path, origin: str) -> str:
    try:
        return read_file(path, MAX_SECRET_BYTES).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise CredentialError(f"{origin} is not text") from None
    except OSError as error:
        raise CredentialError(f"{origin} {_FILE_ERRORS.get(error.errno or 0, f'cannot be read: {error.strerror}')}") from None
