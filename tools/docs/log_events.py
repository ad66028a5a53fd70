"""Writes docs/log-events.md: every event that the exporter logs. A test compares the events with the calls in the code."""

from __future__ import annotations

from pathlib import Path
from typing import Final, NamedTuple

from exporter.log import LEVELS
from tools.markdown import codes, table


class Event(NamedTuple):
    """One kind of log line."""

    name: str
    levels: tuple[str, ...]
    fields: tuple[str, ...]
    when: str
    action: str = "-"


_ACCOUNT: Final = ("provider", "account")
_FAILURE: Final = ("reason", "error", "host", "remedy", "failures", "failing_for")
_RECOVERY: Final = ("failures", "failed_for")

EVENTS: Final = (
    Event(
        "config loaded", ("info",), ("file", "accounts"), "The configuration was read at the start.",
    ),
    Event(
        "secret in config", ("warning",), (*_ACCOUNT, "remedy"), "An account has its key in the configuration itself.",
        "Move the key to a file or an environment variable.",
    ),
    Event("server listening", ("info",), ("addresses", "accounts", "version"), "The exporter is ready."),
    Event("start failed", ("error",), ("error", "remedy"), "The exporter cannot start. It exits with 1.", "Follow `remedy`."),
    Event("config reloaded", ("info",), ("file",), "A changed configuration is in effect."),
    Event(
        "config refused", ("error",), ("file", "problems"),
        "A changed configuration is invalid; the previous one stays in effect. Logged when the problems change, and once an hour.",
        "Correct each problem. They are separated by `; `, and `check` lists them too.",
    ),
    Event(
        "reload crashed", ("error",), ("error", "at"), "A reload failed because of a defect; the previous configuration stays in effect.",
        "Report the defect with this line.",
    ),
    Event(
        "state path needs a restart", ("warning",), ("remedy",), "A reload changed `state`, which has no effect until a restart.",
        "Restart the exporter.",
    ),
    Event("poll finished", ("debug",), (*_ACCOUNT, "resources"), "A poll succeeded, and so did the one before."),
    Event(
        "poll failed", ("warning", "debug"), (*_ACCOUNT, *_FAILURE),
        "A poll failed. At `warning`: the first failure, a failure with another reason than the last one, and one line an hour while the polls "
        "fail. At `debug`: every other failure.",
        "Follow `remedy`.",
    ),
    Event("poll recovered", ("info",), (*_ACCOUNT, *_RECOVERY), "A poll succeeded after failures."),
    Event(
        "optional request failed", ("warning", "debug"), (*_ACCOUNT, "request", *_FAILURE),
        "A request without which the poll succeeds failed. The levels are those of `poll failed`.",
        "Follow `remedy`. Some amounts of the account are missing.",
    ),
    Event("optional request recovered", ("info",), (*_ACCOUNT, "request", *_RECOVERY), "The request succeeded after failures."),
    Event(
        "poll crashed", ("error",), (*_ACCOUNT, "error", "at"), "A poll failed because of a defect of the exporter (`reason=internal`).",
        "Report the defect with this line.",
    ),
    Event(
        "budget has no effect", ("warning",), (*_ACCOUNT, "resource", "unit", "vendor"),
        "A budget is in another unit than the amounts of the vendor, or the vendor reports no amount of the resource. Logged when that begins.",
        "Use a unit of `vendor` in `budgets`. If it is `no amount`, compare the account with the vendor's dashboard.",
    ),
    Event(
        "threshold has no effect", ("warning",), (*_ACCOUNT, "resource", "severity", "remedy"),
        "A threshold of this resource has nothing to refer to: it is a share, and the vendor reports no limit, or it is unknown what remains, "
        "or the vendor reports no amount of the resource. "
        "Logged when that begins.",
        "Follow `remedy`.",
    ),
    Event(
        "state restored", ("info", "warning"), ("accounts", "skipped"),
        "The state file was read. At `warning`: `skipped` accounts could not be read, and start without history.",
    ),
    Event(
        "state unusable", ("error",), ("error",),
        "The state file cannot be opened, does not answer, or is no longer in its place. The exporter runs without it, and "
        "tries to open it once a minute. Logged when the cause changes, and once an hour.",
        "Correct what `error` names.",
    ),
    Event(
        "state unreadable", ("error",), ("error",), "The state file was opened and cannot be read. Accounts start without history.",
        "Check the disk. Move the file away if it is damaged.",
    ),
    Event(
        "state write failed", ("error",), ("error", "remedy"),
        "The state file cannot be written. Logged when the cause changes, and once an hour.",
        "See [AIAccountExporterStateNotWritten](runbooks/AIAccountExporterStateNotWritten.md).",
    ),
    Event("state write recovered", ("info",), (), "The state file can be written again."),
    Event(
        "web protection switched off", ("warning",), ("file", "setting"), "A reload of the web configuration removed a protection.",
        "Check that this was intended.",
    ),
    Event("web setting without effect", ("info",), ("setting", "note"), "The web configuration has a setting that this exporter does not use."),
    Event(
        "accept failed", ("warning",), ("error",),
        "A connection cannot be accepted, as when no file descriptor is left. Logged when that begins, when the cause changes, and once an hour.",
        "Increase the limit of open files, or find out what connects so often.",
    ),
    Event("connection failed", ("error",), ("error",), "A connection failed because of a defect.", "Report the defect with this line."),
    Event(
        "notify failed", ("warning",), ("error",), "A message to systemd (`NOTIFY_SOCKET`) cannot be sent.",
        "Check `NotifyAccess=` and the sandbox of the unit.",
    ),
    Event(
        "push failed", ("warning",), ("host", "reason", "error"), "The metrics could not be pushed. Logged when the error changes, and once an hour.",
        "Check the receiver, and the settings of the push.",
    ),
    Event("push succeeded", ("info",), ("host",), "The metrics were pushed: the first time, or after failures."),
    Event(
        "push crashed", ("error",), ("error", "at"), "A push failed because of a defect of the exporter.", "Report the defect with this line.",
    ),
    Event("shutdown requested", ("info",), (), "SIGTERM or SIGINT was received."),
    Event("shutdown finished", ("info",), (), "The exporter ends."),
    Event(
        "daemon died", ("error",), ("error", "at"), "The exporter ends because of a defect. It exits with 1.",
        "Report the defect with this line.",
    ),
)  # fmt: skip
"""In the order in which a process may log them."""

