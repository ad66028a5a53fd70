"""Compares the recorded burn with other expressions after common events of an account: `python -m benchmarks.burn`.

The series are those of the exporter. promtool evaluates: each test expects no sample, so the failure shows the result.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import groupby
from pathlib import Path

import yaml

from exporter.accounts.consumption import Consumption, update_consumption
from exporter.model import Quota
from tools.rules.documents import render

MINUTE, HOUR = 60, 3600
POLL = 5 * MINUTE
END = 52 * HOUR
BURN = 120
TOP_UP, REFUND, OUTAGE = 24 * HOUR, 30 * HOUR, (40 * HOUR, 46 * HOUR)
STALE_AFTER = 3 * POLL
LIMIT = Decimal(5000)

TIMES = {
    "steady": "20h", "30 min after a top-up or reset": "1d30m", "2 h after": "1d2h", "30 min after a refund of 30": "1d6h30m",
    "3 h into an outage": "1d19h", "30 min after it": "1d22h30m", "5 h after": "2d3h",
}  # fmt: skip
"""The evaluation times, in promtool's notation."""

RULE = 'account:ai_account_quota_burn:rate{}{{resource="{}"}} * 3600'
WALLET = 'ai_account_quota_remaining{resource="wallet"}'
PLAN = 'ai_account_quota_used{resource="plan"}'
EXPRESSIONS = {
    **{f"`burn:rate{window}`, a balance": RULE.format(window, "wallet") for window in ("1h", "1d")},
    **{f"`burn:rate{window}`, used of a limit": RULE.format(window, "plan") for window in ("1h", "1d")},
    "`-deriv(remaining[6h])`": f"-deriv({WALLET}[6h]) * 3600",
    "`remaining - predict_linear(remaining[6h], 1h)`": f"{WALLET} - predict_linear({WALLET}[6h], 3600)",
    "`-delta(remaining[6h])`": f"-delta({WALLET}[6h]) / 6",
    "`increase(used[6h])`": f"increase({PLAN}[6h]) / 6",
    "the falls of `remaining` in 6h": f"avg_over_time(clamp_min({WALLET} offset 5m - {WALLET}, 0)[6h:5m]) * 12",
}
"""All in units per hour."""

Page = dict[str, float]


def quotas(at: float) -> tuple[Quota, Quota]:
    """Return the vendor's values: a prepaid wallet, and a plan that is reset. Both fall by 120 per hour in whole units."""
    consumed = Decimal(int(at * BURN / HOUR))
    refund = Decimal(30 if at >= REFUND else 0)
    since = consumed - (Decimal(TOP_UP * BURN // HOUR) if at >= TOP_UP else 0)
    used = since - refund
    wallet = Quota("wallet", "usd", remaining=Decimal(9000) - consumed + refund + (1500 if at >= TOP_UP else 0))
    return wallet, Quota("plan", "credits", used=used, limit=LIMIT, remaining=LIMIT - used, resets_at=TOP_UP * (2 if at >= TOP_UP else 1))


def pages() -> Iterator[Page]:
    """Yield the page of each minute: the account is polled every five minutes, except during the outage."""
    consumption: tuple[Consumption, ...] = ()
    quotas_sent: tuple[Quota, ...] = ()
    success = 0.0
    for now in range(0, END + MINUTE, MINUTE):
        if now % POLL == 0 and not OUTAGE[0] <= now < OUTAGE[1]:
            quotas_sent, success = quotas(now), float(now)
            consumption = update_consumption(consumption, quotas_sent, success, success)
        yield _page(quotas_sent if now - success <= STALE_AFTER else (), consumption, success)


def _page(quotas_sent: Sequence[Quota], consumption: Sequence[Consumption], success: float) -> Page:
    page: Page = {"ai_account_last_success_timestamp_seconds": success, "ai_account_scrapes_total": 1, "ai_account_up": 1}
    for quota in quotas_sent:
        for family in ("remaining", "used"):
            if (value := getattr(quota, family)) is not None:
                page[f'ai_account_quota_{family}{{resource="{quota.resource}", unit="{quota.unit}"}}'] = float(value)
    for each in consumption:
        page[f'ai_account_quota_consumed_total{{resource="{each.resource}", unit="{each.unit}"}}'] = float(each.consumed)
    return page


def _values(column: Sequence[float | None]) -> str:
    """Return a series in promtool's notation."""
    runs = ((value, len(list(run))) for value, run in groupby(column))
    return " ".join(f"stale _x{count - 1}" if value is None else f"{value:.12g}x{count - 1}" for value, count in runs)


def measured(expressions: Mapping[str, str], times: Mapping[str, str]) -> dict[tuple[str, str], str]:
    """Return the value of each expression at each time."""
    all_pages = list(pages())
    names = sorted(set[str]().union(*all_pages))
    tests = [{"expr": expr, "eval_time": at, "exp_samples": []} for expr in expressions.values() for at in times.values()]
    series = [{"series": name, "values": _values([page.get(name) for page in all_pages])} for name in names]
    test = {"interval": "1m", "input_series": series, "promql_expr_test": tests}
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "recording.yaml").write_text(render()["recording.yaml"])
        file = Path(folder) / "test.yaml"
        file.write_text(yaml.safe_dump({"rule_files": ["recording.yaml"], "evaluation_interval": "1m", "tests": [test]}))
        command = ["promtool", "test", "rules", str(file)]
        result = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 -- the PATH's promtool
    found = re.findall(r'expr: (".*"), time: (\w+),\s+exp:.*\s+got: .*\} (\S+)$', result.stdout + result.stderr, re.MULTILINE)
    return {(yaml.safe_load(expr), at): f"{float(value):.1f}" for expr, at, value in found}


def main() -> None:
    """Print the table."""
    values = measured(EXPRESSIONS, TIMES)
    rows = [("expression", *TIMES), ["---"] + ["--:"] * len(TIMES)]
    rows += [(name, *(values.get((expr, at), "none") for at in TIMES.values())) for name, expr in EXPRESSIONS.items()]
    sys.stdout.write(f"Units per hour; the true value is {BURN}.\n\n")
    sys.stdout.writelines(f"| {' | '.join(row)} |\n" for row in rows)


if __name__ == "__main__":
    main()
