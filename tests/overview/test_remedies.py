from __future__ import annotations

import re

import pytest

from exporter.config.loading import json_schema
from exporter.model import Reason
from exporter.overview.remedies import REMEDIES

SAYS = {
    Reason.TIMEOUT: ("Wait", "`timeout`"),
    Reason.CONNECTION: ("firewall", "`proxy_url`", "`base_url`"),
    Reason.TLS: ("clock", "`ca_file`"),
    Reason.UNAUTHORIZED: ("new key", "restart", "tries again by itself"),
    Reason.FORBIDDEN: ("permission", "restart", "tries again by itself"),
    Reason.QUOTA_EXHAUSTED: ("Top up", "reset"),
    Reason.RATE_LIMITED: ("`interval`", "`max_requests_per_minute`"),
    Reason.CLIENT_ERROR: ("newer release", "`base_url`"),
    Reason.SERVER_ERROR: ("Wait", "status page"),
    Reason.INVALID_RESPONSE: ("proxy", "newer release"),
    Reason.CREDENTIAL: ("`credentials`", "read", "restart"),
    Reason.INTERNAL: ("Report", "log"),
}
"""What an operator must find in the advice."""


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_has_advice_that_says_what_to_do(reason: Reason) -> None:
    remedy = REMEDIES[reason]
    assert [word for word in SAYS[reason] if word not in remedy] == []
    assert re.match(r"(Check|Give|Make|Put|Report|Top up|Wait)\b", remedy)
    assert remedy.endswith(".")
    assert len(remedy) < 300


def test_no_two_reasons_have_the_same_advice() -> None:
    assert len(set(REMEDIES.values())) == len(Reason)


def test_advice_names_only_settings_that_there_are() -> None:
    schema = json_schema()
    known = {name for kind in (schema, *schema["$defs"].values()) for name in kind.get("properties", {})}
    assert {name for remedy in REMEDIES.values() for name in re.findall(r"`(\w+)`", remedy)} <= known
