"""Go's names for TLS versions, cipher suites and curves, with OpenSSL's names."""

from __future__ import annotations

import ssl
from typing import Final, Literal

from exporter.validation.problems import did_you_mean

Version = Literal["TLS10", "TLS11", "TLS12", "TLS13"]

VERSIONS: Final[dict[Version, ssl.TLSVersion]] = {
    "TLS10": ssl.TLSVersion.TLSv1,
    "TLS11": ssl.TLSVersion.TLSv1_1,
    "TLS12": ssl.TLSVersion.TLSv1_2,
    "TLS13": ssl.TLSVersion.TLSv1_3,
}

SUITES: Final = {
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256": "ECDHE-ECDSA-AES128-GCM-SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384": "ECDHE-ECDSA-AES256-GCM-SHA384",
    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256": "ECDHE-RSA-AES128-GCM-SHA256",
    "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384": "ECDHE-RSA-AES256-GCM-SHA384",
    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256": "ECDHE-ECDSA-CHACHA20-POLY1305",
    "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256": "ECDHE-RSA-CHACHA20-POLY1305",
    "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA": "ECDHE-ECDSA-AES128-SHA",
    "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA": "ECDHE-ECDSA-AES256-SHA",
    "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA": "ECDHE-RSA-AES128-SHA",
    "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA": "ECDHE-RSA-AES256-SHA",
}
"""The suites up to TLS 1.2 that Go lists as secure, best first."""

TLS13_SUITES: Final = ("TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256")

CURVES: Final = {"CurveP256": "prime256v1", "CurveP384": "secp384r1", "CurveP521": "secp521r1", "X25519": "X25519"}


def openssl_suite(name: str) -> str:
    """Return OpenSSL's name of a suite, which is Go's for TLS 1.3. Raises ValueError with the known names."""
    return name if name in TLS13_SUITES else _translated(name, SUITES, "a supported cipher suite")


def openssl_curve(name: str) -> str:
    """Return OpenSSL's name of a curve. Raises ValueError with the known names."""
    return _translated(name, CURVES, "a supported curve")


def _translated(name: str, known: dict[str, str], what: str) -> str:
    if name not in known:
        raise ValueError(f"is not {what}" + (did_you_mean(name, known) or f"; expected one of {', '.join(known)}"))
    return known[name]
