"""The blocks of a definition for docs/definitions.md: an example of each key, and a title and an introduction of each block."""

from __future__ import annotations

from collections.abc import Mapping

from exporter.model import Reason
from tools.markdown import codes

EXAMPLES: Mapping[str, Mapping[str, str]] = {
    "Definition": {
        "name": "name: acme",
        "title": "title: Acme Voices",
        "docs_url": "docs_url: https://docs.example.com/billing",
        "billing_url": "billing_url: https://console.example.com/billing",
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
        "absent": "{optional: true, absent: 404}",
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
