"""The status page: what is left on each account, in one page that loads no other resource."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from exporter.model import Seconds
from exporter.overview.facts import Overview, Soonest, State, Summary
from exporter.web.status import formatting
from exporter.web.status.account_view import matches, view_account
from exporter.web.status.formatting import phrase_at

REFRESH: Final = Seconds(10.0)
"""How often an open page refreshes itself."""
_LONGEST_FILTER = 256
_NEEDS_ATTENTION = (State.EXHAUSTED, State.STALE, State.FAILING, State.LOW)


@dataclass(frozen=True, slots=True)
class StatusAnswer:
    """A rendered page."""

    body: bytes
    headers: Mapping[str, str]


class StatusPage:
    """Renders overviews. The templates are read once."""

    def __init__(self, *, telemetry_path: str, refresh: Seconds = REFRESH) -> None:
        # Everything is escaped: names, labels and messages come from vendors and operators.
        loader = PackageLoader("exporter.web.status")
        environment = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
        self._template = environment.get_template("status.html.j2")
        style, script = (_inline(loader, environment, name) for name in ("status.css", "status.js"))
        self._constant = {
            "style": style,
            "script": script,
            # Relative, so that the page works below a path of a proxy.
            "telemetry_path": telemetry_path.lstrip("/"),
            "refresh": f"{refresh:g}",
        }
        self._headers = {
            "Content-Type": "text/html; charset=utf-8",
            "Content-Security-Policy": _policy(style, script),
            "Cache-Control": "no-store",
            "Referrer-Policy": "no-referrer",
        }

    def render(self, overview: Overview, *, wanted: str = "") -> StatusAnswer:
        """Render the page; `wanted` is the filter, for browsers without scripts."""
        wanted = wanted.strip()[:_LONGEST_FILTER]
        now = overview.generated_at
        shown = [view_account(account, now) for account in overview.accounts if matches(account, wanted)]
        page = self._template.render(
            self._constant,
            version=overview.version,
            now=formatting.moment(now),
            summary=overview.summary,
            state_written=overview.state_written,
            headline=_headline(overview.summary),
            attention=_attention(overview.summary),
            states=[(state, overview.summary.states.get(state, 0)) for state in State if overview.summary.states.get(state)],
            soonest=_soonest(overview.summary.soonest, now),
            accounts=shown,
            wanted=wanted,
            shown_filter=formatting.isolated(wanted),
        )
        return StatusAnswer(page.encode(errors="replace"), self._headers)


def _inline(loader: PackageLoader, environment: Environment, name: str) -> str:
    return loader.get_source(environment, name)[0].strip()


def _policy(style: str, script: str) -> str:
    return "; ".join(
        (
            "default-src 'none'",
            f"style-src '{_digest(style)}'",
            f"script-src '{_digest(script)}'",
            "img-src data:",
            "connect-src 'self'",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        )
    )


def _digest(source: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()}"


def _attention(summary: Summary) -> int:
    return sum(summary.states.get(state, 0) for state in _NEEDS_ATTENTION)


def _headline(summary: Summary) -> str:
    affected, waiting = _attention(summary), summary.states.get(State.WAITING, 0)
    if not summary.accounts:
        return "No account is configured"
    if affected:
        return f"{affected:,} of {formatting.accounts(summary.accounts)} {'needs' if affected == 1 else 'need'} attention"
    if waiting:
        return f"{waiting:,} of {formatting.accounts(summary.accounts)} {'waits' if waiting == 1 else 'wait'} for the first poll"
    return "The only account is fine" if summary.accounts == 1 else f"All {formatting.accounts(summary.accounts)} are fine"


def _soonest(soonest: Soonest | None, now: float) -> dict[str, object] | None:
    if soonest is None:
        return None
    when = f"in about {formatting.estimate(soonest.empty_at - now)}" if soonest.empty_at > now else "it may already be empty"
    return {
        "key": f"{soonest.provider}/{soonest.account}",
        "account": formatting.isolated(soonest.account),
        "provider": formatting.isolated(soonest.provider),
        "resource": formatting.plain(soonest.resource),
        "when": phrase_at(soonest.empty_at, when),
    }
