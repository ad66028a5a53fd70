"""What fails, or will fail, without anything running out."""

from __future__ import annotations

from tools.scenarios.accounts import Account
from tools.scenarios.model import Fires, Line, Quiet, Scenario, Series, flat, series

RELOAD, EXPIRING, LIMITED = "AIAccountExporterConfigReloadFailed", "AIAccountCredentialExpiring", "AIAccountRateLimited"
DRIFT, NOTHING = "AIAccountSchemaDrift", "AIAccountNoResources"

STUDIO = Account()
SPARE = Account("spare")
DAY = 86400
HALF_HOUR = 1800


def _reload(line: Line) -> Series:
    return series("ai_account_exporter_config_last_reload_successful", {"job": "ai", "instance": "one:9893"}, line)


def _expiry(at: float) -> Series:
    return STUDIO.show("credential_expiry_timestamp_seconds", flat(at, "2h"))


RELOADS = (
    Scenario(
        "a wrong configuration is refused, then mended",
        (_reload(flat(1, "10m").set(0).flat("20m").set(1).flat("30m")),),
        (
            Quiet(RELOAD, "14m"),
            Fires(
                RELOAD,
                "15m",
                ({"job": "ai", "instance": "one:9893", "severity": "warning"},),
                "The exporter at one:9893 goes on with the configuration that it had before; the changed one is wrong, and a restart would "
                "fail. Run `ai-account-exporter check` on it: it names every problem.",
            ),
            Quiet(RELOAD, "31m"),
        ),
    ),
)

KEYS = (
    Scenario(
        "a key has less than fourteen days",
        (_expiry(14 * DAY + HALF_HOUR),),
        (
            Quiet(EXPIRING, "45m"),
            Fires(
                EXPIRING,
                "46m",
                (STUDIO.alert("warning"),),
                "The key of account studio at heygen stops working in 13d 23h 44m 0s. Make a new one at the vendor, put it where the "
                "exporter and production read it, then delete the old one.",
            ),
        ),
    ),
    Scenario(
        "a key has less than two days",
        (_expiry(2 * DAY + HALF_HOUR),),
        (Quiet(EXPIRING, "45m", "critical"), Fires(EXPIRING, "46m", ({"severity": "critical"}, {"severity": "warning"}))),
    ),
    Scenario("a key that has expired", (_expiry(60),), (Fires(EXPIRING, "46m", ({"severity": "critical"}, {"severity": "warning"})),)),
)

LIMITS = (
    Scenario(
        "a vendor refuses poll after poll",
        (STUDIO.polls(("good", "30m"), ("rate_limited", "150m")),),
        (
            Quiet(LIMITED, "60m"),
            Fires(
                LIMITED,
                "91m",
                (STUDIO.alert("warning"),),
                "heygen refuses 100% of the polls of account studio. Make its interval longer, or find out who else uses the key.",
            ),
        ),
    ),
    Scenario(
        "a third of an hour's polls are refused",
        (STUDIO.polls(("good", "30m"), ("rate_limited", "20m"), ("good", "2h")),),
        (Quiet(LIMITED, "66m"), Fires(LIMITED, "72m", ({"account": "studio"},))),
    ),
    Scenario(
        "a few refusals are nothing",
        (STUDIO.polls(("good", "30m"), ("rate_limited", "14m"), ("good", "2h")),),
        tuple(Quiet(LIMITED, at) for at in ("75m", "80m", "85m")),
    ),
    Scenario(
        "a vendor asks to wait for long",
        (STUDIO.show("rate_limited_until_timestamp_seconds", Line(4200).by(60, "3h")),),
        (
            Fires(
                LIMITED,
                "31m",
                (STUDIO.alert("warning"),),
                "heygen refuses 100% of the polls of account studio. Make its interval longer, or find out who else uses the key.",
            ),
        ),
    ),
    Scenario(
        "a vendor asks to wait for a while",
        (STUDIO.show("rate_limited_until_timestamp_seconds", Line(3600).by(60, "3h")),),
        (Quiet(LIMITED, "50m"),),
    ),
)


def _mismatches(field: str, line: Line) -> Series:
    return STUDIO.show("schema_mismatches_total", line, field=field)


SHAPES = (
    Scenario(
        "two fields are no longer what they were",
        (
            STUDIO.polls(("good", "4h")),
            *(_mismatches(each, Line().late("30m").by(1, "210m")) for each in ("wallet.remaining", "spend.used")),
        ),
        (
            Quiet(DRIFT, "45m"),
            Fires(
                DRIFT,
                "47m",
                (STUDIO.alert("warning"),),
                "Answers about account studio at heygen hold values that cannot be used, or are not what they should be. Figures may be "
                "missing. Which fields: ai_account_schema_mismatches_total. See whether a newer exporter knows the new shape.",
            ),
        ),
    ),
    Scenario(
        "polls are rare: one field, and one answer, was wrong once",
        (
            STUDIO.polls(("good", "2h")),
            _mismatches("spend.used", flat(0, "30m").set(1).flat("90m")),
            SPARE.show("up", flat(1, "30m").set(0).flat("90m")),
            SPARE.show("scrape_errors_total", flat(0, "30m").set(1).flat("90m"), reason="invalid_response"),
        ),
        (Fires(DRIFT, "50m", ({"account": "studio"}, {"account": "spare"})),),
    ),
    Scenario("a field failed long ago", (STUDIO.polls(("good", "4h")), _mismatches("spend.used", flat(3, "4h"))), (Quiet(DRIFT, "40m"),)),
    Scenario("the answer is another page", (STUDIO.polls(("invalid_response", "2h")),), (Fires(DRIFT, "25m", ({"account": "studio"},)),)),
    Scenario("no answer is not a wrong one", (STUDIO.polls(("timeout", "2h")),), (Quiet(DRIFT, "25m"),)),
)

AMOUNTS = (
    Scenario(
        "polls succeed and tell nothing",
        (STUDIO.show("resources", flat(0, "2h")),),
        (
            Quiet(NOTHING, "14m"),
            Fires(
                NOTHING,
                "15m",
                (STUDIO.alert("warning"),),
                "Polls of account studio at heygen succeed and tell nothing of what is left, so no alert on it can fire. Compare with the "
                "vendor's dashboard; it may be a key of the wrong kind or another plan.",
            ),
        ),
    ),
    Scenario("one resource is enough", (STUDIO.show("resources", flat(1, "2h")),), (Quiet(NOTHING, "25m"),)),
)

SCENARIOS = RELOADS + KEYS + LIMITS + SHAPES + AMOUNTS
