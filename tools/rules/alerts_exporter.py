"""Alerts on the exporter itself."""

from __future__ import annotations

from tools.rules.rule import JOB, TARGET, Alert

_JOB = "job {{ $labels.job }}{{ with $labels.namespace }} in namespace {{ . }}{{ end }}"

_FAILING = f"up == 0 and on ({TARGET}) last_over_time(ai_account_exporter_build_info[7d])"

DOWN = Alert(
    "AIAccountExporterDown",
    "critical",
    # A known target that fails, or else a job without any exporter left, or else no exporter at all. A job that was removed on purpose alerts
    # for a day.
    f"""
    {_FAILING}
    or
    group by ({JOB}) (last_over_time(ai_account_exporter_build_info[1d]))
    unless on ({JOB}) ai_account_exporter_build_info
    unless on ({JOB}) ({_FAILING})
    or
    absent_over_time(ai_account_exporter_build_info[1d])
    unless on () ({_FAILING})
    """,
    "5m",
    "Prometheus cannot scrape the AI account exporter.",
    "{{ if $labels.instance }}The exporter at {{ $labels.instance }} (job {{ $labels.job }}) does not respond. {{ else if $labels.job }}"
    f"No exporter of {_JOB} is left. {{{{ else }}}}No exporter has been scraped for a day. {{{{ end }}}}"
    "Alerts on accounts are not reliable until it is back. Check that the process runs, then read its log.",
    keep_firing_for="5m",
)

SHARD_MISSING = Alert(
    "AIAccountExporterShardMissing",
    "warning",
    # Fewer different ordinals than shards, or shards with different totals.
    f"""
    count by ({JOB}) (count_values by ({JOB}) ("shard", ai_account_exporter_shard_ordinal)) < max by ({JOB}) (ai_account_exporter_total_shards)
    or
    max by ({JOB}) (ai_account_exporter_total_shards) > min by ({JOB}) (ai_account_exporter_total_shards)
    """,
    "10m",
    "A shard of the exporter is missing.",
    f"A shard of {_JOB} is missing, or its shards run with different values of --total-shards. Some accounts are polled by no "
    "shard, so no alert on them can fire, or by two. Compare --shard and --total-shards of all shards.",
    keep_firing_for="5m",
)

RELOAD_FAILED = Alert(
    "AIAccountExporterConfigReloadFailed",
    "warning",
    "ai_account_exporter_config_last_reload_successful == 0",
    "5m",
    "The exporter rejected its new configuration.",
    "The exporter at {{ $labels.instance }} keeps its previous configuration. The new one is invalid, and a restart would fail. "
    "Run `ai-account-exporter check` on it to list every problem.",
)

STATE_NOT_WRITTEN = Alert(
    "AIAccountExporterStateNotWritten",
    "warning",
    "ai_account_exporter_state_last_write_successful == 0",
    "15m",
    "The exporter cannot write its state file.",
    "The exporter at {{ $labels.instance }} cannot write its state file. A restart loses the counters and the last values since the last "
    "write, and may poll vendors too early. Check the disk, and the permissions of the folder of state.path. The exporter's log contains the "
    "cause.",
)

AVAILABILITY = (DOWN, SHARD_MISSING)
ERRORS = (RELOAD_FAILED, STATE_NOT_WRITTEN)
