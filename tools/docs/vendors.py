"""Writes docs/vendors/ from the definitions: what each vendor reports, with an example response and its series."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from prometheus_client import generate_latest

from exporter.accounts.entry import Entry, Schedule
from exporter.accounts.snapshot import account_at
from exporter.cli.describe import account_example, level_of
from exporter.cli.providers import by_category
from exporter.metrics.collector import Families, account_families
from exporter.model import Reading
from exporter.providers.credential import Credential
from exporter.providers.definition import LEVELS, Definition
from exporter.providers.extract import extract
from exporter.providers.library import packaged_definitions
from exporter.providers.quota_fields import AMOUNTS, PeriodField, QuotaFields
from exporter.providers.request_fields import Request
from exporter.providers.response import accept
from exporter.simulator.examples import packaged_examples
from exporter.validation.duration import format_duration
from tools.docs.jobs import NOW, jobs_of
from tools.markdown import code, codes, table

SITE = "https://ai-account-exporter.github.io/ai-account-exporter"
"""The documentation site, as in mkdocs.yml."""
SHOWN: Mapping[str, str] = {"elevenlabs": "subscription", "heygen": "wallet", "liveavatar": "credits"}
"""The example of each provider, by file name. Providers that are not listed use their first successful example."""

PARTS = (*AMOUNTS, "resets_at")

INDEX = """\
<!-- Written by `make docs` from exporter/providers; do not edit. -->

# Vendors

Each vendor has a [definition](../definitions.md), a YAML file. This page and `ai-account-exporter providers` list those that come with the
exporter. `ai-account-exporter providers NAME` describes one. If your vendor is missing, [write a definition](../definitions.md), and name it in
`provider_files` in the [configuration](../configuration.md).

The level is how far a definition was verified:

- *tried*: the values were compared with the vendor's dashboard.
- *documented*: the vendor's own page or API description was read.
- *seen*: from public code that works. Such a definition must be switched on: its page shows how.

{levels}

A value that is absent or null in a response has no series. An unusable value is counted in `ai_account_schema_mismatches_total`, and the
other values are exported.

