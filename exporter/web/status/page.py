"""The status page: what is left on each account, in one page that loads no other resource."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final, NamedTuple

from exporter.accounts.forecast import MIN_HISTORY
from exporter.accounts.shapes import GetShapes
from exporter.model import AccountKey, Seconds
from exporter.overview.facts import Overview, Soonest, State, Summary
from exporter.overview.query import WORDS, Query, parse_query
from exporter.web.status import formatting
from exporter.web.status.account_view import view_account
from exporter.web.status.formatting import phrase_at
from exporter.web.status.layout import HtmlPage, Layout
from exporter.web.status.links import PAGE, filters, link, link_to, link_to_order

REFRESH: Final = Seconds(10.0)
"""How often an open page refreshes itself."""
ROWS: Final = 200
"""How many accounts one page shows."""
STATE_NOT_WRITTEN: Final = (
    "The state file cannot be written: counters and values since the last write are lost at a restart. The log contains the cause."
)
_NEEDS_ATTENTION = (State.EXHAUSTED, State.FAILING, State.STALE, State.LOW)
_COLUMNS: Final = (
    ("State", ""),
    ("Account", "account"),
    ("Labels", None),
    ("Resource", None),
    ("Left", "left"),
    ("Runway", "runway"),
    ("Age", "age"),
)
"""Titles, and what a click sorts by; None where it sorts by nothing."""


class Column(NamedTuple):
    """The head of a column."""

    title: str
    href: str | None
    order: str
    """`ascending`, `descending` or empty, as `aria-sort`."""


class Pager(NamedTuple):
    """Where the shown accounts are in a long list."""

    text: str
    previous: str | None
    following: str | None


class StatusPage:
    """Renders overviews. The templates are read once."""

    def __init__(self, *, telemetry_path: str, refresh: Seconds = REFRESH, has_config: bool = False) -> None:
        self._layout = Layout(
            "status.html.j2",
            telemetry_path=telemetry_path,
            has_config=has_config,
            refresh=f"{refresh:g}",
            history=formatting.duration(MIN_HISTORY),
        )

    def render(self, overview: Overview, parameters: Iterable[tuple[str, str]] = (), *, shapes: GetShapes = lambda _: {}) -> HtmlPage:
        """Render the page for the parameters of its URL."""
        parameters = tuple(parameters)
        query = parse_query((pair for pair in parameters if pair[0] != PAGE), overview)
        now, selected = overview.generated_at, query.select(overview)
        in_all_states = replace(query.with_only("state", None), sort="")
        summary = in_all_states.select(overview).summary if in_all_states.wanted != query.wanted else selected.summary
        accounts = selected.accounts
        page = _page(dict(parameters).get(PAGE, ""), len(accounts))
        rows = accounts[(page - 1) * ROWS : page * ROWS]
        return self._layout.render(
            version=overview.version,
            now=formatting.moment(now),
            banners=list(_banners(overview, query)),
            headline=_headline(summary, len(overview.accounts)),
            attention=_attention(summary),
            states=list(_states(summary, query)),
            soonest=_soonest(summary.soonest, now),
            columns=[_column(title, key, query) for title, key in _COLUMNS],
            accounts=[view_account(account, now, query) for account in rows],
            shape=shapes(AccountKey(rows[0].provider, rows[0].account)) if len(rows) == 1 else {},
            pager=_pager(query, page, len(accounts)),
            total=len(overview.accounts),
            words=query.words,
            hidden=[pair for pair in query.parameters if pair[0] != WORDS],
            filters=list(filters(query)),
            here=link(query, page),
        )


def _page(number: str, count: int) -> int:
    """Return a page that exists."""
    wanted = int(number) if number.isascii() and number.isdecimal() and len(number) < 6 else 1
    return max(1, min(wanted, -(-count // ROWS)))


def _pager(query: Query, page: int, count: int) -> Pager | None:
    if count <= ROWS:
        return None
    first, last = (page - 1) * ROWS + 1, min(page * ROWS, count)
    return Pager(
        f"Accounts {first:,} to {last:,} of {count:,}",
        link(query, page - 1) if page > 1 else None,
        link(query, page + 1) if last < count else None,
    )


def _banners(overview: Overview, query: Query) -> Iterator[str]:
    """Yield the sentences that everybody should read."""
    if overview.state_written is False:
        yield STATE_NOT_WRITTEN
    for problem in query.problems:
        yield formatting.isolated(f"A part of the address was ignored: {problem}.".replace("?.", "?"))


def _states(summary: Summary, query: Query) -> Iterator[tuple[str, int, str, bool]]:
    """Yield the links to the accounts of each state: a name, a number, a link, and whether it is selected."""
    wanted = {value for name, value in query.wanted if name == "state"}
    yield "all", summary.accounts, link(query.with_only("state", None)), not wanted
    for state in State:
        if (count := summary.states.get(state, 0)) or state in wanted:
            yield state, count, link(query.with_only("state", state)), state in wanted


def _column(title: str, key: str | None, query: Query) -> Column:
    if key is None:
        return Column(title, None, "")
    if not key:
        return Column(title, link(Query(query.wanted, query.words)), "" if query.sort else "ascending")
    order = {key: "ascending", f"-{key}": "descending"}.get(query.sort, "")
    return Column(title, link_to_order(query, key), order)


def _attention(summary: Summary) -> int:
    return sum(summary.states.get(state, 0) for state in _NEEDS_ATTENTION)


def _headline(summary: Summary, total: int) -> str:
    affected, waiting = _attention(summary), summary.states.get(State.WAITING, 0)
    if not summary.accounts:
        return "No account matches" if total else "No account is configured"
    if summary.accounts == 1:
        return f"1 account {'needs attention' if affected else 'waits for the first poll' if waiting else 'is fine'}"
    if affected:
        return f"{affected:,} of {formatting.accounts(summary.accounts)} {'needs' if affected == 1 else 'need'} attention"
    if waiting:
        return f"{waiting:,} of {formatting.accounts(summary.accounts)} {'waits' if waiting == 1 else 'wait'} for the first poll"
    return f"All {formatting.accounts(summary.accounts)} are fine"


def _soonest(soonest: Soonest | None, now: float) -> dict[str, object] | None:
    if soonest is None:
        return None
    when = f"in about {formatting.estimate(soonest.empty_at - now)}" if soonest.empty_at > now else "it may already be empty"
    return {
        "href": link_to((soonest.provider, soonest.account)),
        "account": formatting.isolated(soonest.account),
        "provider": formatting.isolated(soonest.provider),
        "resource": formatting.plain(soonest.resource),
        "when": phrase_at(soonest.empty_at, when),
    }
