"""Notifications that a real Alertmanager renders and sends."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.alertmanager.services import alertmanager, until

pytestmark = pytest.mark.e2e

RUNBOOKS = "https://github.com/ai-account-exporter/ai-account-exporter/blob/main/docs/runbooks"
BEGAN = "2026-11-18T11:00:00Z"
ENDED = "2026-11-18T12:30:00Z"
REPLICA = {"job": "ai-accounts", "instance": "a:9893"}


def alert(name: str, severity: str, texts: tuple[str, str], **labels: str) -> dict[str, Any]:
    summary, description = texts
    return {
        "labels": {"alertname": f"AIAccount{name}", "severity": severity, **REPLICA, **labels},
        "annotations": {"summary": summary, "description": description, "runbook_url": f"{RUNBOOKS}/AIAccount{name}.md"},
        "startsAt": BEGAN,
    }


NARRATION = {"provider": "elevenlabs", "account": "narration", "team": "voice", "resource": "characters", "unit": "characters"}
FARM = {"provider": "heygen", "account": "render-farm", "team": "video", "resource": "spend", "unit": "usd"}
SOON = alert(
    "RunningOut",
    "critical",
    ("An account runs out soon.", "Account narration at elevenlabs runs out of characters in 5h 12m. Top it up."),
    **NARRATION,
)
KEY = alert(
    "CredentialFailing",
    "critical",
    ("The key of an account is rejected or cannot be read.", "Polls of account narration at elevenlabs fail with forbidden."),
    provider="elevenlabs",
    account="narration",
    team="voice",
)
CAP = alert("SpendCapNear", "warning", ("Spending is close to its cap.", "Account render-farm at heygen has spent 93% of its cap."), **FARM)
DOWN = alert("VendorDown", "warning", ("No account of a vendor can be polled.", "heygen cannot be reached."), provider="heygen")


def resolved(posted: Mapping[str, Any]) -> dict[str, Any]:
    return {**posted, "endsAt": ENDED}


async def test_a_page_about_one_account_names_it_in_the_title_and_is_resolved(tmp_path: Path, unused_tcp_port: int) -> None:
    async with alertmanager(tmp_path, unused_tcp_port) as running:
        inbox = running.inbox
        await running.post(SOON)
        await until(lambda: len(inbox.pagerduty) == len(inbox.slack) == 1)
        await running.post(resolved(SOON))
        await until(lambda: len(inbox.pagerduty) == len(inbox.slack) == 2)
    fired, ended = inbox.pagerduty
    assert fired["payload"]["summary"] == "[CRITICAL] elevenlabs/narration characters: An account runs out soon."
    assert fired["payload"]["severity"] == "critical"
    assert fired["payload"]["component"] == "elevenlabs/narration"
    assert fired["payload"]["custom_details"]["firing"] == (
        "An account runs out soon.\n"
        "Account narration at elevenlabs runs out of characters in 5h 12m. Top it up.\n"
        "Since 2026-11-18 11:00 UTC.\n"
        f"Runbook: {RUNBOOKS}/AIAccountRunningOut.md"
    )
    assert (fired["event_action"], ended["event_action"]) == ("trigger", "resolve")
    [note], [last] = inbox.slack[0]["attachments"], inbox.slack[1]["attachments"]
    assert note["title"] == "[CRITICAL] elevenlabs/narration characters: An account runs out soon."
    assert note["title_link"] == f"{RUNBOOKS}/AIAccountRunningOut.md"
    assert note["color"] == "danger"
    assert note["text"] == (
        "Account narration at elevenlabs runs out of characters in 5h 12m. Top it up.\n"
        f"Since 2026-11-18 11:00 UTC. <{RUNBOOKS}/AIAccountRunningOut.md|Runbook>"
    )
    assert (last["title"], last["color"]) == ("[RESOLVED] elevenlabs/narration characters: An account runs out soon.", "good")
    assert last["text"] == "Resolved: elevenlabs/narration characters, from 2026-11-18 11:00 UTC to 2026-11-18 12:30 UTC"


async def test_several_alerts_on_one_account_are_one_message(tmp_path: Path, unused_tcp_port: int) -> None:
    async with alertmanager(tmp_path, unused_tcp_port) as running:
        inbox = running.inbox
        await running.post(SOON, KEY)
        await until(lambda: "2 alerts" in str(inbox.slack))
        await running.post(resolved(KEY))
        await until(lambda: "Resolved:" in str(inbox.slack))
    [both] = next(post for post in inbox.slack if "2 alerts" in str(post))["attachments"]
    assert (
        both["title"]
        == "[CRITICAL] elevenlabs/narration: 2 alerts: The key of an account is rejected or cannot be read. An account runs out soon."
    )
    assert both["title_link"] == "http://alertmanager.example.com"
    assert both["text"].split("\n") == [
        "*The key of an account is rejected or cannot be read.*",
        "Polls of account narration at elevenlabs fail with forbidden.",
        f"Since 2026-11-18 11:00 UTC. <{RUNBOOKS}/AIAccountCredentialFailing.md|Runbook>",
        "",
        "*An account runs out soon.*",
        "Account narration at elevenlabs runs out of characters in 5h 12m. Top it up.",
        f"Since 2026-11-18 11:00 UTC. <{RUNBOOKS}/AIAccountRunningOut.md|Runbook>",
    ]
    [rest] = inbox.slack[-1]["attachments"]
    assert rest["title"] == "[CRITICAL] elevenlabs/narration: An account runs out soon."
    assert rest["text"].split("\n")[-1] == (
        "Resolved: *The key of an account is rejected or cannot be read.* elevenlabs/narration, from 2026-11-18 11:00 UTC to 2026-11-18 12:30 UTC"
    )


async def test_a_message_with_a_critical_alert_is_critical(tmp_path: Path, unused_tcp_port: int) -> None:
    reached = alert("SpendCapExceeded", "critical", ("Spending has reached its cap.", "It is used up."), **FARM | {"account": "studio"})
    reached["labels"]["alertname"] = CAP["labels"]["alertname"]  # one group of mails
    async with alertmanager(tmp_path, unused_tcp_port, everything_to_webhook=True) as running:
        await running.post(CAP, reached)
        await until(lambda: any("2 alerts" in mail["Subject"] for mail in running.inbox.mail))
    subjects = [mail["Subject"] for mail in running.inbox.mail if "2 alerts" in mail["Subject"]]
    assert subjects == ["[CRITICAL] heygen spend: 2 alerts: Spending is close to its cap. Spending has reached its cap."]


async def test_a_mail_about_money_has_a_text_and_an_html_part(tmp_path: Path, unused_tcp_port: int) -> None:
    async with alertmanager(tmp_path, unused_tcp_port) as running:
        inbox = running.inbox
        await running.post(CAP)
        await until(lambda: len(inbox.mail) == len(inbox.webhook) == 1)
        await running.post(resolved(CAP))
        await until(lambda: len(inbox.mail) == 2)
    fired, ended = inbox.mail
    assert (fired["To"], fired["Subject"]) == (
        "billing@example.com",
        "[WARNING] heygen/render-farm spend: Spending is close to its cap.",
    )
    text, page = (part.get_content() for part in fired.iter_parts())
    assert text.replace("\r\n", "\n") == (
        "Spending is close to its cap.\n"
        "Account render-farm at heygen has spent 93% of its cap.\n"
        "Since 2026-11-18 11:00 UTC.\n"
        f"Runbook: {RUNBOOKS}/AIAccountSpendCapNear.md\n\n"
        "Alertmanager: http://alertmanager.example.com\n"
    )
    assert f'<a href="{RUNBOOKS}/AIAccountSpendCapNear.md">Runbook</a>' in page
    text, page = (part.get_content() for part in ended.iter_parts())
    assert "Resolved:\nSpending is close to its cap. heygen/render-farm spend, from 2026-11-18 11:00 UTC to 2026-11-18 12:30 UTC." in (
        text.replace("\r\n", "\n")
    )
    assert "93%" not in text + page, "a resolved alert must not read as if it were still true"
    assert inbox.webhook[0]["commonLabels"]["account"] == "render-farm"


async def test_an_outage_of_a_vendor_is_one_message(tmp_path: Path, unused_tcp_port: int) -> None:
    stale = ("The values of an account are out of date.", "They are old.")
    accounts = [
        alert(
            "DataStale", "warning", stale, provider="heygen", account=f"a{number}", id=f"a{number}", team=("video", "voice", "")[number % 3]
        )
        for number in range(20)
    ]
    async with alertmanager(tmp_path, unused_tcp_port) as running:
        inbox = running.inbox
        await running.post(DOWN)
        await until(lambda: len(inbox.slack) == 1)
        await running.post(*accounts)
        await until(lambda: _all_suppressed(running.states))
        await running.post(SOON)
        await until(lambda: "narration" in str(inbox.slack))
    titles = [post["attachments"][0]["title"] for post in inbox.slack]
    assert sorted(set(titles)) == [
        "[CRITICAL] elevenlabs/narration characters: An account runs out soon.",
        "[WARNING] heygen: No account of a vendor can be polled.",
    ]


async def test_text_of_a_vendor_cannot_mention_a_channel_or_create_a_link(tmp_path: Path, unused_tcp_port: int) -> None:
    texts = ("An account is not in good standing with its vendor.", "It is <!channel> & <https://evil.example|click>.")
    async with alertmanager(tmp_path, unused_tcp_port) as running:
        inbox = running.inbox
        await running.post(alert("NotActive", "warning", texts, provider="elevenlabs", account="R&D <b>", team="voice"))
        await until(lambda: len(inbox.slack) == len(inbox.mail) == 1)
    [note] = inbox.slack[0]["attachments"]
    assert note["title"].startswith("[WARNING] elevenlabs/R&amp;D &lt;b&gt;: ")
    assert note["text"].startswith("It is &lt;!channel&gt; &amp; &lt;https://evil.example|click&gt;.\n")
    page = list(inbox.mail[0].iter_parts())[1].get_content()
    assert "<b>" not in page
    assert "<https" not in page


async def _all_suppressed(states: Any) -> bool:
    found = await states()
    return all(found.get(f"a{number}") == "suppressed" for number in range(20))
