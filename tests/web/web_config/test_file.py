"""Reloads of the web configuration: protection is not switched off by an emptied or half-written file."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest
from structlog.testing import capture_logs

from exporter.errors import ConfigError
from exporter.web.web_config.file import CONFIRM_AFTER, WebConfigFile
from exporter.web.web_config.loader import load_web_config
from exporter.web.web_config.web_config import WebConfig
from tests.web.web_config.support import ALICE, BOB, Certificates, write

USERS: Final = f"basic_auth_users: {{alice: {ALICE}}}\n"
HEADERS: Final = "http_server_config: {headers: {X-Frame-Options: deny}}\n"


class LoadedFile:
    """A file that was loaded at the start, and a clock."""

    def __init__(self, folder: Path, certificates: Certificates, text: str) -> None:
        self._folder, self._certificates = folder, certificates
        self.now = 100.0
        loaded = load_web_config(self.write(text))
        self._file = WebConfigFile(folder / "web.yaml", loaded, lambda: self.now)

    def write(self, text: str) -> Path:
        return write(self._folder, text.replace("DIR", str(self._certificates.folder)))

    def reload(self, text: str, at: float = 0.0) -> WebConfig:
        self.write(text)
        self.now = 100.0 + at
        config = self._file.reread()
        self._file.applied(config)
        return config

    def read_too_late(self, text: str, at: float) -> None:
        """Read the file in a reload that was given up meanwhile."""
        self.write(text)
        self.now = 100.0 + at
        self._file.reread()

    def problems(self, text: str, at: float = 0.0) -> list[str]:
        with pytest.raises(ConfigError) as caught:
            self.reload(text, at)
        return [str(problem._replace(position="")) if problem.place else str(problem) for problem in caught.value.problems]


TLS: Final = "tls_server_config: {cert_file: DIR/server.pem, key_file: DIR/server.key}\n"
MUTUAL: Final = TLS.replace("}", ", client_ca_file: DIR/ca.pem, client_auth_type: RequireAndVerifyClientCert}")
NAMES: Final = MUTUAL.replace("}", ", client_allowed_sans: [client.example]}")


@pytest.mark.parametrize("before", [USERS, TLS, TLS + USERS, HEADERS, "rate_limit: {interval: 1s, burst: 1}\n"])
@pytest.mark.parametrize("after", ["", "\n\n", "---\n", "# all gone\n"])
def test_an_emptied_file_is_refused_every_time(tmp_path: Path, certificates: Certificates, before: str, after: str) -> None:
    file = LoadedFile(tmp_path, certificates, before)
    for look in range(3):
        assert file.problems(after, at=100.0 * look) == [
            f"{tmp_path}/web.yaml: is empty; restart the exporter to use it without a web configuration"
        ]
    assert file.reload(before) == load_web_config(tmp_path / "web.yaml")


def test_an_empty_file_stays_valid_if_it_was_empty_at_the_start(tmp_path: Path, certificates: Certificates) -> None:
    file = LoadedFile(tmp_path, certificates, "")
    assert file.reload("# still nothing\n").tls is None
    assert file.reload(TLS).tls


@pytest.mark.parametrize(
    ("before", "after", "places"),
    [
        (TLS + USERS, TLS, ["basic_auth_users"]),
        (TLS + USERS, USERS, ["tls_server_config"]),
        (TLS + USERS, HEADERS, ["basic_auth_users", "tls_server_config"]),
        (TLS + USERS, "{}\n", ["basic_auth_users", "tls_server_config"]),
        (MUTUAL, TLS, ["tls_server_config.client_auth_type"]),
        (MUTUAL, MUTUAL.replace("RequireAndVerifyClientCert", "VerifyClientCertIfGiven"), ["tls_server_config.client_auth_type"]),
        (NAMES, MUTUAL, ["tls_server_config.client_allowed_sans"]),
    ],
)
def test_protection_is_switched_off_only_after_two_equal_reads(
    tmp_path: Path, certificates: Certificates, before: str, after: str, places: list[str]
) -> None:
    file = LoadedFile(tmp_path, certificates, before)
    for at in (0.0, CONFIRM_AFTER / 2):
        found = file.problems(after, at)
        assert sorted(problem.partition(":")[0] for problem in found) == places
        assert all(problem.endswith("would be switched off; reload again after 1s to confirm") for problem in found)
    with capture_logs() as logs:
        file.reload(after, CONFIRM_AFTER)
        file.reload(after, CONFIRM_AFTER)
    assert sorted((line["event"], line["log_level"], line["setting"]) for line in logs) == [
        ("web protection switched off", "warning", place) for place in places
    ]


def test_only_an_applied_configuration_counts_as_the_former_one(tmp_path: Path, certificates: Certificates) -> None:
    file = LoadedFile(tmp_path, certificates, USERS)
    assert len(file.problems(HEADERS)) == 1
    with capture_logs() as logs:
        file.read_too_late(HEADERS, at=CONFIRM_AFTER)
        assert not logs
        file.reload(HEADERS, at=CONFIRM_AFTER)
    assert [line["event"] for line in logs] == ["web protection switched off"]


def test_a_read_that_timed_out_does_not_confirm_a_file_without_users(tmp_path: Path, certificates: Certificates) -> None:
    file = LoadedFile(tmp_path, certificates, USERS)
    assert len(file.problems(HEADERS)) == 1
    file.read_too_late(HEADERS, at=CONFIRM_AFTER)
    assert len(file.problems("rate_limit: {interval: 1s, burst: 1}\n", at=CONFIRM_AFTER)) == 1


def test_a_file_that_changes_between_two_reads_is_not_confirmed(tmp_path: Path, certificates: Certificates) -> None:
    file = LoadedFile(tmp_path, certificates, TLS + USERS)
    assert len(file.problems(HEADERS)) == 2
    assert len(file.problems(TLS, at=10.0)) == 1
    assert len(file.problems(HEADERS, at=10.1)) == 2
    assert file.reload(TLS + USERS, at=20.0).users


@pytest.mark.parametrize(
    ("before", "after"),
    [(USERS, f"basic_auth_users: {{bob: {BOB}}}\n"), (TLS, MUTUAL), (MUTUAL, NAMES), ("{}\n", TLS + USERS), (HEADERS + USERS, USERS)],
)
def test_other_changes_apply_at_once(tmp_path: Path, certificates: Certificates, before: str, after: str) -> None:
    file = LoadedFile(tmp_path, certificates, before)
    assert file.reload(after) == load_web_config(tmp_path / "web.yaml")


def test_settings_without_effect_are_logged_when_they_change(tmp_path: Path, certificates: Certificates) -> None:
    file = LoadedFile(tmp_path, certificates, "{}\n")
    http2 = "http_server_config: {http2: true}\n"
    with capture_logs() as logs:
        for _ in range(2):
            file.reload(http2)
    assert [(line["event"], line["setting"]) for line in logs] == [("web setting without effect", "http_server_config.http2")]
