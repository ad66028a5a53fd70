"""Writes docs/definitions.md and docs/definition.schema.json: every key of a definition, from the models."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from exporter.config.loading import json_schema
from exporter.model import Reason
from exporter.providers.definition import Definition
from exporter.providers.times import FORMATS, format_time
from tools.docs.blocks import Reference
from tools.markdown import codes, table

NOW = 1_795_000_000.0

EXAMPLES: Mapping[str, Mapping[str, str]] = {
    "Definition": {
        "name": "name: acme",
        "title": "title: Acme Voices",
        "docs_url": "docs_url: https://docs.example.com/billing",
        "category": "category: voice",
        "base_url": "base_url: https://api.example.com",
        "regions": "regions: {eu: https://eu.api.example.com}",
        "headers": 'headers: {acme-version: "2026-01-01"}',
        "params": 'params: {project: {help: the id in the URL of the console, pattern: "[0-9a-f-]{36}"}}',
        "credentials": "credentials: {api_key: {header: Authorization, scheme: Bearer}}",
        "verified": "verified: {level: documented, on: 2026-08-21, sources: [https://docs.example.com/billing]}",
        "min_interval": "min_interval: 1m",
        "permission": "permission: billing.read",
        "notes": "notes: [The amounts are up to an hour old.]",
        "requests": "requests: [{path: /v1/balance, expect: balance, quotas: [{resource: wallet, unit: usd, remaining: balance}]}]",
        "errors": "errors: {code: error.code, reasons: {no_such_key: unauthorized}}",
    },
    "Credential": {
        "header": "api_key: {header: X-Api-Key}",
        "scheme": "api_key: {header: Authorization, scheme: Bearer}",
        "token_url": "access_token: {header: Authorization, scheme: Bearer, token_url: https://api.example.com/oauth/token}",
        "basic": 'api_key: {basic: {password: ""}}',
        "query": "api_key: {query: api_key}",
    },
    "BasicFields": {"user": 'token: {basic: {user: "{project}"}}', "password": 'api_key: {basic: {password: ""}}'},
    "ParamFields": {"help": "project: {help: the id in the URL of the console}", "pattern": 'project: {pattern: "[0-9a-f-]{36}"}'},
    "Verified": {
        "level": "verified: {level: documented, on: 2026-08-21, sources: [https://docs.example.com/billing]}",
        "on": "verified: {level: tried, on: 2026-08-21, sources: [https://docs.example.com/billing]}",
        "sources": "verified: {level: seen, on: 2026-08-21, sources: [https://code.example.com/client.py]}",
    },
    "Request": {
        "path": 'path: "/v1/projects/{project}/balance"',
        "query": 'query: {start: "{month_start:unix}", end: "{tomorrow:unix}", limit: "31"}',
        "method": "method: POST",
        "body": 'body: {query: "query { account { balance } }"}',
        "expect": "expect: type(data) == 'array' && !has_more",
        "quotas": "quotas: [{resource: wallet, unit: usd, remaining: balance}]",
        "info": "info: {plan: account.plan.name}",
        "status": "status: {select: account.state, states: [active, past_due]}",
        "features": "features: {cloning: account.features.cloning}",
        "auto_reload": "auto_reload: {unit: usd, threshold: reload.below, amount: reload.by}",
        "created_at": "created_at: {select: account.since, format: iso8601}",
        "credential_expires_at": "credential_expires_at: {select: key.expires, format: unix}",
        "credentials": "credentials: [api_key]",
        "optional": "optional: true",
    },
    "QuotaFields": {
        "resource": "resource: wallet",
        "unit": "unit: {select: balance.currency}",
        "each": "each: data[].results[]",
        "remaining": "remaining: {select: balance.cents, scale: 0.01}",
        "used": "used: usage.total",
        "limit": "limit: {select: plan.cap, unlimited: plan.cap == null}",
        "overage_limit": "overage_limit: plan.overage",
        "resets_at": "resets_at: {period: month}",
    },
    "NumberField": {
        "select": "used: {select: usage.total}",
        "minus": "remaining: {select: granted, minus: spent}",
        "scale": "remaining: {select: balance.cents, scale: 0.01}",
        "unlimited": "limit: {select: plan.cap, unlimited: plan.cap == null}",
    },
    "UnitField": {
        "name": "unit: credits",
        "select": "unit: {select: balance.currency}",
        "empty": "unit: {select: amount.currency, empty: usd}",
    },
    "TimeField": {
        "select": "resets_at: {select: plan.renews, format: iso8601}",
        "format": "resets_at: {select: plan.renews_ms, format: unix_ms}",
        "unknown": "resets_at: {select: plan.renews, format: unix, unknown: 0}",
    },
    "PeriodField": {"period": "resets_at: {period: month}"},
    "StatusField": {"select": "status: {select: account.state}", "states": "status: {select: account.state, states: [active, past_due]}"},
    "AutoReloadFields": {
        "unit": "auto_reload: {unit: usd, threshold: reload.below}",
        "threshold": "auto_reload: {unit: usd, threshold: reload.below}",
        "amount": "auto_reload: {unit: usd, amount: reload.by}",
    },
    "ErrorFields": {
        "code": "code: [error.type, error.code]",
        "success": "success: [0, 1000]",
        "rate_limit_reset": "rate_limit_reset: X-RateLimit-Reset",
        "reasons": "reasons: {no_such_key: unauthorized, no_scope: forbidden, empty: quota_exhausted}",
        "missing_permission": "missing_permission: [no_scope]",
    },
}
"""An example of each key. A test validates all of them. Every key needs one."""

BLOCKS: Mapping[str, tuple[str, str]] = {
    "Definition": ("Top level", "The keys at the top level of the file."),
    "Credential": (
        "Credentials",
        "Each entry of `credentials` is one way to send a secret. The secret itself is never part of a definition.",
    ),
    "BasicFields": ("Basic authentication", "`basic` has exactly one of these keys."),
    "ParamFields": ("Params", "Each entry of `params` is a value that an account sets. Both keys may be left out, as in `project: {}`."),
    "Verified": ("Verification", "`verified` has these keys."),
    "Request": (
        "Requests",
        "Each entry of `requests` is sent in every poll. `{name}` in `path`, `query` and `body` is a param. `query` and `body` may also contain "
        "[times](#times-in-a-request).",
    ),
    "QuotaFields": (
        "Resources",
        "Each entry of `quotas` has at least one of `remaining`, `used` and `limit` here or in another entry of the same resource. With `each`, "
        "the expressions are read in each element. An absent list yields nothing, an empty one 0 where the unit is known. If one element lacks an "
        "amount, there is no sum. A filter needs the field that it compares in every element.",
    ),
    "NumberField": ("Amounts", "An amount is an expression, as in `used: usage.total`, or a block of these keys."),
    "UnitField": ("Units", "A unit is a name, as in `unit: credits`, or a block of these keys."),
    "TimeField": ("Times", "A time in the response."),
    "PeriodField": ("Periods", "The end of the current period, for a request that asks for this period."),
    "StatusField": ("Status", "`status` has these keys."),
    "AutoReloadFields": ("Auto reload", "`auto_reload` has these keys."),
    "ErrorFields": (
        "Error codes",
        f"`errors` has these keys. The values of `reasons` are {codes(map(str, Reason))}: see [Reasons](metrics.md#reasons). A number and the text "
        'with this number are the same code: `10009:` also stands for `"10009"`.',
    ),
}

NAMES = (
    ("resource `spend`, or one that ends in `_spend`", "money that is used against a cap or a budget: the alerts about spend apply to it"),
    ("resource `wallet`", "prepaid money; with a credit line, it also has `overage_limit`"),
    (
        "resource `hourly_*`, `daily_*` or `*_hour_*`, such as `five_hour_requests`",
        "a short window that the vendor refills by itself: when it is exhausted, the alert is a warning, also where the vendor returns no reset",
    ),
    (
        "unit `slots`",
        "what is held rather than used up, such as voices: 0 remaining causes no alert, and the threshold for `*` does not apply",
    ),
    ("unit `usd`, `eur`, `cny`, ...", "money in major units, in lower case; use `scale: 0.01` for cents"),
    ("other units, such as `credits`, `characters`, `minutes`", "what the vendor counts, in lower case; units are never added up"),
    ("feature `auto_reload`", "whether auto reload is on: the forecast and the alert AIAccountAutoReloadOff use it"),
    ("other features", "the vendor's own name of the field"),
)

DEFINITIONS = """\
<!-- Written by `make docs` from exporter/providers; do not edit. -->

