from __future__ import annotations

from exporter.model import Reason
from tests.drills import test_bodies, test_tls, test_waits, test_wire
from tests.drills.table import DRILLS

RUN = [*test_wire.SCENARIOS, *test_wire.REDIRECTS, *test_tls.FAULTS, *test_bodies.SCENARIOS, *test_waits.SCENARIOS]


def test_every_drill_of_the_table_is_run_once() -> None:
    assert sorted(RUN) == sorted(drill.name for drill in DRILLS)


def test_every_drill_has_its_own_fault_in_complete_sentences() -> None:
    assert len({drill.fault for drill in DRILLS}) == len(DRILLS)
    assert all(text.endswith(".") for drill in DRILLS for text in (drill.fault, drill.outcome))


def test_the_drills_cover_every_reason_that_a_connection_or_an_answer_can_cause() -> None:
    beside = {Reason.UNAUTHORIZED, Reason.FORBIDDEN, Reason.QUOTA_EXHAUSTED, Reason.CLIENT_ERROR, Reason.CREDENTIAL, Reason.INTERNAL}
    assert {drill.reason for drill in DRILLS} == {None, *Reason} - beside
