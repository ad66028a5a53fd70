"""What is measured: alerts with the time that they announce, and groups of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from benchmarks.warning.grid import HOUR

Key = tuple[str, str]
"""Alert and severity."""

ROOT: Final = Path(__file__).resolve().parents[3]
RULES: Final = ROOT / "prometheus" / "rules"
BASELINES: Final = Path(__file__).with_name("baselines.yaml")

EXHAUSTED: Final = ("AIAccountExhausted", "critical")
CAP_EXCEEDED: Final = ("AIAccountSpendCapExceeded", "critical")
FACTS: Final = frozenset(name for name, _ in (EXHAUSTED, CAP_EXCEEDED))
"""These report facts. Their severity depends on whether a refill is near, so both severities count as one alert."""
PAGE: Final[tuple[Key, ...]] = (("AIAccountRunningOut", "critical"),)
WARNING: Final[tuple[Key, ...]] = (("AIAccountRunningOut", "warning"), ("AIAccountSpendPaceOverCap", "warning"))
LOW: Final[tuple[Key, ...]] = (
    ("AIAccountLowShare", "warning"), ("AIAccountBelowThreshold", "warning"), ("AIAccountBelowThreshold", "critical"),
    ("AIAccountAutoReloadOff", "warning"), ("AIAccountSpendCapNear", "warning"),
)  # fmt: skip
"""These say that little is left, which is so: a false alarm of these is information, not a wrong claim."""
SOON: Final = "ending soon"
GROUPS: Final[dict[str, tuple[Key, ...]]] = {
    SOON: (*PAGE, *WARNING), f"{SOON}: pages": PAGE, f"{SOON}: warnings": WARNING, f"{SOON} or low": (*PAGE, *WARNING, *LOW),
}  # fmt: skip

HORIZONS: Final[dict[Key, int]] = {
    **dict.fromkeys(LOW, 72 * HOUR),
    ("AIAccountRunningOut", "critical"): 12 * HOUR,
    ("AIAccountRunningOut", "warning"): 48 * HOUR,
    ("AIAccountSpendPaceOverCap", "warning"): 15 * 24 * HOUR,
}
"""Steps from the start of the alert to the announced end. Without an end in twice that time the alert was false."""


@dataclass(frozen=True)
class Rules:
    """Rule files, their groups, and the horizon of each alert that announces an end."""

    files: tuple[Path, ...]
    groups: tuple[Mapping[str, Any], ...]
    horizons: Mapping[Key, int]

    @property
    def detectors(self) -> dict[str, tuple[Key, ...]]:
        """What a table has a row for: groups, then single alerts, in which only what these rules contain."""
        present = {key_of(rule) for rule in self.alerts}
        single = {f"{name} {severity}".strip(): ((name, severity),) for name, severity in self.horizons}
        return {name: keys for name, keys in {**GROUPS, **single}.items() if present.intersection(keys)}

    @property
    def alerts(self) -> Iterable[Mapping[str, Any]]:
        """All alerting rules."""
        return (rule for group in self.groups for rule in group["rules"] if "alert" in rule)


def load(folder: Path = RULES, further: Sequence[Path] = (BASELINES,)) -> Rules:
    """Read rule files. Further files state the horizon of each alert in an annotation `horizon_hours`."""
    files = (*(path for name in ("recording.yaml", "alerts.yaml") if (path := folder / name).is_file()), *further)
    groups = tuple(group for path in files for group in yaml.safe_load(path.read_text(encoding="utf-8"))["groups"])
    rules = Rules(files, groups, {})
    stated = {
        key_of(rule): int(float(hours) * HOUR) for rule in rules.alerts if (hours := rule.get("annotations", {}).get("horizon_hours"))
    }
    return Rules(files, groups, {**HORIZONS, **stated})


def key_of(rule: Mapping[str, Any]) -> Key:
    """Return alert and severity of a rule."""
    return rule["alert"], rule.get("labels", {}).get("severity", "")
