from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]  # it ships no types
from playwright.async_api import Locator, Page, expect

from exporter.model import Seconds
from exporter.overview.facts import Overview
from tests.browser.conftest import Stage, Visit
from tests.web import overviews
from tests.web.overviews import EVERY_STATE, HOSTILE, NOW, PREMIUM, SHOWN_HOSTILE, WALLET, account, overview

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="module")]

STUDIO = EVERY_STATE[4]
NAMES = [one.account for one in EVERY_STATE]


async def shown(page: Page) -> list[str]:
    return await page.locator("article:visible h2").all_text_contents()


def later(remaining: int) -> Overview:
    """The same accounts a minute later, and the studio with this much left."""
    quota = replace(PREMIUM, remaining=Decimal(remaining), share=remaining / 10_000)
    studio = replace(STUDIO, quotas=(WALLET, quota))
    return overview([studio if one is STUDIO else one for one in EVERY_STATE], at=NOW + 60)


def card(page: Page, name: str) -> Locator:
    return page.locator("article", has=page.get_by_role("heading", name=name, exact=True))


async def test_the_page_shows_every_account_and_those_with_problems_first(visit: Visit) -> None:
    page = await visit()
    assert await shown(page) == NAMES
    await expect(page).to_have_title("7 of 9 accounts need attention · AI Account Exporter")
    await expect(card(page, "podcast")).to_contain_text("12,300 characters over the limit of 100,000; 187,700 more allowed")


async def test_typing_filters_the_accounts(visit: Visit) -> None:
    page = await visit()
    await page.get_by_label("Filter").fill("elevenlabs LOW")
    assert await shown(page) == ["podcast"]
    await expect(page.locator("#count")).to_have_text("1 of 9 shown")
    await page.get_by_label("Filter").fill("no such thing")
    await expect(page.get_by_text("No account matches “no such thing”. Show all")).to_be_visible()
    await page.get_by_role("link", name="Show all").click()
    assert await shown(page) == NAMES


async def test_the_filter_is_kept_in_the_address(visit: Visit) -> None:
    page = await visit()
    await page.get_by_label("Filter").fill("state:stale")
    await page.get_by_label("Filter").press("Enter")
    await page.reload()
    await expect(page.locator("article:visible h2")).to_have_text(["forgotten"])
    await page.get_by_label("Filter").fill("")
    await expect(page.locator("article:visible h2")).to_have_text(NAMES)


async def test_a_state_in_the_summary_filters_by_it(visit: Visit) -> None:
    page = await visit()
    await page.get_by_role("link", name="2 exhausted").click()
    assert await shown(page) == ["stage", "narration-de"]


async def test_the_form_filters_without_a_script(visit: Visit) -> None:
    page = await visit(java_script_enabled=False)
    await expect(page.get_by_role("button", name="Pause")).to_be_hidden()
    await page.get_by_label("Filter").fill("low studio")
    await page.get_by_role("button", name="Apply").click()
    await expect(page.locator("article h2")).to_have_text(["studio"])
    await page.locator("summary").click()
    await expect(page.get_by_text("adds 50.00 USD below 10.00 USD")).to_be_visible()


async def test_a_refresh_changes_numbers_and_keeps_what_the_reader_did(visit: Visit, stage: Stage) -> None:
    page = await visit(viewport={"width": 800, "height": 400})
    await page.get_by_label("Filter").fill("heygen")
    summary = card(page, "studio").locator("summary")
    await summary.click()
    place = await card(page, "studio").bounding_box()
    stage.overview = later(987)
    await expect(card(page, "studio")).to_contain_text("987 of 10,000 credits left (9 %)")
    await expect(page.locator("#asof")).to_contain_text("11:01:05 UTC")
    await expect(summary).to_be_focused()
    await expect(card(page, "studio").locator("details")).to_have_attribute("open", "")
    await expect(page.get_by_label("Filter")).to_have_value("heygen")
    assert await shown(page) == ["forgotten", "web-plan", "studio", "render-farm"]
    moved = await card(page, "studio").bounding_box()
    assert place
    assert moved
    assert abs(place["y"] - moved["y"]) < 1


async def test_a_refresh_adds_removes_and_moves_accounts(visit: Visit, stage: Stage) -> None:
    page = await visit()
    first, *rest = EVERY_STATE[::-1]
    await card(page, "studio").locator("summary").focus()
    stage.overview = overview([*rest, account("added")])
    await expect(page.locator("article h2")).to_have_text([*(one.account for one in rest), "added"])
    await expect(card(page, "studio").locator("summary")).to_be_focused()
    stage.overview = overview([])
    await expect(page.get_by_text("The configuration contains no account")).to_be_visible()
    stage.overview = overview([first])
    await expect(page.locator("article h2")).to_have_text(["new"])


