"""From a request of a definition to what is sent: the account's params, the times and the secret are filled in."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

from pydantic import SecretStr
from yarl import URL

from exporter.config.job import Job
from exporter.providers.request_fields import Request
from exporter.providers.request_template import fill, fill_all, fill_path

_url: Final = lru_cache(maxsize=4096)(URL)
"""Without the query, which may contain the secret."""


def prepared(job: Job, request: Request, secret: SecretStr, now: float) -> tuple[URL, dict[str, Any]]:
    """Return the URL, and the headers and the body as the transport takes them. `now` is the time of the poll, as Unix time."""
    params, key, credential = job.settings.params, secret.get_secret_value(), job.definition.credentials[job.credential]
    query = {name: fill(value, params, now) for name, value in request.query.items()} | credential.query_parameters(key)
    url = _url(job.settings.base_url + fill_path(request.path, params))
    headers = {name: fill(value, params) for name, value in job.definition.headers.items()} | credential.headers(key, params)
    content: dict[str, Any] = {"headers": headers}
    if request.body is not None:
        content["json"] = fill_all(request.body, params, now)
    return url.update_query(query) if query else url, content