# Definitions

A definition is a YAML file that describes one vendor: which requests a poll sends, and where the responses contain each value. Name your own
definitions in `provider_files` in the [configuration](configuration.md). They can do all that the [definitions of the exporter](vendors/index.md)
can. [CONTRIBUTING](https://github.com/ai-account-exporter/ai-account-exporter/blob/main/CONTRIBUTING.md) explains how to add one to the exporter.

## Write one in ten minutes

1. Find the vendor's request for the balance or the usage, and save one response: `curl -H "Authorization: Bearer $KEY" URL > answer.json`.
   For a POST, add what it sends: `-H 'Content-Type: application/json' -d '{{"from": "2026-11-01"}}'`. Save the response to a wrong key too,
   as `error.json`.
2. Write the definition, as in the example below.
3. Validate it: `ai-account-exporter check --provider-file acme.yaml`. `ai-account-exporter providers acme.yaml` shows what each request
   sends at this moment.
4. Try it on the response: `ai-account-exporter providers test acme.yaml --answer answer.json`. For each value this prints the expression,
   what it finds, and what is exported. It also lists the numbers that no expression reads, and personal data in the response.
   Try the error too: `--answer error.json --status 401 --reason unauthorized` exits with 0 if the poll fails with this reason.
5. Move the file into the folder `providers` beside the configuration, name it in `provider_files`, and add an account:
   `ai-account-exporter providers providers/acme.yaml` also prints an example of this. Compare the output of
   `ai-account-exporter once --account acme/NAME` with the vendor's dashboard. `once --report` prints paths and kinds without values, for an
   issue or a question.

```yaml
# yaml-language-server: $schema=./definition.schema.json
{example}```

The first line is for editors, which then complete keys. It names the JSON Schema of the file:
`ai-account-exporter check --provider-schema > definition.schema.json` writes it. It is also [on this site](definition.schema.json).

## Keep examples

`providers test ... --write-example acme/normal.json` writes the response, its status, its request and the result as an example file, with
placeholders for personal data and keys. Keep such files beside your definition. `--answer acme/normal.json` tries one again, compares the
result, and exits with 1 if it differs. The expected result in a new file is what the definition makes of the response, so it proves nothing
yet: compare its numbers with the response or the vendor's dashboard.

## Expressions

Expressions are [JMESPath](https://jmespath.org): `a.b` is a field, `a[0]` the first element, `a[].b` the field of every element,
`a[?state == 'on']` a filter, `` `3` `` a number and `'text'` a text. There is no arithmetic. Use keys instead:

| to | write |
| --- | --- |
| subtract a field | `remaining: {{select: granted, minus: spent}}` |
| multiply by a fixed number | `remaining: {{select: balance.cents, scale: 0.01}}` |
| add the elements of a list | `each: data[].results[]` and `used: amount` |
| add two fields | `each: "[data.a, data.b]"` and `remaining: "@"` |
| show a fraction as a percentage | `unit: percent` and `remaining: {{select: left_ratio, scale: 100}}` |
| read the elements of lists in a list | `each: teams[].pools[]` |
| select some of them | `each: "teams[].pools[?kind == 'gpu'][]"`: the last `[]` merges the lists |

To read one element of a list, filter the list and take the first match: `remaining: "pools[?kind == 'gpu'] | [0].left"`.

The rules for values:

- An absent value and null are the same, and have no series. Write no default such as ``left || `0` ``: unknown is not 0.
- A number may be a JSON number or a decimal string.
- An unusable value is counted in `ai_account_schema_mismatches_total`, and has no series. The other values are not affected.
- `sum`, `avg`, `min` and `max` are unusable if an element lacks the field. Leave such elements out with a filter:
  `max(pools[?left != null].left)`.
- In `plan.used`, `plan` must be an object or null. `plan | used` accepts every value of `plan`.

## Recognise errors and pages

`expect` is what every complete and successful response has. Use it where a response with the HTTP status 200 may be something else:

| the response | write |
| --- | --- |
| a flag, such as `"success": true` | `expect: success` |
| a code, such as `"code": 0` and `"code": 40101` | `errors: {{code: code, success: [0], reasons: {{40101: unauthorized}}}}` |
| GraphQL, with `"errors": [...]` | `expect: data.account && !errors` and `code: errors[0].extensions.code` |
| one page of a list, with `"has_more": true` | `expect: type(items) == 'array' && !has_more`, and ask for a page that is large enough |
| one page of a list, with `"page": 1, "pages": 3` | `expect: page >= pages` |

Without the last two, the sum of a first page would be exported as if it was the whole.

## What a definition cannot read

- Text with a unit or with separators, such as `"12.50 USD"` and `"1,000,000"`, and durations, such as `"PT1H30M"`.
- A reset as a number of seconds from now. Leave out `resets_at`, or use `{{period: day}}` if that is true.
- More than one page, ids from another response, and signed requests.
- A login that needs another grant than a refresh token: see [OAuth logins](oauth.md).

Look for another endpoint of the vendor. Or let a small server of your own translate the response, and set its address as `base_url`.

## Names that rules and dashboards use

{names}

A wallet with a credit line reports two values: `remaining` is the balance, which may be negative, and `overage_limit` is the credit line. The
alerts and the forecast use the sum of both. If the vendor sends the sum only, it is `remaining`.

{blocks}
## Times in a request

A time is `{{NAME:FORMAT}}` or, some days earlier or later, `{{NAME-30d:FORMAT}}` and `{{NAME+7d:FORMAT}}`. All times are UTC. A placeholder is
part of a text, so write quotes around it: YAML reads `{{today:date}}` without quotes as a block.

{times}

```yaml
{request}```
"""

MOMENTS = (
    ("now", "the time of the poll"),
    ("today", "the first second of the day"),
    ("tomorrow", "the first second after the day"),
    ("month_start", "the first second of the month"),
    ("month_end", "the first second after the month"),
)
REQUEST = """\
requests:
  - path: /v1/usage
    method: POST                            # only where it reads
    query: {granularity: day}
    body: {from: "{month_start:date}", before: "{tomorrow:date}"}
    expect: type(rows) == 'array'
    quotas:
      - resource: spend
        each: rows
        unit: usd
        used: cost
        resets_at: {period: month}          # the request asks for this month
"""

EXAMPLE = """\
name: acme
title: Acme Voices
docs_url: https://docs.example.com/billing
category: voice
base_url: https://api.example.com
credentials:
  api_key: {header: Authorization, scheme: Bearer}
requests:
  - path: /v1/billing
    expect: type(balance) == 'object'       # true for every valid response
    quotas:
      - resource: wallet
        unit: {select: balance.currency}
        remaining: {select: balance.cents, scale: 0.01}
      - resource: speech
        unit: characters
        used: plan.used                     # remaining is derived: limit - used
        limit: {select: plan.granted, unlimited: plan.granted == null}
        resets_at: {select: plan.renews, format: iso8601}
errors:
  code: error.type                          # a listed code takes precedence over the HTTP status
  reasons: {key_unknown: unauthorized, empty: quota_exhausted}
"""


def definitions(_path: Path) -> str:
    """The reference of definitions, with one section for each block."""
    schema = json_schema(Definition)
    blocks = {**schema["$defs"], "Definition": schema}
    reference = Reference({name: title for name, (title, _) in BLOCKS.items()}, EXAMPLES, {})
    sections = (f"## {title}\n\n{about}\n\n{reference.rows(name, _keys(blocks[name]))}\n" for name, (title, about) in BLOCKS.items())
    return DEFINITIONS.format(
        example=EXAMPLE, names=table(("name", "meaning"), NAMES), blocks="\n".join(sections), times=_times(), request=REQUEST
    )


def _times() -> str:
    """The times in every format, for one poll."""
    head = ("name", "meaning", *(f"`{name}`" for name in FORMATS))
    rows = ((f"`{name}`", meaning, *(f"`{format_time(f'{name}:{format_}', NOW)}`" for format_ in FORMATS)) for name, meaning in MOMENTS)
    return table(head, rows)


def definition_schema(_path: Path) -> str:
    """The JSON Schema of a definition."""
    return f"{json.dumps(json_schema(Definition), indent=2)}\n"


def _keys(block: Mapping[str, Any]) -> Mapping[str, Any]:
    required = block.get("required", ())
    return {name: {**each, "required": name in required} for name, each in block["properties"].items()}
