"""Where a secret comes from, and what a key must look like before it may go into a request."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationInfo, field_validator, model_validator

from exporter.config.context import FilePath, context_of
from exporter.errors import CredentialError

MAX_SECRET_BYTES = 65_536
_USUAL_NAME = re.compile(r"[A-Z][A-Z0-9_]*")
_VARIABLE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class Login(BaseModel):
    """An OAuth login of which only the refresh token is kept; access tokens are fetched with it."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    client_id: Annotated[str, Field(pattern=r"^[!-~]+$", max_length=512)]
    """The OAuth client that the login was made for."""
    refresh_token_file: FilePath
    """File that holds the refresh token. It is replaced when the vendor sends a new one, so its folder must be writable."""

    @field_validator("refresh_token_file")
    @classmethod
    def _is_absolute(cls, path: Path, info: ValidationInfo) -> Path:
        return Path(os.path.normpath(path.absolute())) if context_of(info) else path


class SecretSource(BaseModel):
    """The place of one secret: exactly one of `env`, `file`, `value` and, where the provider has it, `oauth2`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    env: Annotated[str, Field(description="Name of the environment variable that holds the secret.")] | None = None
    file: (
        Annotated[FilePath, Field(description="File that holds the secret; it is read again for every poll, so rotation needs no restart.")]
        | None
    ) = None
    value: Annotated[SecretStr, Field(description="The secret itself. Accepted for first steps, and warned about.")] | None = None
    oauth2: Annotated[Login, Field(description="A login whose access tokens are fetched and renewed.")] | None = None

    @field_validator("env")
    @classmethod
    def _is_a_name(cls, name: str | None) -> str | None:
        if name is not None and not _VARIABLE_NAME.fullmatch(name):
            raise ValueError("expected the name of an environment variable, such as MY_API_KEY, and not the secret itself")
        return name

    @model_validator(mode="after")
    def _exactly_one_that_can_be_read(self, info: ValidationInfo) -> Self:
        if len(self.model_fields_set) != 1 or None in (getattr(self, name) for name in self.model_fields_set):
            raise ValueError("expected exactly one of env, file, value and oauth2")
        if context := context_of(info):
            try:
                self.read(context.environ)
            except CredentialError as error:
                raise ValueError(str(error)) from None
        return self

    def read(self, environ: Mapping[str, str]) -> SecretStr:
        """Fetch the secret now; for a login, its refresh token.

        Raises:
            CredentialError: it is missing, empty, or holds a character that no key has; the message never shows it.
        """
        if self.env is not None:
            return _usable(_variable(self.env, environ), f"the environment variable {self.env}")
        if self.oauth2 is not None:
            return _usable(_content(self.oauth2.refresh_token_file), f"the file {self.oauth2.refresh_token_file}")
        if self.file is not None:
            return _usable(_content(self.file), f"the file {self.file}")
        return _usable(self.value.get_secret_value() if self.value else "", "the value in the configuration")

    def fingerprint(self) -> tuple[int, ...]:
        """Something that changes when the secret's file does; always the same for a secret that has no file."""
        file = self.oauth2.refresh_token_file if self.oauth2 else self.file
        if file is None:
            return ()
        try:
            found = file.stat()
        except OSError:
            return ()
        return (found.st_mtime_ns, found.st_size, found.st_ino)


def _variable(name: str, environ: Mapping[str, str]) -> str:
    if name not in environ:
        shown = f"the environment variable {name}" if _USUAL_NAME.fullmatch(name) else "the environment variable that `env` names"
        raise CredentialError(f"{shown} is not set")  # a name in other letters may be a key in the wrong place
    return environ[name]


def _content(path: Path) -> str:
    try:
        if not path.is_file():  # a named pipe or a device would block the read for ever
            raise CredentialError(f"the file {path} {'is not a regular file' if path.exists() else 'does not exist'}")
        with path.open("rb") as file:
            content = file.read(MAX_SECRET_BYTES + 1)
        if len(content) > MAX_SECRET_BYTES:
            raise CredentialError(f"the file {path} is larger than {MAX_SECRET_BYTES} bytes: is it really a key?")
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise CredentialError(f"the file {path} is not text") from None
    except OSError as error:
        raise CredentialError(f"the file {path} cannot be read: {error.strerror}") from None


def _usable(text: str, origin: str) -> SecretStr:
    """Accept a key with white space around it, as editors and `echo` leave it; refuse what no HTTP header can carry."""
    key = text.strip()
    if not key:
        raise CredentialError(f"{origin} is empty")
    for position, character in enumerate(key, start=1):
        if not "!" <= character <= "~":
            raise CredentialError(
                f"{origin} has white space, a control character or a non-ASCII character inside the key, at position {position} "
                f"of {len(key)}: copy the key again, alone and on one line"
            )
    return SecretStr(key)
