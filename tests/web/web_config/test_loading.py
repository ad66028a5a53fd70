"""Loading: PEM text inside the file, and no secret in any message."""

from __future__ import annotations

import datetime as dt
import json
import os
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from pydantic import ValidationError

from exporter.web.web_config.blocks import WebFile
from exporter.web.web_config.loader import load_web_config
from exporter.web.web_config.web_config import WebConfig
from tests.web.web_config.support import ALICE, Certificates, problems, protected, write

CANARY = "canary-5eC7et"


def inline(certificates: Certificates) -> str:
    texts = {
        name: (certificates.folder / file).read_text()
        for name, file in (("cert", "server.pem"), ("key", "server.key"), ("client_ca", "ca.pem"))
    }
    return "".join(f"  {name}: {json.dumps(text)}\n" for name, text in texts.items())


async def test_pem_text_inside_the_file_serves_like_files(certificates: Certificates, tmp_path: Path) -> None:
    path = write(tmp_path, f"tls_server_config:\n{inline(certificates)}  client_auth_type: RequireAndVerifyClientCert\n")
    config = load_web_config(path)
    assert config.files == (path,)
    async with protected(config) as server:
        assert await server.status(tls=certificates.client()) == 200


def test_pem_text_needs_a_system_that_has_files_in_memory(
    certificates: Certificates, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(os, "memfd_create")
    path = write(tmp_path, f"tls_server_config:\n{inline(certificates)}  client_auth_type: VerifyClientCertIfGiven\n")
    assert problems(path) == [
        "tls_server_config.cert: PEM text inside the configuration is not supported on this machine; put it into a file"
    ]


def open_files() -> list[str]:
    return sorted(path.name for path in Path("/proc/self/fd").iterdir())


def test_no_file_in_memory_stays_open(certificates: Certificates, tmp_path: Path) -> None:
    path = write(tmp_path, f"tls_server_config:\n{inline(certificates)}  client_auth_type: VerifyClientCertIfGiven\n")
    before = open_files()
    load_web_config(path)
    assert open_files() == before


def test_a_missing_certificate_is_reported_with_the_whole_path_of_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path, "tls_server_config: {cert_file: none.crt, key_file: none.key}")
    monkeypatch.chdir(tmp_path)
    found = problems(Path(path.name))
    assert f"tls_server_config.cert_file: no such file; relative names are resolved in {tmp_path}" in found


def test_a_missing_file_is_reported(tmp_path: Path) -> None:
    assert problems(tmp_path / "web.yaml") == [f"{tmp_path}/web.yaml: no such file"]


@pytest.mark.parametrize("place", ["web.yaml", "tls_server_config.cert_file"])
def test_a_named_pipe_is_refused_without_waiting_for_its_writer(tmp_path: Path, place: str) -> None:
    if place == "web.yaml":
        os.mkfifo(tmp_path / "web.yaml")
    else:
        os.mkfifo(tmp_path / "pipe")
        write(tmp_path, "tls_server_config: {cert_file: pipe, key_file: web.yaml}")
    assert any(
        problem.partition(": ")[0].endswith(place) and "not a regular file" in problem for problem in problems(tmp_path / "web.yaml")
    )


def test_an_impossible_file_name_is_reported(tmp_path: Path) -> None:
    name = "x" * 300
    assert problems(write(tmp_path, f"tls_server_config: {{cert_file: {name}, key_file: {name}}}")) == [
        "tls_server_config.cert_file: cannot be read: File name too long; expected a file that the exporter can read",
        "tls_server_config.key_file: cannot be read: File name too long; expected a file that the exporter can read",
    ]


