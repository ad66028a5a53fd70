from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Literal

import pytest
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]  # it ships no types
from playwright.async_api import Locator, Page, expect

from exporter.model import Seconds
from exporter.overview.facts import Overview, State
from tests.browser.conftest import Stage, Visit
from tests.web import overviews
from tests.web.overviews import EVERY_STATE, HOSTILE, NOW, PREMIUM, SHOWN_HOSTILE, WALLET, account, overview

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="module")]

STUDIO = EVERY_STATE[4]
NAMES = [one.account for one in EVERY_STATE]


async def shown(page: Page) -> list[str]:
    return await page.locator("tbody .name").all_text_contents()


def later(remaining: int) -> Overview:
    """The same accounts a minute later, and the studio with this much left."""
    quota = replace(PREMIUM, remaining=Decimal(remaining), share=remaining / 10_000)
    studio = replace(STUDIO, quotas=(WALLET, quota))
    return overview([studio if one is STUDIO else one for one in EVERY_STATE], at=NOW + 60)


def row(page: Page, name: str) -> Locator:
    return page.locator("tbody", has=page.get_by_role("link", name=name, exact=True))


def details(page: Page, name: str) -> Locator:
    return row(page, name).locator("details")


async def test_the_page_shows_every_account_and_those_with_problems_first(visit: Visit) -> None:
    page = await visit()
    assert await shown(page) == NAMES
    await expect(page).to_have_title("7 of 9 accounts need attention · AI Account Exporter")
    await expect(row(page, "podcast")).to_contain_text("12,300 characters over the limit of 100,000; 187,700 more allowed")


async def test_a_dozen_accounts_fit_on_the_first_screen(visit: Visit, stage: Stage) -> None:
    stage.overview = overview([*EVERY_STATE, account("ten"), account("eleven"), account("twelve")])
    page = await visit(viewport={"width": 1280, "height": 800})
    rows = await page.locator("tbody tr:first-child").evaluate_all("(all) => all.map((row) => row.getBoundingClientRect())")
    assert len(rows) == 12
    assert {32 <= each["height"] <= 40 for each in rows} == {True}
    assert rows[-1]["bottom"] < 800


async def test_a_row_opens_where_it_is_clicked_or_with_the_keyboard(visit: Visit) -> None:
    page = await visit(viewport={"width": 1280, "height": 800}, java_script_enabled=False)
    left = row(page, "studio").locator(".left")
    box = await left.bounding_box()
    assert box
    await page.mouse.click(box["x"] + 5, box["y"] + 10)
    await expect(page.get_by_text("adds 50.00 USD below 10.00 USD")).to_be_visible()
    await details(page, "studio").locator("summary").press("Enter")
    await expect(page.get_by_text("adds 50.00 USD below 10.00 USD")).to_be_hidden()
    await row(page, "podcast").get_by_role("link", name="team=voice").click()
    await expect(page.locator("tbody .name")).to_have_text(["podcast"])


async def test_typing_filters_the_accounts(visit: Visit) -> None:
    page = await visit()
    await page.get_by_label("Filter", exact=True).fill("elevenlabs LOW")
    await expect(page.locator("tbody .name")).to_have_text(["podcast"])
    await page.get_by_label("Filter", exact=True).fill("no such thing")
    await expect(page.get_by_text("No account matches. Show all")).to_be_visible()
    await page.get_by_role("link", name="Show all").click()
    await expect(page.locator("tbody .name")).to_have_text(NAMES)
    await expect(page.get_by_label("Filter", exact=True)).to_have_value("")


async def test_the_view_is_kept_in_the_address(visit: Visit) -> None:
    page = await visit()
    await page.get_by_role("link", name="2 failing").click()
    await expect(page.locator("tbody .name")).to_have_text(["forgotten", "web-plan"])
    await page.get_by_role("link", name="Account", exact=True).click()
    await page.get_by_role("link", name="Account", exact=True).click()
    await page.get_by_label("Filter", exact=True).fill("heygen")
    await expect(page).to_have_url(re.compile(r"\?state=failing&sort=-account&q=heygen$"))
    await page.reload()
    await expect(page.locator("tbody .name")).to_have_text(["web-plan", "forgotten"])
    await expect(page.get_by_label("Filter", exact=True)).to_have_value("heygen")
    await page.get_by_role("link", name="Without the filter state=failing").click()
    await expect(page.locator("tbody .name")).to_have_text(["web-plan", "studio", "render-farm", "forgotten"])
    await page.go_back()
    await expect(page.locator("tbody .name")).to_have_text(["web-plan", "forgotten"])


async def test_the_form_filters_without_a_script(visit: Visit) -> None:
    page = await visit("?state=low", java_script_enabled=False)
    await expect(page.get_by_role("button", name="Pause")).to_be_hidden()
    await page.get_by_label("Filter", exact=True).fill("studio")
    await page.get_by_role("button", name="Apply").click()
    await expect(page).to_have_url(re.compile(r"\?state=low&q=studio$"))
    await expect(page.locator("tbody .name")).to_have_text(["studio"])
    await expect(page.get_by_text("adds 50.00 USD below 10.00 USD")).to_be_visible()  # one account alone is open


