"""Arithmetic of docs/cost.md."""

import pytest

from tools.docs.cost import ALWAYS, IDLE, TOTESYS, WORKING, fixed, jobs, month, run_price

TWO_WORKERS = {"WorkerType": "G.1X", "NumberOfWorkers": 2}


def test_a_run_is_billed_for_a_minute_at_least_and_then_by_the_second() -> None:
    assert run_price(TWO_WORKERS, 1) == pytest.approx(2 / 60 * 0.44)
    assert run_price(TWO_WORKERS, 35) == pytest.approx(2 / 60 * 0.44)
    assert run_price(TWO_WORKERS, 95) == pytest.approx(2 * 2 / 60 * 0.44)
    assert run_price({"WorkerType": "G.2X", "NumberOfWorkers": 3}, 35) == pytest.approx(
        6 / 60 * 0.44
    )


def test_the_jobs_are_those_of_the_definition() -> None:
    assert set(jobs()) == {
        *("ingest_totesys", "transform_star", "load_warehouse"),
        *("audit_warehouse", "rebuild_current"),
    }


def test_an_idle_source_costs_its_ingests_and_one_publication_a_day() -> None:
    parts = month(IDLE, ALWAYS)
    assert parts["ingest"] == pytest.approx(2880 * 2 / 60 * 0.44)
    # The audit works for longer than the minute that is billed at least.
    assert parts["audit"] == pytest.approx(30 * 2 * (IDLE.audit + 25) / 3600 * 0.44)
    assert parts["publish"] == pytest.approx(30 * 2 * 2 / 60 * 0.44)


def test_what_is_paid_whatever_happens_follows_the_definition() -> None:
    # One key, two secrets, six alarms; metrics: 11 tables, five jobs, lag, quarantine, two proofs.
    assert fixed() == pytest.approx(1.00 + 2 * 0.40 + 6 * 0.10 + 20 * 0.30)


def test_the_platform_keeps_within_its_budget() -> None:
    assert sum(month(TOTESYS, ALWAYS).values()) < 70
    assert sum(month(TOTESYS, WORKING).values()) < 45