@pytest.mark.parametrize(
    "text",
    [
        f"basic_auth_users: {{alice: {CANARY}}}",
        f"basic_auth_users: {{alice: [{CANARY}]}}",
        f"basic_auth_users: {{'alice:{CANARY}': }}",
        f"basic_auth_users: alice:{CANARY}",
        f"basic_auth_users: {{alice:{CANARY}}}",
        f"tls_server_config: {{cert: {CANARY}, key: {CANARY}}}",
        f"tls_server_config: {{cert: {CANARY}, key: [{CANARY}], client_ca: {{{CANARY}: 1}}}}",
        f"tls_server_config: {{cert_file: {CANARY}, key_file: '{CANARY}'}}",
        f"tls_server_config: {{cipher_suites: [{CANARY}], curve_preferences: [{CANARY}], min_version: {CANARY}, client_auth_type: {CANARY}}}",
        f"tls_server_config: {CANARY}",
        f"http_server_config: {{http2: {CANARY}, headers: {{X-Frame-Options: {CANARY}}}}}",
        f"rate_limit: {{interval: {CANARY}, burst: {CANARY}}}",
        CANARY,
    ],
)
def test_no_problem_repeats_what_may_be_a_secret(tmp_path: Path, text: str) -> None:
    found = problems(write(tmp_path, text))
    assert found
    assert not any(CANARY in problem for problem in found)


def test_damaged_pem_text_is_not_repeated(certificates: Certificates, tmp_path: Path) -> None:
    text = (certificates.folder / "junk.pem").read_text()
    key = (certificates.folder / "server.key").read_text()
    for cert, other in ((text, key), (key, text), (key[:200], key[:200])):
        (found,) = problems(write(tmp_path, f"tls_server_config: {{cert: {json.dumps(cert)}, key: {json.dumps(other)}}}"))
        assert found == "tls_server_config.cert: contains no certificate in PEM format, or a damaged one"


def test_no_representation_shows_a_hash_or_a_key(certificates: Certificates, tmp_path: Path) -> None:
    path = write(
        tmp_path,
        f"tls_server_config:\n{inline(certificates)}  client_auth_type: VerifyClientCertIfGiven\nbasic_auth_users: {{alice: {ALICE}}}\n",
    )
    config = load_web_config(path)
    shown = repr(config) + repr(WebFile.model_validate({"basic_auth_users": {"alice": ALICE}, "tls_server_config": {"key": CANARY}}))
    assert ALICE not in shown
    assert CANARY not in shown
    with pytest.raises(ValidationError) as caught:
        WebFile.model_validate({"basic_auth_users": {"alice": CANARY}})
    assert CANARY not in str(caught.value)


def test_a_configuration_is_frozen() -> None:
    with pytest.raises(AttributeError):
        WebConfig().users = {}  # type: ignore[misc]  # this is what must not work


def test_a_key_too_small_for_openssl_is_reported(tmp_path: Path) -> None:
    path = small_pair(tmp_path)
    assert problems(path) == ["tls_server_config.cert_file: rejected by OpenSSL: ee key too small"]


def small_pair(folder: Path) -> Path:
    """A key of 1024 bits, which OpenSSL's default level refuses."""
    key, now = rsa.generate_private_key(65_537, 1024), dt.datetime.now(dt.UTC)  # noqa: S505 -- it is to be refused
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "small")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), 7, now, now + dt.timedelta(days=1))
    (folder / "small.pem").write_bytes(builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    (folder / "small.key").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return write(folder, "tls_server_config: {cert_file: small.pem, key_file: small.key}")


@pytest.mark.parametrize("user", ["007", "0x1F", "0o17", "017", "1_000", "+5", "1e3", "12", "-7"])
def test_a_user_name_that_looks_like_a_number_stays_as_it_is_written(tmp_path: Path, user: str) -> None:
    assert load_web_config(write(tmp_path, f"basic_auth_users: {{{user}: {ALICE}}}\n")).users == {user: ALICE}


@pytest.mark.parametrize("user", ["true", "1.5", "~", "2026-01-02", "1.0"])
def test_a_user_name_that_is_no_text_for_yaml_is_refused(tmp_path: Path, user: str) -> None:
    [problem] = problems(write(tmp_path, f"basic_auth_users: {{{user}: {ALICE}}}\n"))
    assert "in quotes" in problem
