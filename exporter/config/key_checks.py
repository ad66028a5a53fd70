"""Finds texts that are clearly not a key, in the place of one: placeholders, references, and keys with something around them."""

from __future__ import annotations

import re
from typing import Final

_WORD: Final = r"[A-Za-z][A-Za-z0-9]*"

# Each pattern must match the whole text. None may match a key: base64 with its padding, JWT, hex, UUID, `id:secret`, `sk-...`.
_KINDS: Final[tuple[tuple[str, str], ...]] = (
    (r"""["'`“”‘’«].*""", "quotation marks"),  # noqa: RUF001 -- as word processors write them
    (r"(?:\$\{|\$\(|%\().*|\$[A-Z_][A-Z0-9_]*|%[A-Z_][A-Z0-9_]*%", "the reference to a variable that nothing has replaced"),
    (r"\{\{.*|.*\}\}|\{%.*|<%.*|#\{.*|@@?[A-Z_]+@@?", "a template that nothing has filled in"),
    (r"<.*|.*>|\[[A-Za-z _-]*\]", "a placeholder"),
    (r"\{.*|\[.*\]", "a JSON or YAML document"),
    (r"-----BEGIN .*", "a PEM document"),
    (
        r"\$ANSIBLE_VAULT;.*|ENC[\[(].*|(?i:vault|sops|aws-?kms|gcp-?kms|enc|encrypted|cipher|kms|age):(?!//).*|!vault.*",
        "an encrypted value or a reference to a vault",
    ),
    (r"arn:[a-z-]+:.*|(?i:@Microsoft\.KeyVault)\(.*|projects/[^/]+/secrets/.*", "a reference to a secret store"),
    (r"(?i:(?:op|env|file|ssm|secret|secrets|secretref|valueFrom|awssm|ref):)(?!//).*", "a reference to where the key is"),
    (r"[A-Za-z][A-Za-z0-9+.-]*://.*", "a URL or a reference to a secret store"),
    (r"(?:/[a-z][a-z0-9_.-]*){2,}|\.{1,2}/[a-z].*|~/[a-z].*", "a path; use `file` for a key that is in a file"),
    (r"(?i:export|set|env|-?-?header|-H|curl)\s.*", "a command"),
    (r"(?i:bearer|basic|token|key|apikey|api-key)\s+[^\s=].*|(?i:bearer|basic):.*", "an authentication scheme"),
    (
        r"(?:(?i:(?:proxy-)?authorization|cookie|(?:[a-z]+[-_])*(?:api[-_]?key|(?:api|auth|access)[-_]?token))|"
        r"X(?:-[A-Z][a-z]+)+|X(?:-[A-Z]+)+|x(?:-[a-z]+)+)\s*:.*|"
        r"[A-Za-z][\w-]*:\s+.*",
        "the name of a header or of a key",
    ),
    (
        rf"(?:[A-Z][A-Z0-9]*|{_WORD}(?:_[A-Za-z0-9]+)+|(?i:(?:[a-z]+[-_])*(?:key|token|secret|password|apikey)))\s*(?:=(?=[^=]).*|=\s+.*)",
        "the name of a variable",
    ),
    (
        r"(?i:(?:[a-z]{1,10}[-_])*(?:x{3,}|\*{3,}|\.{3,}|…|•{2,}|_{3,})|(?:.*[-_ .])?(?:change[-_ ]?me|replace[-_ ]?me|fill[-_ ]?me)(?:[-_ .!].*)?|"
        r"(?:[a-z]{1,6}[-_])?(?:your|my|insert|enter|paste|put|add|replace)[-_ ].*(?:key|token|secret|here)(?:[-_ ]here)?|"
        r"(?:api[-_]?)?(?:key|token|secret)[-_ ]here|todo|fixme|tbd|placeholder|redacted|hidden|none|null|nil|undefined|true|false|n/a)",
        "a placeholder",
    ),
)  # fmt: skip
_PATTERNS: Final = tuple((re.compile(pattern, re.DOTALL), kind) for pattern, kind in _KINDS)


def mistaken_for_key(text: str) -> str | None:
    """Return what the text contains instead of a key, without showing it; None where it may be a key."""
    return next((kind for pattern, kind in _PATTERNS if pattern.fullmatch(text)), None)
