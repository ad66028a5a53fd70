"""Helpers for tests of the configuration: an environment, and functions that load a text."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from exporter.config.loading import load_config
from exporter.config.models import Config
from exporter.config.settings import Settings, settings_of
from exporter.errors import ConfigError, Problem
from exporter.providers.library import load_definitions

HERE: Final = Path(__file__).parent
ENVIRON: Final[Mapping[str, str]] = {
    "HEYGEN_API_KEY": "made-up-heygen",
    "HEYGEN_ACCESS_TOKEN": "made-up-token",
    "ELEVENLABS_API_KEY": "made-up-elevenlabs",
    "LIVEAVATAR_API_KEY": "made-up-liveavatar",
    "ACME_TOKEN": "made-up-acme",
    "EMPTY": "",
}
ACCOUNT: Final[Mapping[str, Any]] = {"name": "studio", "provider": "heygen", "credentials": {"api_key": {"env": "HEYGEN_API_KEY"}}}
CANARY: Final = "sk-canary-5e83"


def load(path: Path, environ: Mapping[str, str] = ENVIRON) -> Config:
    return load_config(path, environ).config


def resolved(config: Config, index: int = 0) -> Settings:
    """The settings of one account at a built-in provider."""
    account = config.accounts[index]
    return settings_of(account, config, load_definitions()[account.provider], {})


def problems(path: Path, environ: Mapping[str, str] = ENVIRON) -> list[str]:
    """The problems of a file, each as `place: message`, after the name of its file unless that is the main one; empty if it is valid."""
    try:
        load(path, environ)
    except ConfigError as error:
        return [without_line(problem, path) for problem in error.problems]
    return []


def without_line(problem: Problem, path: Path) -> str:
    """A problem without its line and its account, and without the name of the main file, unless that cannot be read."""
    file = re.sub(r":[0-9]+$", "", problem.position) if problem.place else problem.position
    is_unread = not problem.place and re.match("is not |no such|cannot be|is nested|is empty", problem.message)
    return str(Problem(problem.place, problem.message, "" if file == str(path) and not is_unread else file))


def write(folder: Path, text: str | bytes) -> Path:
    path = folder / "config.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def with_account(**own: Any) -> str:
    """A file with one account, valid unless `own` makes it invalid. JSON is YAML."""
    return json.dumps({"accounts": [{**ACCOUNT, **own}]}, ensure_ascii=False)
