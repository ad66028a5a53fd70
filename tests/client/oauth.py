"""Parts of the tests on OAuth logins."""

from __future__ import annotations

import traceback
from typing import Final

import pytest

from exporter.client.oauth import OAuthLogin, TokenSource
from exporter.errors import PollError
from tests.client.token_endpoint import TokenEndpoint
from tests.support import CANARY

CLIENT: Final = "a-public-client"


FIRST: Final = f"{CANARY}-login"


async def failure(tokens: TokenSource, login: OAuthLogin) -> PollError:
    with pytest.raises(PollError) as caught:
        await tokens.access_token(login)
    shown = "".join(traceback.format_exception(caught.value)) + repr(caught.value) + repr(tokens) + repr(vars(tokens))
    assert CANARY not in shown
    return caught.value


async def text(tokens: TokenSource, login: OAuthLogin) -> str:
    return (await tokens.access_token(login)).get_secret_value()


def access(number: int) -> str:
    return f"{CANARY}-access-{number}"


def refresh(number: int) -> str:
    return f"{CANARY}-refresh-{number}"


def sent_tokens(endpoint: TokenEndpoint) -> list[str]:
    return [asked.refresh_token for asked in endpoint.requests]
