"""The documentation site in a real Chromium: on a desktop and on a phone nothing is cut off."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.async_api import Browser

ROOT = Path(__file__).parent.parent.parent
DESKTOP, PHONE = 1280, 390

CUT_OFF = """() => {
  const edge = document.documentElement.clientWidth + 1;
  const scrolls = (element) => element && (["auto", "scroll"].includes(getComputedStyle(element).overflowX) || scrolls(element.parentElement));
  return [...document.querySelectorAll("article *")]
    .filter((element) => element.getBoundingClientRect().right > edge && !scrolls(element.parentElement))
    .map((element) => element.outerHTML.slice(0, 100));
}"""
"""The elements that reach beyond the window and are in no container that scrolls."""

TOO_WIDE = """() => [...document.querySelectorAll("article table")]
  .filter((table) => table.scrollWidth > (table.closest(".md-typeset__scrollwrap") ?? document.querySelector("article")).clientWidth)
  .map((table) => table.textContent.trim().slice(0, 100))"""
"""The tables that are wider than their container."""

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="module")]


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The addresses of all pages of the built site."""
    folder = tmp_path_factory.mktemp("site")
    shutil.copytree(ROOT / "docs", folder / "docs")
    shutil.copy(ROOT / "mkdocs.yml", folder)
    command = [sys.executable, "-m", "zensical", "build", "--strict"]
    subprocess.run(command, cwd=folder, env=os.environ | {"NO_COLOR": "1"}, check=True, capture_output=True)  # noqa: S603 -- our own command
    return sorted(path.as_uri() for path in (folder / "site").rglob("index.html"))


async def faults(browser: Browser, pages: list[str], width: int, script: str) -> dict[str, list[str]]:
    context = await browser.new_context(viewport={"width": width, "height": 900})
    page = await context.new_page()
    found = {}
    for address in pages:
        await page.goto(address)
        found[address] = await page.evaluate(script)
    await context.close()
    return {address: each for address, each in found.items() if each}


@pytest.mark.parametrize("width", [DESKTOP, PHONE])
async def test_nothing_on_a_page_is_cut_off(browser: Browser, pages: list[str], width: int) -> None:
    assert await faults(browser, pages, width, CUT_OFF) == {}


async def test_tables_fit_on_a_desktop_without_scrolling(browser: Browser, pages: list[str]) -> None:
    assert await faults(browser, pages, DESKTOP, TOO_WIDE) == {}


async def test_a_table_that_is_too_wide_is_found(browser: Browser, pages: list[str]) -> None:
    assert await faults(browser, pages, PHONE, TOO_WIDE) != {}


async def test_an_element_that_is_cut_off_is_found(browser: Browser) -> None:
    for style, found in {"": True, "overflow-x: auto": False}.items():
        page = await browser.new_page(viewport={"width": PHONE, "height": 900})
        await page.set_content(f'<article><p style="{style}"><span style="display: block; width: 500px">x</span></p></article>')
        assert bool(await page.evaluate(CUT_OFF)) is found
        await page.close()
