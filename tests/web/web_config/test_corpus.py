"""The corpus: each bad file lists its problems, each good file lists its content."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from exporter.web.web_config.loader import load_web_config
from exporter.web.web_config.web_config import WebConfig
from tests.support import stated
from tests.web.web_config.support import HERE, Certificates, problems

BAD: Final = sorted((HERE / "bad").glob("*.yaml"))
GOOD: Final = sorted((HERE / "good").glob("*.yaml"))


@pytest.fixture
def folder(tmp_path: Path, certificates: Certificates) -> Path:
    shutil.copytree(certificates.folder, tmp_path, dirs_exist_ok=True)
    return tmp_path


def held(config: WebConfig) -> Iterator[str]:
    context = config.tls.context if config.tls else None
    yield f"{context.minimum_version.name} to {context.maximum_version.name}, {context.verify_mode.name}" if context else "plain"
    yield from (f"file {path.name}" for path in config.files[1:])
    if config.allowed_names:
        yield f"one of {', '.join(sorted(config.allowed_names))}"
    yield from (f"user {name}" for name in config.users)
    yield from (f"{name}: {value}" for name, value in config.headers.items())
    if config.rate_limit:
        yield "one more each {:.12g}s, {} at once".format(*config.rate_limit)
    yield from (f"note {note}" for note in config.without_effect)


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_a_bad_file_gives_all_the_problems_that_it_states(path: Path, folder: Path) -> None:
    copy = Path(shutil.copy(path, folder))
    expected = {text.replace("{folder}", str(folder)).replace("{path}", str(copy)) for text in stated(path, "problem")}
    assert expected
    assert sorted(problems(copy)) == sorted(expected)


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
def test_a_good_file_has_the_settings_that_it_states(path: Path, folder: Path) -> None:
    copy = Path(shutil.copy(path, folder))
    config = load_web_config(copy)
    assert config.files[0] == copy
    assert list(held(config)) == stated(path, "holds")
