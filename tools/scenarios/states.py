"""Unit tests of the recording rules for states."""

from __future__ import annotations

from tools.dashboards.expressions import Expressions
from tools.rules.states import ACCOUNT, EXHAUSTED, FAILING, LOW, OK, POLLS, QUOTA, REASONS, STALE, WAITING
from tools.scenarios.accounts import STUDIO, AccountSeries
from tools.scenarios.scenario import Result, Scenario, Series, Values, flat

HOUR = "1h"


def _polled(instance: str, *phases: tuple[str, str], resources: Values | None = None) -> Series:
    """An account of an exporter of its own."""
    account = AccountSeries(instance)
    return account.polls(*phases) | (account.family("resources", resources) if resources else {})


def _errors(instance: str, values: Values, reason: str = "timeout") -> Series:
    return AccountSeries(instance).family("scrape_errors_total", values, reason=reason)


def _of(values: dict[str, float], **labels: str) -> tuple[tuple[dict[str, str], float], ...]:
    return tuple((AccountSeries(instance).labels | labels, value) for instance, value in values.items())


def _resource(name: str, **families: float) -> Series:
    """One resource with constant values; its unit is credits, except for voices."""
    unit, threshold = "slots" if name == "voices" else "credits", families.pop("threshold", None)
    found = STUDIO.quota(name, unit, **{family: flat(value, HOUR) for family, value in families.items()})
    marks = {"warning": threshold, "critical": threshold / 2} if threshold else {}
    for severity, floor in marks.items():
        found |= STUDIO.family("quota_threshold", flat(floor, HOUR), resource=name, unit=unit, severity=severity)
    return found


def _age(instance: str) -> str:
    return Expressions(f'instance="{instance}"').age().replace("$instance", instance).replace("$job", ".*")


def _states(values: dict[str, float]) -> tuple[tuple[dict[str, str], float], ...]:
    return tuple(
        (STUDIO.labels | {"resource": name, "unit": "slots" if name == "voices" else "credits"}, value) for name, value in values.items()
    )


