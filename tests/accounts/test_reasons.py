"""Every reason has its texts, and each text says what to do."""

from __future__ import annotations

import re

import pytest

from exporter.accounts.reasons import REASONS, remedy_of
from exporter.config.loading import json_schema
from exporter.errors import Cause
from exporter.model import Reason

REMEDIES = {(reason, cause): remedy_of(reason, cause) for reason in Reason for cause in (None, *Cause)}
SAYS = {
    (Reason.TIMEOUT, None): ("Wait", "`timeout`"),
    (Reason.CONNECTION, None): ("firewall", "`proxy_url`", "`base_url`"),
    (Reason.TLS, None): ("clock", "`ca_file`"),
    (Reason.UNAUTHORIZED, None): ("key", "`region`", "no error code", "restart", "tries again by itself"),
    (Reason.UNAUTHORIZED, Cause.KEY): ("new key", "`credentials`", "restart", "tries again by itself"),
    (Reason.UNAUTHORIZED, Cause.NOT_JSON): ("proxy", "firewall", "`base_url`"),
    (Reason.FORBIDDEN, None): ("key", "account", "no error code", "tries again by itself"),
    (Reason.FORBIDDEN, Cause.PERMISSION): ("permission", "restart", "tries again by itself"),
    (Reason.FORBIDDEN, Cause.OTHER_CODE): ("error code", "documentation"),
    (Reason.FORBIDDEN, Cause.NOT_JSON): ("proxy", "firewall", "`base_url`"),
    (Reason.QUOTA_EXHAUSTED, None): ("Top up", "reset"),
    (Reason.RATE_LIMITED, None): ("`interval`", "`max_requests_per_minute`"),
    (Reason.CLIENT_ERROR, None): ("newer release", "`base_url`"),
    (Reason.SERVER_ERROR, None): ("Wait", "status page"),
    (Reason.INVALID_RESPONSE, None): ("proxy", "newer release"),
    (Reason.CREDENTIAL, None): ("`credentials`", "read", "restart"),
    (Reason.INTERNAL, None): ("Report", "log"),
}
"""What an operator must find in the advice."""


@pytest.mark.parametrize(("key", "words"), SAYS.items(), ids=str)
def test_the_advice_says_what_to_do(key: tuple[Reason, Cause | None], words: tuple[str, ...]) -> None:
    assert [word for word in words if word not in REMEDIES[key]] == []


@pytest.mark.parametrize("remedy", sorted(set(REMEDIES.values())))
def test_advice_is_short_and_starts_with_a_verb(remedy: str) -> None:
    assert re.match(r"(Check|Create|Give|Look up|Put|Report|Store|Top up|Wait)\b", remedy)
    assert remedy.endswith(".")
    assert len(remedy) < 320


@pytest.mark.parametrize("reason", [Reason.UNAUTHORIZED, Reason.FORBIDDEN])
@pytest.mark.parametrize("cause", [Cause.OTHER_CODE, Cause.NOT_JSON])
def test_a_refusal_for_another_cause_names_neither_the_key_nor_a_permission(reason: Reason, cause: Cause) -> None:
    assert re.findall(r"\b(key|permission)", remedy_of(reason, cause)) == []


def test_every_reason_has_its_own_texts() -> None:
    assert list(REASONS) == list(Reason)
    for texts in zip(*REASONS.values(), strict=True):
        assert len(set(texts)) == len(Reason)


def test_advice_names_only_settings_that_exist() -> None:
    schema = json_schema()
    known = {name for kind in (schema, *schema["$defs"].values()) for name in kind.get("properties", {})}
    assert {name for remedy in REMEDIES.values() for name in re.findall(r"`(\w+)`", remedy)} <= known


@pytest.mark.parametrize(("reason", "cause"), REMEDIES, ids=str)
def test_the_advice_of_a_command_that_polls_once_does_not_promise_another_poll(reason: Reason, cause: Cause | None) -> None:
    remedy = remedy_of(reason, cause, is_polled_again=False)
    assert REMEDIES[reason, cause].startswith(remedy)
    assert remedy.endswith(".")
    assert [word for word in ("by itself", "interval;", "restart") if word in remedy] == []
