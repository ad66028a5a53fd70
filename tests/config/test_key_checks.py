"""Texts that are obviously no keys are refused, and keys of any usual format are accepted."""

from __future__ import annotations

import base64
import string
import uuid
from typing import Final

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import SecretStr

from exporter.config.credentials import SecretSource
from exporter.config.key_checks import mistaken_for_key
from exporter.errors import CredentialError

NO_KEYS: Final = {
    "quotation marks": ["'sk-abc123'", '"sk-abc123"', "`sk-abc123`", '"sk-abc123', "\u201csk-abc123\u201d"],
    "the name of a variable": [
        "HEYGEN_API_KEY=sk-abc123",
        "KEY=sk-abc123",
        "api_key=abc",
        "token = abc",
        "heygen_key=abc==",
        "password=abc",
    ],
    "the name of a header or of a key": [
        "X-Api-Key: abc123",
        "X-Api-Key:abc123",
        "x-api-key:abc123",
        "xi-api-key: abc123",
        "Authorization: Bearer abc123",
        "authorization:abc123",
        "api_key: abc123",
        "key: abc123",
    ],
    "an authentication scheme": ["Bearer abc123", "bearer abc123", "Basic YWJjOmRlZg==", "Token abc123"],
    "a JSON or YAML document": ['{"api_key": "abc123"}', '{"a":1}', '["abc123"]', "{}"],
    "the reference to a variable that nothing has replaced": ["${HEYGEN_API_KEY}", "$(cat key)", "$HEYGEN_API_KEY", "%HEYGEN_API_KEY%"],
    "a template that nothing has filled in": ["{{ heygen_key }}", "{{key}}", "{{ .Values.key }}", "<%= key %>", "#{key}#"],
    "a placeholder": [
        "<your-api-key>",
        "<KEY>",
        "[your key]",
        "your-api-key",
        "YOUR_API_KEY",
        "your_api_key_here",
        "sk-your-key-here",
        "insert-your-key-here",
        "xxxx",
        "XXXXXXXXXXXXXXXX",
        "sk-xxxxxxxx",
        "sk_live_xxxx",
        "********",
        "...",
        "sk-...",
        "changeme",
        "change-me",
        "CHANGE_ME",
        "please-change-me!",
        "replace_me",
        "TODO",
        "null",
        "None",
    ],
    "an encrypted value or a reference to a vault": [
        "ENC[AES256_GCM,data:abc,iv:def]",
        "ENC(abc123)",
        "vault:secret/data/heygen#key",
        "$ANSIBLE_VAULT;1.1;AES256",
    ],
    "a reference to a secret store": ["arn:aws:secretsmanager:eu-west-1:1:secret:heygen", "projects/1/secrets/heygen/versions/latest"],
    "a reference to where the key is": ["env:HEYGEN_API_KEY", "file:/run/secrets/heygen", "op:heygen"],
    "a URL or a reference to a secret store": [
        "op://vault/heygen/key",
        "vault://secret/heygen",
        "https://api.example.com",
        "ref+vault://a",
    ],
    "a path; use `file` for a key that is in a file": ["/run/secrets/heygen", "/etc/ai-account-exporter/key", "./secrets/key", "~/key"],
    "a PEM document": ["-----BEGIN PRIVATE KEY-----\nabc"],
    "a command": ["export KEY=abc", "curl -H abc"],
}


@pytest.mark.parametrize(("kind", "text"), [(kind, text) for kind, texts in NO_KEYS.items() for text in texts])
def test_what_is_no_key_is_refused_by_its_kind_and_not_shown(kind: str, text: str) -> None:
    assert mistaken_for_key(text) == kind
    with pytest.raises(CredentialError) as caught:
        SecretSource(env="NAME").read({"NAME": f"  {text}\n"})
    assert kind in str(caught.value)
    assert len(text) < 6 or text not in str(caught.value)


BASE64: Final = string.ascii_letters + string.digits + "+/"
WORDS: Final = st.text(BASE64 + "-_.~", min_size=16, max_size=80)
PADDED: Final = st.binary(min_size=8, max_size=60).map(lambda content: base64.b64encode(content).decode())
URL_SAFE: Final = st.binary(min_size=8, max_size=60).map(lambda content: base64.urlsafe_b64encode(content).decode())
HEX: Final = st.binary(min_size=8, max_size=40).map(lambda content: content.hex())
IDS: Final = st.uuids().map(str) | HEX | st.from_regex(r"[a-z]{2,8}_[A-Za-z0-9]{12,24}|AC[0-9a-f]{32}|[0-9]{4,12}", fullmatch=True)
JWT: Final = st.tuples(URL_SAFE, URL_SAFE, URL_SAFE).map(lambda parts: ".".join(part.rstrip("=") for part in parts))
BARE: Final = PADDED | URL_SAFE | HEX | JWT | st.uuids().map(str) | WORDS.filter(lambda text: any(each.isdigit() for each in text[8:]))
KEYS: Final = (
    BARE
    | st.tuples(st.sampled_from(["sk-", "sk-proj-", "sk_live_", "sk-ant-api03-", "xi-", "api-", "key-", "r8_", "hf_", "AIza"]), BARE).map(
        "".join
    )
    | st.tuples(IDS, BARE).map(":".join)
)


@example(str(uuid.UUID(int=0)))
@example("id:secret")
@example("user:pass=word")
@example("api:key-abc123")
@example("key:abc123")
@example("token:abc123")
@example("JBSWY3DPEHPK3PXP======")
@example("dGVzdA==")
@example("abc=")
@example("k")
@example("made-up")
@example("1//0gAbC-dEf")
@example("a+b/c=&d%20e?f#g~!'\"")
@given(KEYS)
def test_a_key_of_any_usual_kind_is_accepted(key: str) -> None:
    assert mistaken_for_key(key) is None
    assert SecretSource(value=SecretStr(key)).read({}).get_secret_value() == key


@pytest.mark.parametrize("part", ["a", "a-", "A_", "a_", "x-a", "/a", "a.", "your-key-", "=", ":", '"', "{", "<"])
def test_the_longest_text_is_recognised_without_backtracking(part: str) -> None:
    """Each pattern is linear. A quadratic one would take minutes."""
    mistaken_for_key(part * (65_536 // len(part)) + "!")
