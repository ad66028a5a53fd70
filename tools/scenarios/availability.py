"""Is the exporter there, are the vendors, and do they know the account?"""

from __future__ import annotations

from tools.scenarios.accounts import Account
from tools.scenarios.model import Fires, Line, Quiet, Scenario, Series, flat, series

DOWN, VENDOR, STALE = "AIAccountExporterDown", "AIAccountVendorDown", "AIAccountDataStale"
SHARD = "AIAccountExporterShardMissing"
CREDENTIAL, NOT_ACTIVE = "AIAccountCredentialFailing", "AIAccountNotActive"

STUDIO = Account()
SPARE = Account("spare")
STAGE = Account("stage", "liveavatar", "")


def _target(up: Line, build: Line, instance: str = "one:9893") -> Series:
    labels = {"job": "ai", "instance": instance}
    return series("up", labels, up) | series("ai_account_exporter_build_info", labels | {"version": "1.0.0"}, build)


def _status(state: str) -> Series:
    return STUDIO.show("status", flat(0, "1h"), status="active") | STUDIO.show("status", flat(1, "1h"), status=state)


BROKEN = flat(1, "30m").set(0).flat("30m")
GONE = flat(1, "30m").gone("30m")

EXPORTER = (
    Scenario(
        "an exporter that does not answer; the neighbour in its job is another program",
        (_target(BROKEN, GONE), series("up", {"job": "ai", "instance": "other:80"}, flat(0, "1h"))),
        (
            Quiet(DOWN, "34m"),
            Fires(
                DOWN,
                "35m",
                ({"job": "ai", "instance": "one:9893", "severity": "critical"},),
                "The exporter at one:9893 (job ai) does not answer. No alert on an account can be trusted until it is back. "
                "See whether the process runs, then its log.",
            ),
        ),
    ),
    Scenario(
        "an exporter whose target has vanished",
        (_target(GONE, GONE),),
        (Quiet(DOWN, "34m"), Fires(DOWN, "36m", ({"job": "ai", "severity": "critical"},))),
    ),
    Scenario("no exporter at all", (), (Quiet(DOWN, "4m"), Fires(DOWN, "6m", ({"severity": "critical"},)))),
    Scenario(
        "one of two exporters is down",
        (_target(BROKEN, GONE), _target(flat(1, "1h"), flat(1, "1h"), "two:9893")),
        (Fires(DOWN, "40m", ({"instance": "one:9893"},)),),
    ),
    Scenario(
        "one of two exporters is taken away on purpose",
        (_target(GONE, GONE), _target(flat(1, "1h"), flat(1, "1h"), "two:9893")),
        (Quiet(DOWN, "50m"),),
    ),
    Scenario(
        "an exporter restarts within four minutes",
        (_target(flat(1, "30m").set(0).flat("4m").set(1).flat("26m"), flat(1, "30m").gone("4m").flat("26m")),),
        (Quiet(DOWN, "33m"), Quiet(DOWN, "40m")),
    ),
)


def _shard(ordinal: float, total: float, span: str = "1h", instance: str = "one:9893") -> Series:
    labels = {"job": "ai", "instance": instance}
    known = {"shard_ordinal": ordinal, "total_shards": total}
    found: Series = {}
    for family, value in known.items():
        line = flat(value, span) if span == "1h" else flat(value, span).gone("40m")
        found |= series(f"ai_account_exporter_{family}", labels, line)
    return found


SHARDED = (
    Scenario(
        "one of three shards is gone",
        (_shard(0, 3), _shard(1, 3, instance="two:9893"), _shard(2, 3, "20m", "three:9893")),
        (
            Quiet(SHARD, "29m"),
            Fires(
                SHARD,
                "31m",
                ({"job": "ai", "severity": "warning"},),
                "Of the exporters of job ai a shard is missing, or they were told of different numbers of shards. So some accounts are "
                "polled by nobody, and no alert on them can fire, or by two. Compare --shard and --total-shards of all of them.",
            ),
        ),
    ),
    Scenario(
        "shards were told of different totals",
        (_shard(0, 2), _shard(1, 2, instance="two:9893"), _shard(0, 1, instance="three:9893")),
        (Fires(SHARD, "20m", ({"job": "ai"},)),),
    ),
    Scenario("two of two shards", (_shard(0, 2), _shard(1, 2, instance="two:9893")), (Quiet(SHARD, "50m"),)),
    Scenario("two replicas without shards", (_shard(0, 1), _shard(0, 1, instance="two:9893")), (Quiet(SHARD, "50m"),)),
)

VENDORS = (
    Scenario(
        "all accounts of a vendor time out, one with a key that was refused before; another vendor is well",
        (
            STUDIO.polls(("good", "30m"), ("timeout", "1h")),
            SPARE.polls(("unauthorized", "10m"), ("server_error", "80m")),
            STAGE.polls(("good", "90m")),
        ),
        (
            Quiet(VENDOR, "39m"),
            Fires(
                VENDOR,
                "40m",
                ({"provider": "heygen", "severity": "warning"},),
                "heygen cannot be reached or answers with faults of its own, for all of its accounts (2). Figures are kept until they are "
                "stale. Look at the vendor's status page, then at the way out: proxy, DNS, firewall.",
            ),
        ),
    ),
    Scenario(
        "one bad account among good ones",
        (STUDIO.polls(("good", "90m")), SPARE.polls(("timeout", "90m"))),
        (Quiet(VENDOR, "50m"),),
    ),
    Scenario(
        "every key is refused: that is not the vendor",
        (STUDIO.polls(("good", "30m"), ("unauthorized", "1h")), SPARE.polls(("forbidden", "90m"))),
        (Quiet(VENDOR, "50m"),),
    ),
    Scenario(
        "a key is refused, then the vendor is down",
        (STUDIO.polls(("unauthorized", "30m"), ("timeout", "1h")),),
        (Quiet(VENDOR, "58m"), Fires(VENDOR, "74m", ({"provider": "heygen"},))),
    ),
    Scenario(
        "one of two exporters is cut off",
        (STUDIO.polls(("connection", "90m")), Account(instance="two:9893").polls(("good", "90m"))),
        (Quiet(VENDOR, "50m"),),
    ),
    Scenario(
        "a vendor comes back",
        (STUDIO.polls(("good", "30m"), ("tls", "30m"), ("good", "1h")),),
        (Fires(VENDOR, "79m", ({"provider": "heygen"},)), Quiet(VENDOR, "81m")),
    ),
)

