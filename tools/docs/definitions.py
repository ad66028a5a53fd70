"""Writes docs/definitions.md and docs/definition.schema.json: every key of a definition, from the models."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from exporter.config.loading import json_schema
from exporter.providers.definition import Definition
from exporter.providers.times import FORMATS, format_time
from tools.docs.blocks import Reference
from tools.docs.definition_keys import BLOCKS, EXAMPLES
from tools.docs.jobs import NOW
from tools.markdown import table

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
can, and replace one of the same name.
[CONTRIBUTING](https://github.com/ai-account-exporter/ai-account-exporter/blob/main/CONTRIBUTING.md) explains how to add one to the exporter.

## Write one in ten minutes

1. Find the vendor's request for the balance or the usage, and save one response: `curl -H "Authorization: Bearer $KEY" URL > answer.json`.
   For a POST, add what it sends: `-H 'Content-Type: application/json' -d '{{"from": "2026-11-01"}}'`. Save the response to a wrong key too,
   as `error.json`.
2. Write the definition, as in the example below, into the file `providers/acme.yaml` in the folder of the configuration.
3. Validate it: `ai-account-exporter check --provider-file providers/acme.yaml`.
4. Try it on the response: `ai-account-exporter providers test providers/acme.yaml --answer answer.json`. For each value this prints the
   expression, what it finds, and what is exported. It also lists the numbers that no expression reads, and personal data in the response.
   Try the error too: `--answer error.json --status 401 --reason unauthorized` exits with 0 if the poll fails with this reason.
5. Run `ai-account-exporter providers providers/acme.yaml`. It shows what each request sends, and prints the lines for the configuration.
6. Compare the output of `ai-account-exporter once --account acme/NAME` with the vendor's dashboard. `once --report` prints paths and kinds
   without values, for an issue or a question.

```yaml
# yaml-language-server: $schema=./definition.schema.json
{example}```

The first line is for editors, which then complete keys. It names the JSON Schema, here in the same folder:
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

`expect` is a condition that every complete and successful response meets. Use it where a response with the HTTP status 200 may be something else:

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
