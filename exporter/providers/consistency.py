"""The mistakes of a definition that involve several of its keys."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Final

from exporter.providers.credential import Credential
from exporter.providers.quota_fields import QuotaFields
from exporter.providers.request_fields import Request
from exporter.providers.request_template import names_in, problem_of, texts_in, unfilled_in
from exporter.providers.times import NAMES
from exporter.validation.problems import Place, did_you_mean

Problems = Iterator[tuple[Place, str]]
"""Places and what is wrong there."""

_OWN_HEADERS: Final = frozenset(
    {"host", "cookie", "connection", "transfer-encoding", "te", "trailer", "upgrade", "expect", "accept-encoding", "user-agent", "authorization"}
)  # fmt: skip
_MAY_CONTAIN_SECRET: Final = frozenset({"authorization", "cookie"})
_SECRETS: Final = frozenset({"apikey", "accesstoken", "token", "secret", "password", "authtoken"})


def problems_of_definition(
    requests: Sequence[Request], credentials: Mapping[str, Credential], params: Collection[str], headers: Mapping[str, str]
) -> Problems:
    """Yield the places and the problems."""
    yield from _of_credentials(requests, credentials)
    yield from _of_placeholders(requests, [*_texts(requests, credentials, headers)], params)
    yield from _of_headers(headers, credentials)
    yield from _of_polls(requests, credentials)
    yield from _of_bodies(requests)
    yield from _of_names(requests)
    yield from _of_resources(requests)


def _is_secret(name: str) -> bool:
    return re.sub("[-_]", "", name.lower()) in _SECRETS


def _of_credentials(requests: Sequence[Request], credentials: Mapping[str, Credential]) -> Problems:
    for index, request in enumerate(requests):
        for name in request.credentials:
            if name not in credentials:
                yield ("requests", index, "credentials"), f"{name!r} is not among the credentials{did_you_mean(name, credentials)}"
        path_names = [part.partition("=")[0] for part in request.path.partition("?")[2].split("&")]
        for place, names in (("query", [*request.query]), ("path", path_names)):
            for name in names:
                if _is_secret(name):
                    problem = f"a secret does not belong in a definition: write `credentials: {{key: {{query: {name}}}}}`"
                    yield ("requests", index, place), problem
                elif any(name == each.query for each in credentials.values()):
                    yield ("requests", index, place), f"{name!r} is the parameter of a credential"


def _of_bodies(requests: Sequence[Request]) -> Problems:
    """Find secrets in bodies, which `providers` prints."""
    for index, request in enumerate(requests):
        for place, text in texts_in(request.body, ("requests", index, "body")):
            if _is_secret(str(place[-1])) and not names_in(text):
                yield place, "a secret does not belong in a definition, and cannot be sent in a body"


def _of_polls(requests: Sequence[Request], credentials: Mapping[str, Credential]) -> Problems:
    """Find credentials whose polls would always succeed: nothing is requested, or nothing that must succeed."""
    used = {name for request in requests for name in request.credentials or credentials}
    required = {name for request in requests if not request.optional for name in request.credentials or credentials}
    if used <= credentials.keys():  # a misspelt name is reported elsewhere
        for name in sorted(credentials.keys() - required):
            yield (
                ("credentials", name),
                "expected a request without `optional` that is sent with this credential: without one, no poll fails",
            )


def _of_placeholders(requests: Sequence[Request], texts: Sequence[tuple[Place, str, bool]], params: Collection[str]) -> Problems:
    problems = [(place, problem) for place, text, times in texts if (problem := problem_of(text, params, times=times))]
    for index, request in enumerate(requests):
        problems += unfilled_in(request.body, params, ("requests", index, "body"))
    used = {name for _, text, _ in texts for name in names_in(text)}
    yield from problems
    for name in params:
        if name in NAMES:
            yield ("params", name), "this is the name of a time: choose another"
        elif name not in used and not problems:
            yield ("params", name), f"no request contains {{{name}}}"


def _texts(
    requests: Sequence[Request], credentials: Mapping[str, Credential], headers: Mapping[str, str]
) -> Iterator[tuple[Place, str, bool]]:
    """Yield the texts that may contain placeholders, and whether a time may be among them."""
    for name, value in headers.items():
        yield ("headers", name), value, False
    for name, credential in credentials.items():
        if credential.basic and credential.basic.user:
            yield ("credentials", name, "basic", "user"), credential.basic.user, False
    for index, request in enumerate(requests):
        yield ("requests", index, "path"), request.path, False
        for name, value in request.query.items():
            yield ("requests", index, "query", name), value, True
        for place, text in texts_in(request.body, ("requests", index, "body")):
            yield place, text, True


def _is_own(header: str) -> bool:
    return header.lower() in _OWN_HEADERS or header.lower().startswith(("content-", "proxy-"))


def _of_headers(headers: Mapping[str, str], credentials: Mapping[str, Credential]) -> Problems:
    secret = {(each.header_name or "").lower() for each in credentials.values()}
    for name, credential in credentials.items():
        if credential.header and credential.header.lower() not in _MAY_CONTAIN_SECRET and _is_own(credential.header):
            yield ("credentials", name, "header"), "this header cannot contain a secret: the exporter sets it itself, or never sends it"
    for name in headers:
        if _is_own(name):
            yield ("headers", name), "this header is not for a definition: the exporter sets it itself, or never sends it"
        elif name.lower() in secret:
            yield ("headers", name), "this is the header of a credential"
        elif _is_secret(name.lower().removeprefix("x-")):
            yield ("headers", name), f"a secret does not belong in a definition: write `credentials: {{key: {{header: {name}}}}}`"


def _of_names(requests: Sequence[Request]) -> Problems:
    seen: dict[str, Request] = {}
    for index, request in enumerate(requests):
        first = seen.setdefault(request.name, request)
        if first is not request and (first.optional or request.optional) and _share_a_credential(first, request):
            yield ("requests", index), "an optional request needs a path or a query of its own"


def _of_resources(requests: Sequence[Request]) -> Problems:
    measured = {quota.resource for request in requests for quota in request.quotas if quota.amounts.keys() - {"overage_limit"}}
    seen: list[tuple[Request, QuotaFields]] = []
    for index, request in enumerate(requests):
        for number, quota in enumerate(request.quotas):
            place = ("requests", index, "quotas", number)
            if quota.resource not in measured:
                yield place, f"the resource {quota.resource!r} has no amount: expected remaining, used or limit"
            for other, earlier in seen:
                if _share_a_credential(other, request) and (twice := _parts_in_both(earlier, quota)):
                    yield place, f"{quota.resource}.{min(twice)} is defined twice in {quota.unit.name}"
                    break
            seen.append((request, quota))


def _parts_in_both(first: QuotaFields, second: QuotaFields) -> set[str]:
    is_same = first.resource == second.resource and first.unit.name is not None and first.unit.name == second.unit.name
    return first.amounts.keys() & second.amounts.keys() if is_same else set()


def _share_a_credential(first: Request, second: Request) -> bool:
    return not (first.credentials and second.credentials) or not set(first.credentials).isdisjoint(second.credentials)