SCENARIOS = (
    Scenario(
        "the state of polls",
        (
            _polled("ok", ("good", HOUR), resources=flat(1, HOUR)),
            _polled("nothing", ("good", HOUR), resources=flat(0, HOUR)),
            _polled("waiting", ("new", HOUR)),
            _polled("failing", ("good", "30m"), ("failed", "30m"), resources=flat(1, HOUR)),
            _polled("gone", ("good", "10m"), ("failed", "50m"), resources=flat(1, "10m").stale("50m")),
            _polled("stale", ("good", HOUR), resources=flat(1, "10m").stale("50m")),
            _polled("never", ("failed", HOUR)),
            _polled("down", ("good", "30m"), ("off", "30m"), resources=flat(1, "30m").stale("30m")),
            _polled("removed", ("good", "30m"), ("removed", "30m"), resources=flat(1, "30m").stale("30m")),
            _polled("refused", ("good", "30m"), ("failed", "30m"), resources=flat(1, HOUR)),
            _errors("refused", flat(0, "30m").by(1, "30m"), "quota_exhausted"),
            _polled("again", ("good", "20m"), ("failed", "20m"), ("good", "20m"), resources=flat(1, HOUR)),
            _errors("again", flat(0, "20m").by(1, "20m").flat("20m"), "quota_exhausted"),
        ),
        (
            Result(
                f"{POLLS} * 1",
                "55m",
                _of(
                    {
                        "ok": OK, "nothing": OK, "waiting": WAITING, "failing": FAILING, "gone": FAILING, "stale": STALE, "never": FAILING,
                        "down": STALE, "refused": EXHAUSTED, "again": OK,
                    }
                ),
            ),
        ),
    ),
    Scenario(
        "the state of a resource",
        (
            STUDIO.polls(("good", HOUR)),
            _resource("full", remaining=500),
            _resource("threshold", remaining=5, threshold=10),
            _resource("share", remaining=5, limit=100),
            _resource("own_threshold", remaining=5, limit=100, threshold=4),
            _resource("soon", remaining=500, exhaustion_timestamp_seconds=2 * 86_400 + 1_000),
            _resource("later", remaining=500, exhaustion_timestamp_seconds=2 * 86_400 + 9_000),
            _resource("budget", used=80, budget=100),
            _resource("in_budget", used=79, budget=100),
            _resource("empty", remaining=0, limit=100),
            _resource("overage", remaining=-5, limit=100, overage_limit=10),
            _resource("no_overage", remaining=-10, limit=100, overage_limit=10),
            _resource("free", remaining=-5, limit=100, unlimited=1),
            _resource("never_filled", remaining=0),
            _resource("not_in_plan", remaining=0, limit=0),
            _resource("voices", remaining=0, limit=30),
            _resource("spend", used=40),
            _resource("granted", limit=40),
        ),
        (
            Result(
                f"{QUOTA} * 1",
                "30m",
                _states(
                    {
                        "full": OK, "threshold": LOW, "share": LOW, "own_threshold": OK, "soon": LOW, "later": OK, "budget": LOW,
                        "in_budget": OK, "empty": EXHAUSTED, "overage": LOW, "no_overage": EXHAUSTED, "free": OK, "never_filled": OK,
                        "not_in_plan": OK, "voices": OK, "spend": OK, "granted": OK,
                    }
                ),
            ),
        ),
    ),
    Scenario(
        "the state of a row is the worse one of its resource and its account",
        (
            STUDIO.polls(("good", "30m"), ("failed", "30m")),
            STUDIO.family("resources", flat(3, HOUR)),
            _resource("full", remaining=500),
            _resource("share", remaining=5, limit=100),
            _resource("empty", remaining=0, limit=100),
            _polled("two:9893", ("failed", HOUR)),
        ),
        (
            Result(f'{ACCOUNT}{{instance="one:9893"}} * 1', "25m", _states({"full": OK, "share": LOW, "empty": EXHAUSTED})),
            Result(f'{ACCOUNT}{{instance="one:9893"}} * 1', "55m", _states({"full": FAILING, "share": FAILING, "empty": EXHAUSTED})),
            Result(f'{ACCOUNT}{{instance="two:9893"}} * 1', "55m", _of({"two:9893": FAILING})),
        ),
    ),
    Scenario(
        "the age on the dashboards rises while polls fail and while the exporter is down, and is never negative",
        (
            _polled("ok", ("good", HOUR)),
            _polled("failing", ("good", "30m"), ("failed", "30m")),
            _polled("down", ("good", "30m"), ("off", "30m")),
            _polled("removed", ("good", "30m"), ("removed", "30m")),
            _polled("ahead", ("good", HOUR)) | AccountSeries("ahead").family("last_success_timestamp_seconds", Values(2).by(60, HOUR)),
        ),
        (
            *(
                Result(_age(instance), "55m", (({"account": "studio", "provider": "heygen"}, age),))
                for instance, age in {"ok": 0, "failing": 1_560, "down": 1_800, "ahead": 0}.items()
            ),
            Result(_age("removed"), "55m", ()),
        ),
    ),
    Scenario(
        "the reasons of failed polls, also of those before the first scrape",
        (
            _polled("first", ("failed", "4h")),
            _errors("first", flat(1, "4h")),
            _polled("now", ("good", "3h"), ("failed", "1h")),
            _errors("now", flat(7, "3h").by(1, "1h")),
            _errors("now", flat(9, "4h"), "unauthorized"),
            _polled("over", ("failed", "1h"), ("good", "3h")),
            _errors("over", flat(0, "5m").by(1, "55m").flat("3h")),
        ),
        (
            Result(f"round({REASONS})", "10m", _of({"first": 1, "over": 5}, reason="timeout")),
            Result(f"{REASONS} > bool 0", "230m", _of({"now": 1}, reason="timeout")),
        ),
    ),
)  # fmt: skip
