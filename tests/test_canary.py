"""A key in every failure path appears in no log line, page, message or traceback."""

from __future__ import annotations

import base64
import io
import json
import urllib.parse
from pathlib import Path
from typing import Any

import pytest

from exporter.client.client import Client, OptionalResults
from exporter.config.credentials import SecretSource
from exporter.config.job import Job
from exporter.daemon.poll_once import new_store
from exporter.log import configure_log
from exporter.metrics.exposition import Exposition
from exporter.model import Reading, Seconds
from exporter.polling.scheduler import Scheduler
from exporter.simulator.faults import Fault
from exporter.simulator.json_values import replaced
from exporter.simulator.simulator import Simulator
from exporter.validation.problems import Place
from tests.providers.bodies import at, leaves
from tests.providers.examples import HAPPY, Example
from tests.support import ACCOUNTS, CANARY, PATIENCE, FakeClock, MakeJob, make_job, secret_of

PROVIDERS = [account.provider for account in ACCOUNTS]
FORMS = (CANARY, base64.b64encode(CANARY.encode()).decode().rstrip("="), urllib.parse.quote(CANARY))


def leaks(text: str) -> list[str]:
    return [form for form in FORMS if form in text]


def everything_shown(stream: io.StringIO, scheduler: Scheduler, job: Job) -> str:
    store = scheduler._store
    page = Exposition(("1", "")).render(store.snapshot()).body.decode()
    [entry] = store.snapshot().entries
    return "\n".join((stream.getvalue(), page, repr(job), repr(entry), str(entry)))


@pytest.mark.parametrize("format_", ["logfmt", "json"])
@pytest.mark.parametrize("provider", PROVIDERS)
async def test_no_fault_shows_the_key(client: Client, simulator: Simulator, job: MakeJob, provider: str, format_: Any) -> None:
    stream = io.StringIO()
    configure_log("debug", format_, stream)
    for fault in [None, *Fault]:
        simulator.set_fault(secret_of(provider), fault, location=f"http://127.0.0.1:1/{CANARY}")
        polled = job(provider, timeout=Seconds(0.2 if fault in {Fault.DRIP, Fault.HANG} else PATIENCE))
        clock = FakeClock().clock
        scheduler = Scheduler(client, new_store([polled], clock), clock)
        await scheduler.poll_once(polled)
        assert not leaks(everything_shown(stream, scheduler, polled)), fault
    assert stream.getvalue()


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_a_key_in_a_response_is_not_shown(
    client: Client, simulator: Simulator, job: MakeJob, provider: str, log: io.StringIO
) -> None:
    echo = {
        "error": {"code": CANARY, "message": CANARY},
        "detail": {"status": CANARY, "message": CANARY},
        "code": CANARY,
        "message": CANARY,
    }
    for status in (200, 400, 401, 403, 404, 429, 500):
        simulator.set_response(secret_of(provider), status=status, body=echo, headers={"X-Echo": CANARY})
        clock = FakeClock().clock
        scheduler = Scheduler(client, new_store([job(provider)], clock), clock)
        await scheduler.poll_once(job(provider))
        assert not leaks(everything_shown(log, scheduler, job(provider))), status


def echoes(secret: str) -> list[str]:
    """Forms in which a vendor may send the key back: unchanged, in other text, with control characters, encoded."""
    encoded = [base64.b64encode(before + secret.encode()).decode() for before in (b"", b"u:", b"user:")]
    return [
        *(
            secret,
            secret.upper(),
            f"the key {secret} is old",
            f"{'x' * 120}{secret}",
            f"{secret[:8]}\n{secret[8:]}",
            f"{secret[:8]}\u200b{secret[8:]}",
        ),
        *(urllib.parse.quote(secret).replace("-", "%2D"), *encoded, *(f"Basic {each}" for each in encoded)),
    ]


def texts_of(provider: str) -> list[tuple[Example, Place]]:
    """Every place of a good response that contains text, once."""
    found: dict[Place, tuple[Example, Place]] = {}
    for example in HAPPY:
        if example.path.parent.name == provider and example.request is example.definition.requests[0]:
            body = example.document["body"]
            found |= {place: (example, place) for place in leaves(body) if isinstance(at(body, place), str)}
    return list(found.values())


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_a_key_in_any_text_of_a_good_response_is_not_shown(
    client: Client, simulator: Simulator, job: MakeJob, provider: str, log: io.StringIO
) -> None:
    """The page, the API and the state file are made from the entry alone."""
    polled, secret = job(provider), secret_of(provider)
    for example, place in texts_of(provider):
        for text in echoes(secret):
            simulator.set_response(secret, body=replaced(example.document["body"], place, text))
            clock = FakeClock().clock
            scheduler = Scheduler(client, new_store([polled], clock), clock)
            await scheduler.poll_once(polled)
            shown = everything_shown(log, scheduler, polled).lower()
            assert not [form for form in (*FORMS, secret, text) if form.lower() in shown], (place, text)


@pytest.mark.parametrize("spoil", ["{}\nsecond line", "{}\x00", "{} with spaces", "{}\u200b", "{}" + "x" * 70_000, "{}\x1b[31m"])
async def test_a_key_that_cannot_be_used_is_refused_without_being_shown(
    client: Client, tmp_path: Path, spoil: str, log: io.StringIO
) -> None:
    file = tmp_path / "key"
    file.write_text(spoil.format(CANARY))
    for source in (SecretSource(file=file), SecretSource.model_validate({"value": spoil.format(CANARY)[:5_000]})):
        job = make_job("http://127.0.0.1:1", secret=source)
        clock = FakeClock().clock
        scheduler = Scheduler(client, new_store([job], clock), clock)
        await scheduler.poll_once(job)
        assert not leaks(everything_shown(log, scheduler, job))


class Defective(Client):
    """Fails with the key in its text, its arguments and its local variables."""

    async def poll(self, job: Job, optional: OptionalResults | None = None) -> Reading:  # noqa: ARG002 -- fails in any case
        headers = {"xi-api-key": job.secret.read({}).get_secret_value()}
        try:
            raise LookupError(headers)  # noqa: TRY301 -- the chain of errors is the point
        except LookupError as error:
            raise ValueError(f"cannot send {headers}") from error


@pytest.mark.parametrize("format_", ["logfmt", "json"])
async def test_a_defect_with_the_key_in_its_text_does_not_show_it(format_: Any) -> None:
    stream = io.StringIO()
    configure_log("debug", format_, stream)
    job = make_job("http://127.0.0.1:1")
    clock = FakeClock().clock
    scheduler = Scheduler(Defective.__new__(Defective), new_store([job], clock), clock)
    await scheduler.poll_once(job)
    shown = everything_shown(stream, scheduler, job)
    assert "poll crashed" in shown
    assert "ValueError" in shown
    assert not leaks(shown)
    if format_ == "json":
        assert all(json.loads(line) for line in stream.getvalue().splitlines())


def test_the_search_would_find_a_key() -> None:
    assert all(leaks(f"a log line with {form}-heygen in it") for form in FORMS)
    assert all(account.secret.startswith(CANARY) for account in ACCOUNTS)
