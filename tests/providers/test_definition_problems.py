"""The problems of a definition file: each is reported once, with the file and the path of the key."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.providers.made_up import ACME, GET, WALLET, refusal_of, with_quota

SHOWN = "expected text without control characters and invisible characters"
INVALID: dict[str, tuple[dict[str, Any], str]] = {
    "an unknown key": ({"colour": "blue"}, "colour: unknown key"),
    "an unknown key of a request": ({"requests": [{**GET, "payload": "{}"}]}, "requests[0].payload: unknown key"),
    "an unknown key of a quota": (with_quota(left="a"), "requests[0].quotas[0].left: unknown key"),
    "a misspelt key of a quota": (with_quota(remainig="a"), "requests[0].quotas[0].remainig: unknown key; did you mean 'remaining'?"),
    "a misspelt key of a time": (
        with_quota(used="a", resets_at={"selct": "a", "format": "unix"}), "requests[0].quotas[0].resets_at.selct: unknown key; did you mean 'select'?",
    ),
    "a misspelt key of a credential": ({"credentials": {"key": {"heder": "X"}}}, "credentials.key.heder: unknown key; did you mean 'header'?"),
    "a misspelt key of an error": ({"errors": {"cod": "a"}}, "errors.cod: unknown key; did you mean 'code'?"),
    "a quota without an amount": (with_quota(), "requests[0].quotas[0]: the resource 'wallet' has no amount: expected remaining, used or limit"),
    "an overage without an amount": (with_quota(overage_limit="a"), "requests[0].quotas[0]: the resource 'wallet' has no amount"),
    "a period and a time": (
        with_quota(used="a", resets_at={"period": "month", "select": "a", "format": "unix"}),
        "requests[0].quotas[0].resets_at: expected `period` or `select`, not both",
    ),
    "a period without an amount": (with_quota(resets_at={"period": "month"}), "requests[0].quotas[0]: the resource 'wallet' has no amount"),
    "a reset without an amount": (
        with_quota(resets_at={"select": "a", "format": "unix"}), "requests[0].quotas[0]: the resource 'wallet' has no amount",
    ),
    "a time as text": (with_quota(used="a", resets_at="data.end"), "requests[0].quotas[0].resets_at: a time needs its format: write {select: "),
    "another time as text": ({"requests": [{**GET, "created_at": "data.since"}]}, "requests[0].created_at: a time needs its format: write {select: "),
    "a period that does not exist": (with_quota(used="a", resets_at={"period": "year"}), "requests[0].quotas[0].resets_at.period: expected "),
    "a list as an amount": (with_quota(used="data[*].used"), "requests[0].quotas[0].used.select: selects a list"),
    "a list as a code": ({"errors": {"code": ["a", "errors[].code"]}}, "errors.code[1]: selects a list, where one code is expected: add `| [0]`"),
    "a list as a condition": (
        with_quota(limit={"select": "a", "unlimited": "caps[].off"}), "requests[0].quotas[0].limit.unlimited: selects a list, where true or false",
    ),
    "a sum as a key": (with_quota(used={"select": "a", "plus": "b"}), "requests[0].quotas[0].used.plus: unknown key; to add fields, use `each` with"),
    "a quotient as a key": (with_quota(used={"select": "a", "divide": 100}), "requests[0].quotas[0].used.divide: unknown key; to multiply by a fixed"),
    "a sum beside an amount": (with_quota(used="a", plus="b"), "requests[0].quotas[0].plus: unknown key; to add fields, use `each` with a list"),
    "a scale beside an amount": (
        with_quota(used="a", scale=0.01), "requests[0].quotas[0].scale: unknown key; it belongs to one amount: remaining: {select: data.left, scale: ...}",
    ),
    "a unit as an expression": (
        with_quota(used="a", unit="data.currency"),
        "requests[0].quotas[0].unit: expected the name of a unit, such as credits; to read it from the response: {select: data.currency}",
    ),
    "a status as text": ({"requests": [{**GET, "status": "account.state"}]}, "requests[0].status: expected a block: write {select: account.state}"),
    "a header with its scheme": (
        {"credentials": {"key": {"header": "Authorization: Bearer"}}},
        "credentials.key.header: expected the name of a header only: put Bearer into `scheme`",
    ),
    "a header with a secret": (
        {"credentials": {"key": {"header": "X-Api-Key: abc123"}}},
        "credentials.key.header: expected the name of a header only: put the word before the secret into `scheme`",
    ),
    "a null unlimited of another amount": (
        with_quota(limit={"select": "cap_eur", "unlimited": None}), "requests[0].quotas[0].limit.unlimited: null cannot be compared with a value: write a condition such as `cap_eur == null`",
    ),
    "a leading dot": (with_quota(used=".data.balance"), "requests[0].quotas[0].used.select: is not a JMESPath expression: leave out the first dot"),
    "a reason in British spelling": (
        {"errors": {"code": "c", "reasons": {"no": "unauthorised"}}}, "; did you mean 'unauthorized'?",
    ),
    "a misspelt level": (
        {"verified": {"level": "documentd", "on": date(2026, 1, 1), "sources": ["https://a.example"]}}, "verified.level: expected 'tried', 'documented' or 'seen'; did you mean 'documented'?",
    ),
    "a part twice": (
        {"requests": [{**GET, "quotas": [{**WALLET, "used": "a"}, {**WALLET, "used": "b"}]}]}, "requests[0].quotas[1]: wallet.used is defined twice in usd",
    ),
    "`empty` without `each`": (with_quota(used="a", unit={"select": "b", "empty": "usd"}), "requests[0].quotas[0]: `unit.empty` belongs to `each`"),
    "`empty` of a fixed unit": (
        with_quota(used="a", each="b", unit={"name": "usd", "empty": "usd"}), "requests[0].quotas[0].unit: `empty` belongs to `select`",
    ),
    "a body of a GET": ({"requests": [{**GET, "body": {}}]}, "requests[0]: `body` needs `method: POST`"),
    "another method": ({"requests": [{**GET, "method": "PUT"}]}, "requests[0].method: expected 'GET' or 'POST'"),
    "a body that is no JSON": ({"requests": [{**GET, "method": "POST", "body": {"a": date(2026, 1, 1)}}]}, "requests[0].body: expected JSON: a date"),
    "a number in the query": ({"requests": [{**GET, "query": {"limit": 31}}]}, "requests[0].query.limit: expected text: put it in quotes"),
    "an unknown placeholder": ({"requests": [{**GET, "path": "/v1/{org}"}]}, "requests[0].path: {org} is not a param; define it in `params`"),
    "a misspelt placeholder": (
        {"params": {"team": {}}, "requests": [{**GET, "path": "/v1/{teem}"}]}, "requests[0].path: {teem} is not a param; did you mean 'team'?",
    ),
    "a time in a path": ({"requests": [{**GET, "path": "/v1/{today:date}"}]}, "requests[0].path: {today:date} is a time: a time can only be"),
    "a time without its format": ({"requests": [{**GET, "query": {"since": "{today}"}}]}, "requests[0].query.since: {today} has no format: write"),
    "a placeholder in a body": (
        {"requests": [{**GET, "method": "POST", "body": {"a": ["{x}"]}}]}, "requests[0].body.a[0]: {x} is not a param or a time",
    ),
    "a placeholder in braces of two pairs": ({"requests": [{**GET, "query": {"since": "{{today:date}}"}}]}, "requests[0].query.since: a placeholder has one pair"),
    "a placeholder with a dollar sign": (
        {"requests": [{**GET, "query": {"since": "${today:date}"}}]}, "requests[0].query.since: a placeholder has one pair of braces and no $: write {today:date} instead",
    ),
    "a body that is JSON as text": (
        {"requests": [{**GET, "method": "POST", "body": '{"from": "{today:date}"}'}]}, "requests[0].body: the body is JSON already: write it without",
    ),
    "a placeholder in a key of a body": (
        {"requests": [{**GET, "method": "POST", "body": {"{today:date}": 1}}]}, "requests[0].body: a key cannot contain a placeholder",
    ),
    "half a placeholder": ({"requests": [{**GET, "path": "/v1/{team"}]}, "requests[0].path: expected a path"),
    "a param that nothing needs": ({"params": {"team": {}}}, "params.team: no request contains {team}"),
    "a param with the name of a time": (
        {"params": {"now": None}, "requests": [{**GET, "path": "/v1/{now}"}]}, "params.now: this is the name of a time: choose another",
    ),
    "a placeholder in the base URL": ({"base_url": "https://{team}.example.com"}, "base_url: expected a whole URL: a placeholder in braces is not filled in"),
    "a placeholder in a region": ({"regions": {"eu": "https://eu.example.com/{team}"}}, "regions.eu: expected a whole URL: a placeholder in braces"),
    "a placeholder in the URL of a login": (
        {"credentials": {"key": {"header": "X", "token_url": "https://a.example/{team}"}}}, "credentials.key.token_url: expected a whole URL: a placeholder",
    ),
    "a placeholder in a scheme": (
        {"credentials": {"key": {"header": "X", "scheme": "{team}"}}}, "credentials.key.scheme: expected a word without spaces and braces",
    ),
    "a placeholder in a fixed password": (
        {"credentials": {"key": {"basic": {"password": "{team}"}}}}, "credentials.key.basic.password: expected text in ASCII without braces",
    ),
    "a title that moves the cursor": ({"title": "Acme \x1b[2J"}, f"title: {SHOWN}"),
    "a permission with a control character": ({"permission": "a\x00level=error"}, f"permission: {SHOWN}"),
    "a note that is turned around": ({"notes": ["a", "\u202eb"]}, f"notes[1]: {SHOWN}"),
    "a help text with an escape": ({"params": {"team": {"help": "\x1b]0;x\x07"}}}, f"params.team.help: {SHOWN}"),
    "a region with an escape": ({"regions": {"e\x1bu": "https://eu.example.com"}}, f"regions.(a name that is not shown): {SHOWN}"),
    "a query with a line break": ({"requests": [{**GET, "query": {"a": "1\r\n"}}]}, f"requests[0].query.a: {SHOWN}"),
    "an expression with an escape": ({"requests": [{**GET, "expect": "data || '\x1b[2J'"}]}, "requests[0].expect: expected an expression without control characters"),
    "a state with a line break": ({"requests": [{**GET, "status": {"select": "a", "states": ["on\n"]}}]}, f"requests[0].status.states[0]: {SHOWN}"),
    "too many states": ({"requests": [{**GET, "status": {"select": "a", "states": [f"s{number}" for number in range(101)]}}]}, "requests[0].status.states: expected 100 at most"),
    "too many features": ({"requests": [{**GET, "features": {f"f{number}": "a" for number in range(101)}}]}, "requests[0].features: expected 100 at most"),
    "too many resources": ({"requests": [{**GET, "quotas": [{**WALLET, "resource": f"r{number}", "used": "a"} for number in range(101)]}]}, "requests[0].quotas: expected 100 at most"),
    "a credential that no request is sent with": (
        {"credentials": {"a": {"header": "X-A"}, "b": {"header": "X-B"}}, "requests": [{**GET, "credentials": ["a"]}]},
        "credentials.b: expected a request without `optional` that is sent with this credential: without one, no poll fails",
    ),
    "absent but not optional": ({"requests": [{**GET, "absent": 404}]}, "requests[0]: `absent` needs `optional: true`"),
    "absent with a success": ({"requests": [GET, {**GET, "path": "/b", "optional": True, "absent": 200}]}, "requests[1].absent: "),
    "optional requests only": ({"requests": [{**GET, "optional": True}]}, "credentials.token: expected a request without `optional`"),
    "codes without a place": ({"errors": {"reasons": {"1": "unauthorized"}}}, "errors: the codes have no effect without `code`, the place of the code in the response"),
    "a success without a place": ({"errors": {"success": [0]}}, "errors: the codes have no effect without `code`"),
    "a missing permission without a reason": ({"errors": {"code": "a", "missing_permission": ["x"]}}, "errors.missing_permission: 'x' is not in `reasons`, so it has no effect"),
    "a code that is both": ({"errors": {"code": "a", "success": [1], "reasons": {1: "unauthorized"}}}, "errors.success: '1' is in `reasons` too: a code means success or an error"),
    "a factor of 0": (with_quota(used={"select": "a", "scale": 0}), "requests[0].quotas[0].used.scale: expected another number than 0: every amount would be 0"),
    "an unknown number of a text": (
        with_quota(used="a", resets_at={"select": "a", "format": "iso8601", "unknown": 0}), "requests[0].quotas[0].resets_at: `unknown` is a number, so it belongs to the formats unix and unix_ms",
    ),
    "a secret in a body": (
        {"requests": [{**GET, "method": "POST", "body": {"auth": [{"api_key": "k-1234"}]}}]}, "requests[0].body.auth[0].api_key: a secret does not belong in a definition",
    ),
    "too many places of a code": ({"errors": {"code": ["a"] * 21}}, "errors.code: expected 20 at most"),
    "a title that is too long": ({"title": "a" * 1001}, "title: expected 1000 characters at most"),
    "a fragment in the path": ({"requests": [{**GET, "path": "/v1#a"}]}, "requests[0].path: expected a path that starts with / and has neither spaces nor #"),
    "a secret in a header of its own": ({"headers": {"X-Api-Key": "k-1234"}}, "headers.X-Api-Key: a secret does not belong in a definition: write `credentials: {key: {header: X-Api-Key}}`"),
    "an expectation that is a word": ({"requests": [{**GET, "expect": "true"}]}, "requests[0].expect: true is the field of that name: name a field that every successful response has"),
    "an expectation of anything": ({"requests": [{**GET, "expect": "`true`"}]}, "requests[0].expect: reads nothing of the response, so it accepts every one"),
    "an expectation of a text": ({"requests": [{**GET, "expect": "'ok' == 'ok'"}]}, "requests[0].expect: reads nothing of the response"),
    "a boolean as a code": ({"errors": {"code": "success", "success": [True]}}, "errors.success[0]: true and false are no codes: use `expect`, as in `expect: success`"),
    "a pattern that is none": ({"params": {"team": {"pattern": "["}}}, "params.team.pattern: is not a regular expression"),
    "a pattern that closes the brackets around it": ({"params": {"team": {"pattern": "a)|(b"}}}, "params.team.pattern: is not a regular expression"),
    "a pattern with a back-reference": ({"params": {"team": {"pattern": r"(a*)\1"}}}, "params.team.pattern: is not a regular expression that can be used"),
    "a pattern that is too large": ({"params": {"team": {"pattern": "(a{1000}){1000}"}}}, "params.team.pattern: is not a regular expression that can be used"),
    "too many requests": ({"requests": [GET] * 51}, "requests: expected 50 at most"),
    "a secret in the path": (
        {"requests": [{**GET, "path": "/v1/balance?api_key=k-1234"}]}, "requests[0].path: a secret does not belong in a definition: write `credentials: {key: {query: api_key}}`",
    ),
    "a secret in the query": ({"requests": [{**GET, "query": {"access-token": "k"}}]}, "requests[0].query: a secret does not belong in a definition"),
    "a credential's parameter in the query": (
        {"credentials": {"key": {"query": "k"}}, "requests": [{**GET, "query": {"k": "1"}}]}, "requests[0].query: 'k' is the parameter of a credential",
    ),
    "a credential of two kinds": (
        {"credentials": {"key": {"header": "X", "query": "k"}}}, "credentials.key: expected exactly one of `header`, `basic` and `query`",
    ),
    "a credential of no kind": ({"credentials": {"key": {}}}, "credentials.key: expected exactly one of `header`, `basic` and `query`"),
    "a scheme without a header": ({"credentials": {"key": {"query": "k", "scheme": "Bearer"}}}, "credentials.key: `scheme` and `token_url` belong to `header`"),
    "basic with user and password": (
        {"credentials": {"key": {"basic": {"user": "a", "password": "b"}}}}, "credentials.key.basic: expected `user`",
    ),
    "a credential that does not exist": ({"requests": [{**GET, "credentials": ["tokn"]}]}, "requests[0].credentials: 'tokn' is not among the credentials; did you mean 'token'?"),
    "a header of the connection": ({"headers": {"Host": "evil.example"}}, "headers.Host: this header is not for a definition"),
    "a header of the body": ({"headers": {"Content-Length": "0"}}, "headers.Content-Length: this header is not for a definition"),
    "a credential in a header of the connection": (
        {"credentials": {"key": {"header": "Transfer-Encoding"}}}, "credentials.key.header: this header cannot contain a secret",
    ),
    "a credential in a header of the proxy": ({"credentials": {"key": {"header": "proxy-authorization"}}}, "credentials.key.header: this header"),
    "a secret as a header": ({"headers": {"Authorization": "Bearer x"}}, "headers.Authorization: this header is not for a definition"),
    "the header of a credential": (
        {"credentials": {"key": {"header": "X-Key"}}, "headers": {"x-key": "1"}}, "headers.x-key: this is the header of a credential",
    ),
    "a header with a line break": ({"headers": {"X-Version": "1\r\nX: y"}}, "headers.X-Version: expected text in ASCII"),
    "regions without a base URL": ({"base_url": None, "regions": {"eu": "https://eu.example.com"}}, "`regions` need a `base_url`"),
    "two optional requests of one name": (
        {"requests": [GET, {**GET, "optional": True}]}, "requests[1]: an optional request needs a path or a query of its own",
    ),
    "verified without a source": (
        {"verified": {"level": "seen", "on": date(2026, 1, 1), "sources": []}}, "verified.sources: expected one or more",
    ),
    "another level": ({"verified": {"level": "sure", "on": date(2026, 1, 1), "sources": ["https://a.example"]}}, "verified.level: expected "),
    "a short interval": ({"min_interval": "100ms"}, "min_interval: expected 1s or more"),
    "an unknown info label": ({"requests": [{**GET, "info": {"email": "data.email"}}]}, "requests[0].info.email"),
    "bad JMESPath": (with_quota(remaining="data..left"), "requests[0].quotas[0].remaining.select: is not a JMESPath expression"),
    "bad JMESPath of a unit": (with_quota(unit={"select": "a["}), "requests[0].quotas[0].unit.select: "),
    "empty JMESPath": (with_quota(remaining=""), "requests[0].quotas[0].remaining.select"),
    "bad JMESPath in `expect`": ({"requests": [{**GET, "expect": "data["}]}, "requests[0].expect: is not a JMESPath expression"),
    "bad JMESPath in a code": ({"errors": {"code": ["error.code", "error["]}}, "errors.code[1]: is not a JMESPath expression"),
    "a bad reason": ({"errors": {"code": "c", "reasons": {"broke": "poor"}}}, "errors.reasons.broke: expected "),
    "plain http": ({"base_url": "http://api.example.com"}, "base_url: plain http"),
    "plain http of a region": ({"regions": {"eu": "http://eu.example.com"}}, "regions.eu: plain http"),
    "an address with a key": ({"base_url": "https://api.example.com/?key=1"}, "base_url: expected a URL"),
    "a bad name": ({"name": "Acme Corp"}, "name: "),
    "a bad resource": (with_quota(resource="Wallet"), "requests[0].quotas[0].resource: "),
    "a path without a slash": ({"requests": [{**GET, "path": "v1/balance"}]}, "requests[0].path: "),
    "a path with a line break": ({"requests": [{**GET, "path": "/v1\r\nX-Evil: 1"}]}, "requests[0].path: "),
    "no requests": ({"requests": []}, "requests: "),
    "no credentials": ({"credentials": {}}, "credentials: "),
    "a header with a colon": ({"credentials": {"key": {"header": "X: y"}}}, "credentials.key.header: "),
    "a bad time format": (with_quota(resets_at={"select": "a", "format": "rfc2822"}), "requests[0].quotas[0].resets_at.format: expected "),
    "a time without a format": (with_quota(resets_at={"select": "a"}), "requests[0].quotas[0].resets_at.format: is required"),
    "an endless scale": (with_quota(used={"select": "a", "scale": float("inf")}), "requests[0].quotas[0].used.scale: "),
    "a top-up without limit": (
        {"requests": [{**GET, "auto_reload": {"unit": "usd", "amount": {"select": "a", "unlimited": "none"}}}]},
        "requests[0].auto_reload: `unlimited` and `unit.empty` belong to resources",
    ),
    "a null unlimited": (with_quota(limit={"select": "a", "unlimited": None}), "requests[0].quotas[0].limit.unlimited: null cannot be compared"),
    "no unit": ({"requests": [{**GET, "quotas": [{"resource": "wallet"}]}]}, "requests[0].quotas[0].unit: is required"),
}  # fmt: skip


@pytest.mark.parametrize(("changes", "problem"), INVALID.values(), ids=INVALID)
def test_an_invalid_file_is_refused_with_its_name_and_the_path_of_the_problem(
    tmp_path: Path, changes: dict[str, Any], problem: str
) -> None:
    path = tmp_path / "acme.yaml"
    refusal = refusal_of(path, {**ACME, **changes})
    assert problem in refusal
    assert problem.startswith(";") or f"{path}: {problem}" in refusal


@pytest.mark.parametrize(
    "changes", [changes for changes, problem in INVALID.values() if "requests" not in changes or problem.startswith("requests[")]
)
def test_one_problem_is_reported_once(tmp_path: Path, changes: dict[str, Any]) -> None:
    assert len(refusal_of(tmp_path / "acme.yaml", {**ACME, **changes}).splitlines()) == 1


@pytest.mark.parametrize("content", [None, [], "text", 5], ids=str)
def test_a_file_that_is_no_mapping_is_refused_with_its_name(tmp_path: Path, content: object) -> None:
    path = tmp_path / "acme.yaml"
    assert refusal_of(path, content) == f"{path}: expected a block of `key: value` lines, such as `name: ...`"


def test_all_problems_are_reported_together(tmp_path: Path) -> None:
    refusal = refusal_of(tmp_path / "acme.yaml", {**ACME, "title": "", "base_url": "http://api.example.com", "colour": "blue"})
    assert [place in refusal for place in ("title: ", "base_url: ", "colour: ")] == [True, True, True]
