"""What an account sets besides its secret: params, and the address of software that the operator hosts."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping

from exporter.providers.definition import Definition
from exporter.providers.request_fields import ParamFields
from exporter.providers.request_template import is_param, names_in
from exporter.validation.fields import check_url, listed, matches_whole
from exporter.validation.problems import Place, did_you_mean


def param_problems(params: Mapping[str, str], definition: Definition) -> Iterator[tuple[Place, str]]:
    """Yield the problems of an account's params. No message contains a value: it may be a misplaced secret."""
    users = {name for each in definition.credentials.values() if each.basic for name in names_in(each.basic.user or "")}
    strange = [name for name in params if name not in definition.params]
    for name in strange:
        yield (name,), _unknown(name, definition)
    for name, fields in definition.params.items():
        help_ = f": {fields.help}" if fields.help else ""
        if name in params:
            if problem := _problem_of(params[name], fields, help_, is_user=name in users):
                yield (name,), problem
        elif not difflib.get_close_matches(name, strange):
            yield (name,), f"is required{help_}"


def _unknown(name: str, definition: Definition) -> str:
    if not definition.params:
        return f"{definition.name} has no params"
    hint = did_you_mean(name, definition.params) or f"; expected {listed(definition.params, 'or')}"
    return f"{definition.name} has no such param{hint}"


def _problem_of(value: str, fields: ParamFields, help_: str, *, is_user: bool) -> str | None:
    if not is_param(value):
        return f"expected the value alone, without /, \\, % and control characters{help_}"
    if is_user and (":" in value or not value.isascii()):
        return f"is part of the user of HTTP basic authentication: expected ASCII without a colon{help_}"
    if fields.pattern is not None and not matches_whole(fields.pattern, value):
        return f"does not match the pattern {fields.pattern}{help_}"
    return None


def own_address(url: str, *, plain_http: bool, is_self_hosted: bool) -> str:
    """Check the address that an account sets.

    Raises:
        ValueError: it cannot be used.
    """
    try:
        return check_url(url, plain_http=plain_http)
    except ValueError as error:
        hint = "; in a private network, set `plain_http: true`" if is_self_hosted and not plain_http and url.startswith("http://") else ""
        raise ValueError(f"{error}{hint}") from None