async def test_an_exporter_that_does_not_respond_is_reported_until_it_does(visit: Visit, stage: Stage) -> None:
    page = await visit()
    stage.status = 503
    lost = page.locator("#lost")
    await expect(lost).to_contain_text("The exporter is unreachable since")
    await expect(lost).to_contain_text("it answers HTTP 503. The values below are as of 22 Nov 2025 11:00:05 UTC.")
    stage.status = 200
    await expect(lost).to_be_hidden()


async def test_a_paused_page_sends_no_requests(visit: Visit, stage: Stage) -> None:
    stage.refresh = Seconds(0.05)
    page = await visit()
    await page.get_by_role("button", name="Pause").click()
    await expect(page.get_by_role("button", name="Pause")).to_have_attribute("aria-pressed", "true")
    stage.overview = later(1)
    requests = stage.requests
    # Ten refresh intervals by the browser's clock: any planned refresh would have happened.
    await page.evaluate("new Promise((done) => setTimeout(done, 500))")
    assert stage.requests - requests <= 1
    await page.get_by_role("link", name="Refresh").click()
    await expect(card(page, "studio")).to_contain_text("1 of 10,000 credits left")


async def test_another_version_of_the_exporter_reloads_the_page(visit: Visit, stage: Stage) -> None:
    page = await visit()
    stage.overview = replace(overviews.everything(), version="1.3.0")
    await expect(page.get_by_role("heading", level=1)).to_have_text("AI Account Exporter 1.3.0")


@pytest.mark.parametrize("made", [overviews.everything, overviews.hostile])
async def test_a_narrow_screen_needs_no_horizontal_scrolling(visit: Visit, stage: Stage, made: Callable[[], Overview]) -> None:
    stage.overview = made()
    page = await visit(viewport={"width": 320, "height": 600})
    assert await page.evaluate("document.documentElement.scrollWidth") == 320
    assert await page.evaluate("[...document.querySelectorAll('article *')].every((e) => e.getBoundingClientRect().right <= 320)")


async def test_hostile_names_are_shown_as_text(visit: Visit, stage: Stage) -> None:
    stage.overview = overviews.hostile()
    page = await visit()
    await expect(page.locator("h2").first).to_have_text(SHOWN_HOSTILE)
    await page.get_by_label("Filter").fill(HOSTILE)
    await expect(page.locator("#count")).to_have_text("1 of 2 shown")
    await page.get_by_label("Filter").fill(f"{HOSTILE} not there")
    await expect(page.locator("#none bdi")).to_have_text(f"{SHOWN_HOSTILE} not there")


async def test_the_page_has_a_dark_and_a_light_theme(visit: Visit) -> None:
    grounds = []
    for scheme in ("light", "dark"):
        page = await visit(color_scheme=scheme)
        grounds.append(await page.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert grounds == ["rgb(245, 246, 248)", "rgb(15, 19, 23)"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
async def test_the_page_is_accessible(visit: Visit, stage: Stage, scheme: str, width: int) -> None:
    stage.refresh = Seconds(3_600)
    page = await visit(color_scheme=scheme, bypass_csp=True, viewport={"width": width, "height": 4_000})
    await page.locator("details").evaluate_all("(all) => all.forEach((one) => { one.open = true; })")
    await page.locator("#lost").evaluate("(lost) => { lost.hidden = false; lost.textContent = 'The exporter is unreachable.'; }")
    found = await Axe().run(page)
    assert [violation["id"] for violation in found.response["violations"]] == [], found.generate_report()


async def test_the_keyboard_reaches_the_accounts_at_once(visit: Visit) -> None:
    page = await visit()
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name="Skip to the accounts")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.locator("main")).to_be_focused()


async def test_a_thousand_accounts_are_filtered_and_refreshed_fast(visit: Visit, stage: Stage) -> None:
    stage.overview = overviews.thousand()
    stage.refresh = Seconds(3_600)
    page = await visit()
    ratio = await page.evaluate(
        """() => {
            const field = document.getElementById("filter"), accounts = [...document.querySelectorAll("article")];
            const time = (run) => { const begun = performance.now(); run(); return performance.now() - begun; };
            const reading = time(() => { for (let i = 0; i < 10; i++) accounts.map((account) => account.textContent.toLowerCase()); });
            const filtering = time(() => { field.value = "show-39 team-5"; field.dispatchEvent(new Event("input")); });
            return filtering / reading;
        }"""
    )
    assert await page.locator("article:visible").count() == await page.locator("article:not([hidden])").count() == 4
    assert ratio < 20, "filtering, compared with reading all accounts ten times"
    stage.overview = replace(overviews.thousand(), generated_at=NOW + 60)
    await page.get_by_role("link", name="Refresh").click()
    await expect(page.locator("article:visible .who .n").first).to_contain_text("read 1 min 12 s ago")