LOG_EVENTS = """\
<!-- Written by `make docs` from tools/docs/log_events.py; do not edit. -->

# Log events

The exporter logs to standard error, one event a line, as logfmt or JSON (`--log.format`). `--log.level` is the lowest level that is logged:
{levels}. Every line has `ts` (UTC), `level` and `event`. No line contains a key, a param of an account, or text of a response
except error codes.

| field | meaning |
| --- | --- |
| `provider`, `account` | the account, as in the labels of the metrics |
| `host` | the host name of the vendor's API, or that of `base_url` |
| `request` | the path and the query of a request, as the definition contains them: `{{project}}` is the name of a param |
| `reason` | why the poll failed, as in the label of `ai_account_scrape_errors_total`: see [Troubleshooting](troubleshooting.md#a-poll-fails) |
| `error` | what happened |
| `remedy` | what to do |
| `failures` | failures in a row |
| `failing_for`, `failed_for` | the time since the first failure, such as `2h15m` |
| `at` | places in the source code, for reports of defects |

## Events

{events}

Wrong usage and an invalid configuration at the start are not events: they are printed as text, in each format of the log.

If standard error cannot be written, lines are dropped and counted in the event `N log lines were dropped`. The libraries of the exporter may log
further lines at `warning` and above.
"""


def log_events(_path: Path) -> str:
    """The page about log events."""
    rows = ((f"`{each.name}`", codes(each.levels), codes(each.fields) or "-", each.when, each.action) for each in EVENTS)
    return LOG_EVENTS.format(levels=codes(LEVELS), events=table(("event", "level", "fields", "when", "what to do"), rows))