async def test_a_refresh_changes_numbers_and_keeps_what_the_reader_did(visit: Visit, stage: Stage) -> None:
    page = await visit(viewport={"width": 800, "height": 400})
    await page.get_by_label("Filter", exact=True).fill("heygen")
    await expect(page.locator("tbody .name")).to_have_text(["forgotten", "web-plan", "studio", "render-farm"])
    summary = details(page, "studio").locator("summary")
    await summary.press("Enter")
    place = await row(page, "studio").bounding_box()
    stage.overview = later(987)
    await expect(row(page, "studio")).to_contain_text("987 of 10,000 credits left (9 %)")
    await expect(page.locator("#asof")).to_contain_text("11:01:05 UTC")
    await expect(summary).to_be_focused()
    await expect(details(page, "studio")).to_have_attribute("open", "")
    await expect(page.get_by_label("Filter", exact=True)).to_have_value("heygen")
    assert await shown(page) == ["forgotten", "web-plan", "studio", "render-farm"]
    moved = await row(page, "studio").bounding_box()
    assert place
    assert moved
    assert abs(place["y"] - moved["y"]) < 1


async def test_a_refresh_adds_removes_and_moves_accounts(visit: Visit, stage: Stage) -> None:
    page = await visit()
    first, *rest = EVERY_STATE[::-1]
    await details(page, "studio").locator("summary").press("Enter")
    stage.overview = overview([*rest, account("added")])
    await expect(page.locator("tbody .name")).to_have_text([*(one.account for one in rest), "added"])
    await expect(details(page, "studio").locator("summary")).to_be_focused()
    await expect(details(page, "studio")).to_have_attribute("open", "")
    stage.overview = overview([])
    await expect(page.get_by_text("The configuration contains no account")).to_be_visible()
    stage.overview = overview([first])
    await expect(page.locator("tbody .name")).to_have_text(["new"])


async def test_an_exporter_that_does_not_respond_is_reported_until_it_does(visit: Visit, stage: Stage) -> None:
    page = await visit()
    stage.status = 503
    lost = page.locator("#lost")
    await expect(lost).to_contain_text("The exporter is unreachable since")
    await expect(lost).to_contain_text("it responds with HTTP 503. The values below are as of 22 Nov 2025 11:00:05 UTC.")
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
    await expect(row(page, "studio")).to_contain_text("1 of 10,000 credits left")


async def test_another_version_of_the_exporter_reloads_the_page(visit: Visit, stage: Stage) -> None:
    page = await visit()
    stage.overview = replace(overviews.everything(), version="1.3.0")
    await expect(page.locator("header")).to_contain_text("AI Account Exporter 1.3.0")


@pytest.mark.parametrize("made", [overviews.everything, overviews.hostile])
async def test_a_narrow_screen_needs_no_horizontal_scrolling(visit: Visit, stage: Stage, made: Callable[[], Overview]) -> None:
    stage.overview = made()
    page = await visit(viewport={"width": 320, "height": 600})
    assert await page.evaluate("document.documentElement.scrollWidth") == 320
    await page.locator("details").evaluate_all("(all) => all.forEach((one) => { one.open = true; })")
    assert await page.evaluate("document.documentElement.scrollWidth") == 320
    wide = (
        "[...document.querySelectorAll('main *:not(.out *)')].filter((e) => e.getBoundingClientRect().right > 320).map((e) => e.outerHTML)"
    )
    assert await page.evaluate(wide) == []


@pytest.mark.parametrize("width", [320, 390, 700])
async def test_a_narrow_screen_shows_the_name_below_the_state(visit: Visit, stage: Stage, width: int) -> None:
    short = account("a", State.OK, WALLET, provider="b", labels={"c": "d"})
    stage.overview = overview([*EVERY_STATE, short])
    page = await visit(viewport={"width": width, "height": 600})
    places = await page.locator("tbody tr:first-child").evaluate_all(
        "(all) => all.map((row) => ['.is', '.name', '.age'].map((each) => row.querySelector(each).getBoundingClientRect()))"
    )
    assert len(places) == 10
    for state, name, age in places:
        assert (state["left"], state["bottom"] <= name["top"], age["bottom"] <= name["top"]) == (name["left"], True, True)


