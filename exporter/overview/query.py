"""Which accounts a request asks for, and in which order: the query of the status page and of the API."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from exporter.overview.build import summary_of
from exporter.overview.facts import AccountFacts, Overview, State
from exporter.overview.urgency import decisive, ends_first, share_left
from exporter.validation.problems import did_you_mean

WORDS: Final = "q"
SORT: Final = "sort"
_LABEL: Final = "label."
"""Before the name of a label that is also the name of another parameter."""
_FACTS: Final = ("provider", "account", "state")
_STATES: Final = frozenset(map(str, State))
_LONGEST: Final = 256

Key = Callable[[AccountFacts], str | float | None]


def _left(account: AccountFacts) -> float | None:
    quota = decisive(account.quotas)
    return share_left(quota) if quota else None


SORT_KEYS: Final[Mapping[str, Key]] = {
    "account": lambda account: account.account.lower(),
    "provider": lambda account: account.provider,
    "left": _left,
    "runway": ends_first,
    "age": lambda account: None if account.last_success_at is None else -account.last_success_at,
}
"""What accounts can be sorted by, besides their state: the smallest first, and last what is unknown. A `-` before it reverses the order."""


@dataclass(frozen=True, slots=True)
class Query:
    """A valid query, and the problems of what was left out of it."""

    wanted: tuple[tuple[str, str], ...] = ()
    """Pairs of a name and a value: several values of one name are alternatives, and each name must match."""
    words: str = ""
    sort: str = ""
    """A key of `SORT_KEYS`, perhaps after a `-`; empty: those with problems first."""
    problems: tuple[str, ...] = ()

    @property
    def parameters(self) -> tuple[tuple[str, str], ...]:
        """The parameters of a URL with this query."""
        return (*self.wanted, *([(WORDS, self.words)] if self.words else []), *([(SORT, self.sort)] if self.sort else []))

    def with_only(self, name: str, value: str | None) -> Query:
        """Return the query with this value of a name and no other; without a value, the query without the name."""
        others = tuple(pair for pair in self.wanted if pair[0] != name)
        return replace(self, wanted=others if value is None else (*others, (name, value)))

    def matches(self, account: AccountFacts) -> bool:
        """Whether the account is asked for."""
        alternatives: dict[str, set[str]] = {}
        for name, value in self.wanted:
            alternatives.setdefault(name, set()).add(value)
        is_wanted = all(_value_of(account, name) in values for name, values in alternatives.items())
        return is_wanted and (not self.words or _has_words(account, self.words))

    def select(self, overview: Overview) -> Overview:
        """Return the accounts that the query asks for, in its order, and their totals."""
        accounts = [account for account in overview.accounts if self.matches(account)]
        key = SORT_KEYS.get(self.sort.removeprefix("-"))
        accounts = _sorted(accounts, key, is_reversed=self.sort.startswith("-")) if key else accounts
        return replace(overview, accounts=tuple(accounts), summary=summary_of(accounts))


def parse_query(parameters: Iterable[tuple[str, str]], overview: Overview) -> Query:
    """Read the parameters of a URL. What is not valid is left out, and is a problem."""
    labels = {name for account in overview.accounts for name in account.labels}
    wanted, problems = [], []
    words = sort = ""
    for name, value in parameters:
        if name == WORDS:
            words = f"{words} {value}".strip()[:_LONGEST]
        elif name == SORT and (not value or value.removeprefix("-") in SORT_KEYS):
            sort = value
        elif problem := _problem_of(name, value, labels):
            problems.append(problem)
        else:
            wanted.append((name, value))
    return Query(tuple(dict.fromkeys(wanted)), words, sort, tuple(dict.fromkeys(problems)))


def parameter_of(label: str) -> str:
    """Return the name of the parameter for a label."""
    return f"{_LABEL}{label}" if label in {*_FACTS, WORDS, SORT, "page"} else label


def _problem_of(name: str, value: str, labels: Collection[str]) -> str | None:
    if name == SORT:
        return f"accounts cannot be sorted by {_shown(value)}{_meant(value, SORT_KEYS)}"
    if name == "state":
        return None if value in _STATES else f"{_shown(value)} is not a state{_meant(value, _STATES)}"
    if name in _FACTS or name.removeprefix(_LABEL) in labels:
        return None
    return (
        f"{_shown(name)} is neither a parameter nor a label of an account{_meant(name, [*_FACTS, WORDS, SORT, *map(parameter_of, labels)])}"
    )


def _meant(text: str, known: Iterable[str]) -> str:
    return did_you_mean(text, known) or f"; expected {', '.join(sorted(known))}"


def _shown(text: str) -> str:
    return f"“{text if len(text) < 65 else f'{text[:64]}…'}”"


def _value_of(account: AccountFacts, name: str) -> str:
    if name in _FACTS:
        return str(getattr(account, name))
    return account.labels.get(name.removeprefix(_LABEL), "")


def _has_words(account: AccountFacts, words: str) -> bool:
    found = " ".join(_texts(account)).lower()
    return all(word in found for word in words.lower().split())


def _texts(account: AccountFacts) -> Iterator[str]:
    yield f"{account.provider}/{account.account}"
    yield account.state
    yield from (f"{name}={value}" for name, value in account.labels.items())
    yield from (quota.resource for quota in account.quotas)
    if account.error:
        yield account.error.reason


def _sorted(accounts: list[AccountFacts], key: Key, *, is_reversed: bool) -> list[AccountFacts]:
    found = [(key(account), account) for account in accounts]
    known = [(value, account) for value, account in found if value is not None]
    known.sort(key=lambda pair: pair[0], reverse=is_reversed)
    return [account for _, account in known] + [account for value, account in found if value is None]
