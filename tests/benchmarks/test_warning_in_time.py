"""The fixed run: the rules warn no worse than recorded, and promtool's rule manager says the same of every alert."""

import shutil

import pytest

from benchmarks.warning.scoring.check import PLAN, measure, read_recorded, worse
from benchmarks.warning.scoring.detectors import load
from benchmarks.warning.scoring.verify import verify
from benchmarks.warning.simulation.batch import Plan, simulate

pytestmark = pytest.mark.e2e


def test_the_rules_warn_no_worse_than_recorded() -> None:
    assert not list(worse(measure(), read_recorded()))


def test_promtool_starts_and_ends_every_alert_at_the_same_time() -> None:
    assert shutil.which("promtool")
    batch = simulate(Plan(3, 77, PLAN.kinds[::4], len(PLAN.kinds[::4])), 0)
    assert not list(verify(batch, load(), 2, len(batch.accounts)))
