"""Alerts on the exporter itself."""

from __future__ import annotations

from tools.rules.model import Alert

DOWN = Alert(
    "AIAccountExporterDown",
    "critical",
    # A known target that fails; else a job that has lost all its exporters; else no exporter at all.
    """
    up == 0 and on (job, instance) last_over_time(ai_account_exporter_build_info[1d])
    or
    group by (job) (last_over_time(ai_account_exporter_build_info[1d]))
    unless on (job) ai_account_exporter_build_info
    unless on (job) (up == 0 and on (job, instance) last_over_time(ai_account_exporter_build_info[1d]))
    or
    absent_over_time(ai_account_exporter_build_info[1d])
    """,
    "5m",
    "Prometheus cannot read the AI account exporter.",
    "{{ if $labels.instance }}The exporter at {{ $labels.instance }} (job {{ $labels.job }}) does not answer. {{ else if $labels.job }}"
    "Job {{ $labels.job }} has no exporter any more. {{ else }}No exporter has been seen for a day. {{ end }}"
    "No alert on an account can be trusted until it is back. See whether the process runs, then its log.",
    keep="5m",
)

SHARD_MISSING = Alert(
    "AIAccountExporterShardMissing",
    "warning",
    # Fewer different numbers than there should be; or exporters that were told of different totals.
    """
    count by (job) (count_values by (job) ("shard", ai_account_exporter_shard_ordinal)) < on (job) max by (job) (ai_account_exporter_total_shards)
    or
    max by (job) (ai_account_exporter_total_shards) > on (job) min by (job) (ai_account_exporter_total_shards)
    """,
    "10m",
    "The exporters that share the accounts are not complete.",
    "Of the exporters of job {{ $labels.job }} a shard is missing, or they were told of different numbers of shards. So some accounts are "
    "polled by nobody, and no alert on them can fire, or by two. Compare --shard and --total-shards of all of them.",
    keep="5m",
)

RELOAD_FAILED = Alert(
    "AIAccountExporterConfigReloadFailed",
    "warning",
    "ai_account_exporter_config_last_reload_successful == 0",
    "5m",
    "The exporter has refused its new configuration.",
    "The exporter at {{ $labels.instance }} goes on with the configuration that it had before; the changed one is wrong, and a restart "
    "would fail. Run `ai-account-exporter check` on it: it names every problem.",
)

AVAILABILITY = (DOWN, SHARD_MISSING)
ERRORS = (RELOAD_FAILED,)