KEYS = (
    Scenario(
        "a key is refused, and replaced",
        (STUDIO.polls(("good", "30m"), ("unauthorized", "30m"), ("good", "1h")), SPARE.polls(("good", "2h"))),
        (
            Quiet(CREDENTIAL, "39m"),
            Fires(
                CREDENTIAL,
                "40m",
                (STUDIO.alert("critical", reason="unauthorized"),),
                "Polls of account studio at heygen fail with unauthorized, so nobody sees what is left. Replace the key or give it the "
                "permission that the exporter needs. If production uses the same key, it fails too.",
            ),
            Fires(CREDENTIAL, "69m", ({"account": "studio"},)),
            Quiet(CREDENTIAL, "71m"),
        ),
    ),
    Scenario(
        "a key without permission, and a secret that cannot be read",
        (STUDIO.polls(("forbidden", "1h")), SPARE.polls(("credential", "1h"))),
        (
            Fires(
                CREDENTIAL,
                "20m",
                ({"account": "studio", "reason": "forbidden"}, {"account": "spare", "reason": "credential"}),
            ),
        ),
    ),
    Scenario("a vendor that is down says nothing of the key", (STUDIO.polls(("server_error", "2h")),), (Quiet(CREDENTIAL, "25m"),)),
)

SLOW = Account("slow")
NEW = Account("new")
AGE = (
    Scenario(
        "the figures age while polls fail and back-off stretches the interval",
        (
            STUDIO.polls(("good", "60m"), ("timeout", "2h"))
            | STUDIO.show("scrape_interval_seconds", flat(300, "70m").set(900).flat("110m")),
        ),
        (
            Quiet(STALE, "84m"),
            Fires(
                STALE,
                "85m",
                (STUDIO.alert("warning"),),
                "The last good poll of account studio at heygen was 26m 0s ago. What is left of it is not known. "
                "The reasons are in ai_account_scrape_errors_total and on the exporter's status page.",
            ),
        ),
    ),
    Scenario(
        "an account that never could be read",
        (NEW.polls(("new", "1m"), ("timeout", "1h")),),
        (
            Quiet(STALE, "9m"),
            Fires(
                STALE,
                "10m",
                (NEW.alert("warning"),),
                "Account new at heygen has never been read. What is left of it is not known. "
                "The reasons are in ai_account_scrape_errors_total and on the exporter's status page.",
            ),
        ),
    ),
    Scenario(
        "an interval shorter than a scrape is waited for longer",
        (STUDIO.polls(("good", "20m"), ("timeout", "30m"), interval=10),),
        (Quiet(STALE, "34m"), Fires(STALE, "35m", ({"account": "studio"},))),
    ),
    Scenario(
        "a long interval is no fault, nor one that was made longer, nor one shorter than a scrape",
        (
            SLOW.show("up", flat(1, "3h"))
            | SLOW.show("scrapes_total", flat(1, "3h"))
            | SLOW.show("last_success_timestamp_seconds", flat(0, "3h"))
            | SLOW.show("scrape_interval_seconds", flat(60, "3m").set(3600).flat("177m")),
            STUDIO.polls(("good", "3h"), interval=1),
        ),
        (Quiet(STALE, "75m"),),
    ),
)

STANDING = (
    Scenario(
        "a payment is late",
        (_status("past_due"),),
        (
            Quiet(NOT_ACTIVE, "14m"),
            Fires(
                NOT_ACTIVE,
                "15m",
                (STUDIO.alert("warning", status="past_due"),),
                "Account studio at heygen is past_due. Look at its billing page: mostly a payment failed or the subscription has ended, "
                "and the vendor will stop service, or has.",
            ),
        ),
    ),
    Scenario(
        "a payment is late, and then the vendor is down until the figures are stale",
        (STUDIO.show("status", flat(1, "45m").gone("75m"), status="past_due"), STUDIO.polls(("good", "30m"), ("timeout", "90m"))),
        (Fires(NOT_ACTIVE, "110m", ({"status": "past_due"},)),),
    ),
    Scenario(
        "a payment is late, and the account leaves the configuration",
        (STUDIO.show("status", flat(1, "45m").gone("75m"), status="past_due"),),
        (Fires(NOT_ACTIVE, "54m", ({"status": "past_due"},)), Quiet(NOT_ACTIVE, "56m")),
    ),
    Scenario("a free plan that was switched off", (_status("free_disabled"),), (Fires(NOT_ACTIVE, "20m", ({"status": "free_disabled"},)),)),
    Scenario("a trial is no fault", (_status("trialing"),), (Quiet(NOT_ACTIVE, "30m"),)),
)

SCENARIOS = EXPORTER + SHARDED + VENDORS + KEYS + AGE + STANDING