{categories}"""


def vendor_documents() -> Mapping[str, Callable[[Path], str]]:
    """The index of the vendors, and one page for each."""
    pages = {f"docs/vendors/{each.name}.md": partial(_page, each) for each in packaged_definitions().values()}
    return {"docs/vendors/index.md": _index, **pages}


def navigation() -> str:
    """The pages of the vendors for mkdocs.yml, by category."""
    lines = ["      - vendors/index.md"]
    for title, definitions in by_category():
        lines += [f"      - {title}:", *(f"          - vendors/{each.name}.md" for each in definitions)]
    return "\n".join((*lines, "      # "))


def summary() -> str:
    """The names of all vendors, by category, with links to the site: README.md is also the page on PyPI."""
    rows = (
        (title, ", ".join(f"[{each.title}]({SITE}/vendors/{each.name}/){_mark(each)}" for each in definitions))
        for title, definitions in by_category()
    )
    return _levels(" (marked with \\*)") + f"\n\n{table(('category', 'vendors'), rows)}\n"


def _mark(definition: Definition) -> str:
    return "\\*" if level_of(definition) == "seen" else ""


def _levels(mark: str = "") -> str:
    """How many definitions have which level."""
    count = Counter(map(level_of, packaged_definitions().values()))
    return "\n".join(
        (
            f"{count.total() - count['seen']} vendors are built in. Their definitions are from the vendors' own documentation. {count['seen']} more{mark} must be switched",
            "on, because their definitions are from public code only: `ai-account-exporter providers NAME` shows how.",
            f"**Compared with a real account so far: {count['tried'] or 'none'}.** So compare the output of `once` with the vendor's dashboard.",
        )
    )


def _index(_path: Path) -> str:
    head = ("vendor", "`provider`", "level", "resources")
    sections = (
        f"## {title}\n\n{table(head, ((f'[{each.title}]({each.name}.md)', f'`{each.name}`', level_of(each), _figures(each)) for each in definitions))}\n"
        for title, definitions in by_category()
    )
    return INDEX.format(levels=_levels(), categories="\n".join(sections))


def _figures(definition: Definition) -> str:
    """What is reported of each resource, such as `spend` (usd): used, limit."""
    found: dict[tuple[str, str], dict[str, None]] = {}
    for quota in definition.quotas:
        first = next(each for each in definition.quotas if each.resource == quota.resource and each.unit.may_be(quota.unit))
        parts = found.setdefault((first.resource, first.unit.name or first.unit.empty or "several units"), {})
        parts |= dict.fromkeys(part for part in PARTS if getattr(quota, part))
        if {"used", "limit"} <= parts.keys():
            parts["remaining"] = None
    words = {"resets_at": "reset", "overage_limit": "overage"}
    return "<br>".join(
        f"`{resource}` ({unit}): {', '.join(words.get(part, part) for part in PARTS if part in parts)}"
        for (resource, unit), parts in found.items()
    )


def _page(definition: Definition, _path: Path) -> str:
    paragraphs = (
        "<!-- Written by `make docs` from exporter/providers; do not edit. -->",
        f"# {definition.title}",
        table(("property", "value"), _head(definition)),
        _configuration(definition),
        "## Notes" if definition.notes else "",
        "\n".join(f"- {note}" for note in definition.notes),
        *(f"## {request.method} `{request.path}`\n\n{_request(definition, request)}" for request in definition.requests),
        "## Error codes" if definition.errors.reasons else "",
        table(("code", "`reason`"), ((f"`{code}`", f"`{reason}`") for code, reason in definition.errors.reasons.items())),
        "## Example response",
        _example(definition),
    )
    return "\n\n".join(paragraph for paragraph in paragraphs if paragraph) + "\n"


def _configuration(definition: Definition) -> str:
    name = definition.name
    copy = (
        f"The definition must be switched on. In the folder of the configuration, copy it into a file:\n\n"
        f"```sh\nmkdir -p providers\nai-account-exporter providers {name} --yaml > providers/{name}.yaml\n```\n\n"
    )
    return (
        f"## Configuration\n\n{copy if level_of(definition) == 'seen' else ''}"
        f"The file `keys/{name}` in the folder of the configuration contains the key. [Configuration](../configuration.md) describes all keys.\n\n"
        f"```yaml\n{account_example(definition)}\n```"
    )


def _head(definition: Definition) -> Iterator[tuple[str, str]]:
    yield "`provider`", f"`{definition.name}`"
    yield "documentation", f"<{definition.docs_url}>"
    yield from (("top up", f"<{url}>") for url in (definition.billing_url,) if url)
    if verified := definition.verified:
        yield "level", f"{verified.level}: {LEVELS[verified.level]} ({verified.on:%Y-%m-%d})"
        yield "sources", "<br>".join(f"<{source}>" for source in verified.sources)
    yield "URL", f"`{definition.base_url}`" if definition.base_url else "your own host: `base_url` of the account"
    if definition.regions:
        yield "`region`", ", ".join(f"`{name}`: `{url}`" for name, url in definition.regions.items())
    for name, credential in definition.credentials.items():
        yield f"credential `{name}`", _carrier(credential)
    for name, param in definition.params.items():
        yield f"param `{name}`", param.help or ""
    if definition.min_interval:
        yield "shortest interval", f"`{format_duration(definition.min_interval)}`"
    yield "permission", f"`{definition.permission}`" if definition.permission else "none known"


def _carrier(credential: Credential) -> str:
    if credential.basic:
        return f"HTTP basic authentication, as the {'user' if credential.basic.user is None else 'password'}"
    if credential.query:
        return f"the parameter `{credential.query}` of the query"
    login = "; supports an [OAuth login](../oauth.md)" if credential.token_url else ""
    return f"header `{credential.header}: {f'{credential.scheme} ' if credential.scheme else ''}...`{login}"


def _request(definition: Definition, request: Request) -> str:
    paragraphs = [f"The query is {code('&'.join(f'{name}={value}' for name, value in request.query.items()))}."] if request.query else []
    if request.body is not None:
        paragraphs.append(f"The body is:\n\n```json\n{json.dumps(request.body, indent=2, ensure_ascii=False)}\n```")
    if request.credentials:
        paragraphs.append(f"This request is sent only with {codes(request.credentials)}.")
    if request.optional:
        absent = f" The HTTP status {request.absent} means that there is nothing, and is no failure." * bool(request.absent)
        paragraphs.append(f"This request is optional. If it fails, its series are absent and the poll still succeeds.{absent}")
    paragraphs.append(table(("resource", "unit", "values and their fields"), map(partial(_quota, definition), request.quotas)))
    paragraphs.append(table(("family", "label value", "field"), _facts(request)))
    return "\n\n".join(filter(None, paragraphs))


def _quota(definition: Definition, quota: QuotaFields) -> tuple[str, str, str]:
    fields = {part: code(field.select) for part in PARTS if (field := getattr(quota, part)) and not isinstance(field, PeriodField)}
    if quota.each:
        fields = {"the sum of each element of": code(quota.each), **fields}
    if definition.derives_remaining(quota):
        fields = {"remaining": "limit - used", **fields}
    if isinstance(quota.resets_at, PeriodField):
        fields["resets_at"] = f"the end of the {quota.resets_at.period}"
    unit = f"`{quota.unit.name}`" if quota.unit.name else f"the value of `{quota.unit.select}`"
    return f"`{quota.resource}`", unit, "<br>".join(f"{part}: {field}" for part, field in fields.items())


def _facts(request: Request) -> Iterator[tuple[str, str, str]]:
    for label, selection in request.info.items():
        yield "`ai_account_info`", f"`{label}`", code(selection)
    if request.status:
        states = f" ({codes(request.status.states)})" if request.status.states else ""
        yield "`ai_account_status`", f"the status{states}", code(request.status.select)
    for name, selection in request.features.items():
        yield "`ai_account_feature_enabled`", f"`{name}`", code(selection)
    reload = request.auto_reload
    others = {
        "ai_account_auto_reload_threshold": reload and reload.threshold,
        "ai_account_auto_reload_amount": reload and reload.amount,
        "ai_account_created_timestamp_seconds": request.created_at,
        "ai_account_credential_expiry_timestamp_seconds": request.credential_expires_at,
    }
    yield from ((f"`{family}`", "", code(field.select)) for family, field in others.items() if field)


def _example(definition: Definition) -> str:
    document = _shown(definition.name)
    series = _series(definition, document)
    return f"{document['title']}\n\n```json\n{json.dumps(document['body'], indent=2, ensure_ascii=False)}\n```\n\n```text\n{series}```"


def _shown(name: str) -> Mapping[str, Any]:
    documents = packaged_examples(name)
    return documents[SHOWN[name]] if name in SHOWN else next(each for each in documents.values() if "reading" in each)


def _series(definition: Definition, document: Mapping[str, Any]) -> str:
    """The series that come from the response. The series about polls are the same for all vendors and are left out."""
    request = next((each for each in definition.requests if each.path == document.get("request")), definition.requests[0])
    reading = extract([(request, accept(definition, request, document["status"], json.dumps(document["body"]).encode()))])
    [job] = jobs_of({definition.name: definition}, {"provider": definition.name, "name": "example"})

    def page(reading: Reading | None) -> list[str]:
        account = account_at(NOW, job, Entry(reading, last_success_at=NOW), Schedule())
        return generate_latest(Families(account_families([account], ()))).decode().splitlines()

    of_polls = set(page(None))
    return "".join(f"{line}\n" for line in page(reading) if line not in of_polls and not line.startswith("#"))