async def test_hostile_names_are_shown_as_text(visit: Visit, stage: Stage) -> None:
    stage.overview = overviews.hostile()
    page = await visit()
    await expect(page.locator("tbody .name").first).to_have_text(SHOWN_HOSTILE)
    await page.get_by_label("Filter", exact=True).fill(HOSTILE)
    await expect(page.locator("tbody .name")).to_have_count(1)
    await page.get_by_role("link", name=f"team={SHOWN_HOSTILE}").first.click()
    await expect(page.locator("tbody .name")).to_have_text([SHOWN_HOSTILE])
    await expect(page.locator("#filters .tag")).to_have_text([f"team={SHOWN_HOSTILE} \N{MULTIPLICATION SIGN}"])


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
    await expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.locator("main")).to_be_focused()


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_a_filtered_page_and_the_configuration_are_accessible(visit: Visit, stage: Stage, scheme: str) -> None:
    stage.refresh = Seconds(3_600)
    for path in ("?team=video&state=low&temas=x&sort=-left", "config"):
        page = await visit(path, color_scheme=scheme, bypass_csp=True)
        found = await Axe().run(page)
        assert [violation["id"] for violation in found.response["violations"]] == [], found.generate_report()


async def test_a_printed_page_has_all_rows_and_no_controls(visit: Visit, stage: Stage) -> None:
    stage.refresh = Seconds(3_600)
    page = await visit(viewport={"width": 1_000, "height": 800}, color_scheme="dark")
    await page.emulate_media(media="print")
    await expect(page.get_by_label("Filter", exact=True)).to_be_hidden()
    await expect(page.get_by_role("button", name="Pause")).to_be_hidden()
    await expect(page.locator("tbody .name")).to_have_count(9)
    style = "(({backgroundColor, color}) => [backgroundColor, color])(getComputedStyle(document.body))"
    assert await page.evaluate(style) == ["rgb(255, 255, 255)", "rgb(26, 31, 38)"], "as light, also for a reader who prefers dark"


@pytest.mark.parametrize(("width", "medium"), [(790, "print"), (1_280, "screen")])
async def test_nothing_is_cut_off_on_paper_or_on_a_laptop(
    visit: Visit, stage: Stage, width: int, medium: Literal["print", "screen"]
) -> None:
    stage.overview = overview([each for each in EVERY_STATE if each.quotas])
    page = await visit(viewport={"width": width, "height": 800})
    await page.emulate_media(media=medium)
    cut = "(all) => all.filter((each) => each.scrollWidth > each.clientWidth + 1).map((each) => each.textContent)"
    assert await page.locator("tbody tr:first-child > :not(.labels), .res > *").evaluate_all(cut) == []


async def test_the_overage_is_hatched(visit: Visit) -> None:
    page = await visit()
    assert await page.evaluate("document.querySelector('#hatch rect').getBBox().height") == 6


@pytest.mark.parametrize("width", [390, 1_280])
async def test_the_frame_of_the_focus_is_not_cut_off(visit: Visit, width: int) -> None:
    page = await visit(viewport={"width": width, "height": 800})
    cut = """(all) => all.filter((link) => {
      link.focus();
      const {top, bottom, left} = link.getBoundingClientRect(), cell = link.closest("th, td"), edge = cell.getBoundingClientRect();
      const isCut = top - 4 < edge.top || bottom + 4 > edge.bottom || left - 4 < edge.left;
      return isCut && getComputedStyle(cell).overflow !== "visible";
    }).length"""
    assert await page.locator("tbody :is(th, .labels) a").evaluate_all(cut) == 0


async def test_the_head_of_the_table_never_covers_the_focus(visit: Visit) -> None:
    page = await visit(viewport={"width": 1_280, "height": 300})
    await page.get_by_role("link", name="new", exact=True).focus()
    for _ in range(20):
        await page.keyboard.press("Shift+Tab")
        places = "[document.activeElement, document.querySelector('thead th')].map((each) => each.getBoundingClientRect())"
        focus, head = await page.evaluate(places)
        assert focus["top"] >= head["bottom"]


async def test_the_details_contain_a_name_that_the_row_cuts_off(visit: Visit, stage: Stage) -> None:
    stage.overview = overviews.hostile()
    page = await visit(viewport={"width": 1_280, "height": 800})
    await details(page, overviews.LONG).locator("summary").press("Enter")
    for name in (overviews.LONG, "p" * 64):
        term = details(page, overviews.LONG).locator("dd", has_text=re.compile(f"^{name}$")).first
        assert await term.evaluate("(each) => each.scrollWidth <= each.clientWidth")


async def test_a_thousand_accounts_have_pages_and_are_refreshed(visit: Visit, stage: Stage) -> None:
    stage.overview = overviews.thousand()
    stage.refresh = Seconds(3_600)
    page = await visit()
    await expect(page.locator("tbody .name")).to_have_count(200)
    await page.get_by_role("link", name="Next").click()
    await expect(page.get_by_text("Accounts 201 to 400 of 1,000")).to_be_visible()
    first = await page.locator("tbody .name").first.text_content()
    stage.overview = replace(overviews.thousand(), generated_at=NOW + 60)
    await page.get_by_role("link", name="Refresh").click()
    await expect(page.locator("tbody .age").first).to_have_text("72 s")
    await expect(page.locator("tbody .name").first).to_have_text(first or "")
    await page.get_by_label("Filter", exact=True).fill("show-39 team-5")
    await expect(page.locator("tbody .name")).to_have_count(4)
