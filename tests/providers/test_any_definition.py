"""Any definition is refused with problems, or it is described, and reads any body without another error."""

from __future__ import annotations

import math
from typing import Any, Final

from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from exporter.cli.describe import describe
from exporter.errors import PollError
from exporter.providers.definition import Definition
from exporter.providers.inspection.failure import causes_of
from exporter.providers.inspection.findings import findings_of, unread_numbers
from exporter.providers.library import BUILT_IN, SEEN
from exporter.providers.values import decode_json
from exporter.simulator.json_values import replaced
from exporter.validation.document import read_document
from exporter.validation.problems import FieldProblem, problems_of
from tests.providers.bodies import encode
from tests.providers.examples import HAPPY, Example, read
from tests.providers.figures import floats
from tests.support import NOW

EXPRESSIONS: Final = [
    "@", "a", "a.b", "[0]", "*", "[]", "a[].b", "`1`", "'x'", "`\"x\"`", "length(@)", "to_string(@)", "reverse(@)", "keys(@)", "sum(@)", "max_by(@, &a)",
    "map(&a, @)", "sort_by(@, &a)", "join('', @)", "a || b", "!a", "a == null", "&a", "a[?b]", "a[::0]", "a[99999999999999999999]", "merge(@, @)",
    "abs(a)", "avg(@)", "contains(@, a)", "'", "`{`", "a - b", "true",
]  # fmt: skip
VALUES: Final = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=4), st.sampled_from(EXPRESSIONS),
    st.sampled_from(["{a}", "{now:unix}", "{{x}}", "${x}", "\u202e", "\x00", "\ud800", "x" * 2000, "GET", "POST", "unix", "iso8601"]),
    st.sampled_from([[], {}, {"select": "a"}, {"select": "a", "format": "unix"}, {"period": "month"}, {"name": "usd"}, ["a"], [[]]]),
)  # fmt: skip
FILES: Final = {path.stem: read_document(path) for folder in (BUILT_IN, SEEN) for path in folder.glob("*.yaml")}


def _places(value: Any, place: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the places of all parts, also those of a key that does not exist."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [*([place] if place else []), *(each for key, part in inner for each in _places(part, (*place, key)))]


def _definition(file: Any) -> Definition | list[FieldProblem]:
    """Return the definition, or its problems."""
    try:
        return Definition.model_validate(file)
    except ValidationError as error:
        return [*problems_of(error, Definition)]


@given(example=st.sampled_from(HAPPY), data=st.data())
@settings(deadline=None, max_examples=300)
def test_any_definition_is_refused_or_reads_any_body(example: Example, data: st.DataObject) -> None:
    file: Any = FILES[example.path.parent.name]
    for _ in range(data.draw(st.integers(0, 3))):
        file = replaced(file, data.draw(st.sampled_from(_places(file))), data.draw(VALUES))
    definition = _definition(file)
    if isinstance(definition, list):
        assert all(map(str, definition))
        return
    assert describe(definition, NOW)
    body = replaced(example.body, data.draw(st.sampled_from(_places(example.body) or [()])), data.draw(VALUES))
    for request in definition.requests:
        decoded = decode_json(encode(body))
        assert all(isinstance(cause, str) for cause in causes_of(definition, request, 200, decoded))
        try:
            reading = read(definition, 200, encode(body), request)
        except PollError:
            continue
        assert all(math.isfinite(number) for number in floats(reading))
        assert findings_of(request, decoded, reading) is not None
        assert unread_numbers(request, definition.errors.code, decoded) is not None
