"""The settings of connections."""

from __future__ import annotations

from pathlib import Path

import pytest
import trustme

from exporter.config.connection_settings import ConnectionSettings, Proxy
from exporter.model import Seconds
from tests.client.support import PASSWORD
from tests.config.support import ENVIRON, load, problems, resolved, with_account, write


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        *(
            ("proxy_url", url, "expected http://host:port or http://user:password@host:port, with special characters percent-encoded")
            for url in (
                f"https://me:{PASSWORD}@proxy.test:1",
                f"http://me:{PASSWORD}@proxy.test:1/path",
                f"http://me:{PASSWORD}#@proxy.test:1",
                f"http://me:{PASSWORD}/@proxy.test:1",
                f"http://me:{PASSWORD}@proxy.test:{PASSWORD}",
                f"http://me:{PASSWORD}@proxy.test:0",
                f"http://me:{PASSWORD}@:1",
                f"http://me:{PASSWORD}@[::1:1",
                f"http://me:{PASSWORD}@pro xy.test:1",
                f"http://me:{PASSWORD}\n@proxy.test:1",
                f"me:{PASSWORD}@proxy.test:1",
                "",
            )
        ),
        *(
            ("no_proxy", [entry], "expected a host, a .suffix, an address, a network such as 10.0.0.0/8, or *; write one per entry")
            for entry in ("", "a,b", "a b", "10.0.0.0/99", f"http://me:{PASSWORD}@vendor.test")
        ),
        ("no_proxy", "a.test", "expected a list: begin each entry with `- `"),
        ("ca_file", "none.pem", "the file none.pem cannot be read: No such file or directory"),
        ("ca_file", "/none/own.pem", "the file /none/own.pem cannot be read: No such file or directory"),
        ("ca_file", "certs/../none.pem", "the file certs/../none.pem cannot be read: No such file or directory"),
        ("ca_file", f"certs/{PASSWORD}", "the file cannot be read: No such file or directory"),
        ("ca_file", ".", "the file . cannot be read: Is a directory"),
        ("ca_file", "config.yaml", "the file config.yaml contains no usable certificates: expected PEM format"),
        ("connect_timeout", "0s", "expected a duration such as 30s, 5m or 1h30m"),
        ("proxy_from_environment", True, "the environment variable HTTPS_PROXY: expected http://host:port or http://user:password@host:port, "
         "with special characters percent-encoded"),
    ],
)  # fmt: skip
def test_unusable_connection_settings_are_problems(tmp_path: Path, key: str, value: object, message: str) -> None:
    found = problems(write(tmp_path, with_account(**{key: value})), {**ENVIRON, "HTTPS_PROXY": f"ftp://me:{PASSWORD}@proxy.test"})
    place = f"accounts[0].{key}[0]" if isinstance(value, list) else f"accounts[0].{key}"
    assert found == [f"{place}: {message}"]


@pytest.mark.parametrize("trailing", ["", "plain"])
def test_certificates_in_openssl_s_own_form_are_refused_with_the_remedy(tmp_path: Path, trailing: str) -> None:
    plain = trustme.CA().cert_pem.bytes().decode()
    text = plain.replace(" CERTIFICATE-", " TRUSTED CERTIFICATE-") + (plain if trailing else "")
    (tmp_path / "ca.pem").write_text(text)
    assert problems(write(tmp_path, with_account(ca_file="ca.pem"))) == [
        "accounts[0].ca_file: the file ca.pem contains a TRUSTED CERTIFICATE, which is OpenSSL's own form: convert it with `openssl x509`"
    ]


def test_a_proxy_url_and_a_proxy_from_the_environment_exclude_each_other(tmp_path: Path) -> None:
    found = problems(write(tmp_path, with_account(proxy_url="http://proxy.test:1", proxy_from_environment=True)))
    assert found == ["accounts[0].proxy_from_environment: expected proxy_url or proxy_from_environment, not both"]


@pytest.mark.parametrize(
    ("defaults", "own", "expected"),
    [
        ("{}", {}, ConnectionSettings()),
        ("{connect_timeout: 3s, ca_file: ca.pem}", {}, ConnectionSettings(ca_file=Path("ca.pem"), connect_timeout=Seconds(3.0))),
        ("{connect_timeout: 3s}", {"connect_timeout": "4s"}, ConnectionSettings(connect_timeout=Seconds(4.0))),
        ("{proxy_url: 'http://a:1'}", {"proxy_from_environment": True}, ConnectionSettings(proxy_from_environment=True)),
        ("{proxy_from_environment: true}", {"proxy_url": "http://a:1"}, ConnectionSettings(proxy=Proxy("a", 1))),
        ("{proxy_url: 'http://a'}", {"proxy_from_environment": False}, ConnectionSettings(proxy=Proxy("a", 80))),
        (
            "{proxy_url: 'http://u:p@[::2]:1', no_proxy: [b]}",
            {"no_proxy": ["*"]},
            ConnectionSettings(proxy=Proxy("::2", 1, "u:p"), no_proxy=("*",)),
        ),
        ("{no_proxy: [b]}", {"no_proxy": []}, ConnectionSettings()),
    ],
)
def test_an_account_s_connection_settings_take_precedence(
    tmp_path: Path, defaults: str, own: dict[str, object], expected: ConnectionSettings
) -> None:
    trustme.CA().cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    config = load(write(tmp_path, f"{with_account(**own)[:-1]}, defaults: {defaults}}}"))
    connection = resolved(config).connection
    relative = connection.ca_file.relative_to(tmp_path) if connection.ca_file else None
    assert (connection.proxy, connection.no_proxy, connection.proxy_from_environment, relative, connection.connect_timeout) == (
        expected.proxy,
        expected.no_proxy,
        expected.proxy_from_environment,
        expected.ca_file,
        expected.connect_timeout,
    )
    assert "u:p" not in repr((config, connection))
