"""Links of the status page to itself with another query. They are relative, so that the page works below a path of a proxy."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple
from urllib.parse import urlencode

from exporter.overview.facts import AccountFacts
from exporter.overview.query import Query, parameter_of
from exporter.web.status import formatting

PAGE = "page"
"""The parameter with the number of a page, of a long list of accounts."""


class Filter(NamedTuple):
    """A filter that is in effect, and a link to the page without it."""

    text: str
    without: str


def link(query: Query, page: int = 1) -> str:
    """Return the link to the accounts of a query."""
    return f"?{urlencode([*query.parameters, *([(PAGE, str(page))] if page > 1 else [])], errors='replace')}"


def link_to(account: AccountFacts | tuple[str, str]) -> str:
    """Return the link to one account."""
    provider, name = account if isinstance(account, tuple) else (account.provider, account.account)
    return link(Query((("provider", provider), ("account", name))))


def link_to_label(query: Query, label: str, value: str) -> str:
    """Return the link to the accounts of the query that have this value of a label."""
    return link(query.with_only(parameter_of(label), value))


def link_to_order(query: Query, key: str) -> str:
    """Return the link to the same accounts in another order; in the reverse order where this one is in effect."""
    return link(replace(query, sort=f"-{key}" if query.sort == key else key))


def filters(query: Query) -> Iterator[Filter]:
    """Yield the filters in effect, one for each name."""
    for name in dict(query.wanted):
        values = " or ".join(value for each, value in query.wanted if each == name)
        yield Filter(formatting.isolated(f"{name}={values}"), link(query.with_only(name, None)))
