"""Jobs with definitions that are not built in."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from exporter.config.job import Job
from exporter.providers.definition import Definition
from tests.providers.made_up import definition_of
from tests.support import CANARY, make_job

WORKED: Final = Path(__file__).parent.parent / "providers" / "worked"


def job_for(definition: Definition, url: str, *, secret: str = CANARY, **settings: Any) -> Job:
    job = make_job(url, secret=secret, **settings)
    credential = next(iter(definition.credentials))
    return replace(job, key=job.key._replace(provider=definition.name), definition=definition, credential=credential)


def own(credential: dict[str, Any] | None = None, params: dict[str, Any] | None = None, **request: Any) -> Definition:
    changes: dict[str, Any] = {"requests": [{"path": "/v1/balance", "expect": "@", **request}], "params": params or {}}
    return definition_of(changes | ({"credentials": {"key": credential}} if credential else {}))
