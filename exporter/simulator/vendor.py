"""A vendor's HTTP API, made of its definition and its example responses."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final, NamedTuple

from aiohttp import web

from exporter.model import Reason
from exporter.providers.definition import Definition
from exporter.providers.library import packaged_definitions
from exporter.providers.request_fields import Request
from exporter.simulator.course import Course
from exporter.simulator.examples import Examples, packaged_examples
from exporter.simulator.faults import Fault
from exporter.simulator.moving_examples import MovingExamples

_REFUSALS: Final = {
    Fault.BAD_KEY: (401, Reason.UNAUTHORIZED),
    Fault.NO_PERMISSION: (403, Reason.FORBIDDEN),
    Fault.RATE_LIMITED: (429, Reason.RATE_LIMITED),
    Fault.QUOTA_EXHAUSTED: (402, Reason.QUOTA_EXHAUSTED),
    Fault.SERVER_ERROR: (500, Reason.SERVER_ERROR),
}
"""The status and the reason of each refusal. An example with this reason is sent, else one with this status, else the status alone."""
_PARAM: Final = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True, slots=True)
class FixedResponse:
    """A response: a status, a body that is sent as JSON, and further headers."""

    status: int
    body: Any
    headers: Mapping[str, str] = field(default_factory=dict)


class Asked(NamedTuple):
    """A request that a vendor serves, and the params in its path."""

    request: Request
    params: Mapping[str, str]


class Vendor:
    """One vendor's HTTP API."""

    def __init__(self, definition: Definition, examples: Examples) -> None:
        self.definition = definition
        self._paths = [(request, *_pattern(request.path)) for request in definition.requests]
        self._happy = [each for each in examples.values() if "reading" in each and "body" in each]
        self._moving: dict[str, MovingExamples] = {}
        failed = [each for each in examples.values() if "failure" in each and "body" in each]
        known = {key: _response(each) for each in reversed(failed) for key in (each["status"], each["failure"]["reason"])}
        self.refusals = {
            fault: known.get(reason) or known.get(status) or FixedResponse(status, {}) for fault, (status, reason) in _REFUSALS.items()
        }
        """The responses for faults that the vendor reports itself."""
        if "zero" in examples and Reason.QUOTA_EXHAUSTED not in known:  # an empty balance is not an error at this vendor
            self.refusals[Fault.QUOTA_EXHAUSTED] = _response(examples["zero"])
        self.not_found = known.get(404, FixedResponse(404, {"detail": "Not Found"}))
        """The response for a request that the definition does not contain."""

    def asked(self, received: web.BaseRequest) -> Iterator[Asked]:
        """Yield the requests of the definition that a request may be."""
        for request, params, pattern in self._paths:
            found = pattern.fullmatch(received.path)
            if found and request.method == received.method and _has_query(request, received.query):
                yield Asked(request, dict(zip(params, found.groups(), strict=True)))

    def body(self, request: Request, credential: str, course: Course, elapsed: float, now: float) -> Any:
        """Return the body of a request with this credential, at seconds since the start and Unix time; None if there is no example."""
        moving = self._moving.get(credential)
        if moving is None:
            requests = self.definition.requests_with(credential)
            found = [(request, example["body"]) for request in requests if (example := self._example_of(request))]
            moving = self._moving[credential] = MovingExamples(found)
        return moving.body(request, course, elapsed, now)

    def _example_of(self, request: Request) -> Mapping[str, Any] | None:
        first = self.definition.requests[0].name
        return next((each for each in self._happy if each.get("request", first) in (request.name, request.path)), None)


@cache
def packaged_vendor(provider: str) -> Vendor:
    """Return a vendor whose definition comes with the exporter.

    Raises:
        KeyError: there is no such definition.
    """
    return Vendor(packaged_definitions()[provider], packaged_examples(provider))


def _pattern(path: str) -> tuple[list[str], re.Pattern[str]]:
    texts = _PARAM.split(path)
    return texts[1::2], re.compile("([^/]+)".join(map(re.escape, texts[::2])))


def _has_query(request: Request, query: Mapping[str, str]) -> bool:
    return all(query.get(name) == value or (_PARAM.search(value) and name in query) for name, value in request.query.items())


def _response(example: Mapping[str, Any]) -> FixedResponse:
    return FixedResponse(example["status"], example["body"], example.get("headers", {}))
