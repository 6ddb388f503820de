"""What is promised beyond single resources, and which test fails when it is broken."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Promise:
    """What is promised beyond single resources, and the test that fails when it is broken."""

    text: str
    way: str
    tests: tuple[str, ...]


E2E, LOCAL, MOCK, DOCUMENT = "jobs run on it", "local AWS", "mocked provider", "AWS's documents"
INFRASTRUCTURE = (
    Promise(
        "Apply, a second plan without a change, a changed setting, destroy",
        LOCAL,
        (
            "test_a_second_plan_changes_nothing_and_a_setting_only_itself",
            "test_destroy_leaves_nothing",
        ),
    ),
    Promise(
        "The same as the local deploy, field by field",
        LOCAL,
        ("test_terraform_makes_what_the_local_deploy_makes",),
    ),
    Promise(
        "Network, RDS, GitHub's role, Object Lock can be made and destroyed",
        "local AWS; moto shows some of their settings otherwise, so not planned again",
        ("test_every_optional_part_is_made", "test_destroy_leaves_nothing"),
    ),
    Promise("Apply starts no job", f"{LOCAL}, {MOCK}", ("test_apply_starts_no_job",)),
    Promise(
        "Rows arrive in the warehouse on what Terraform made",
        E2E,
        ("test_every_single_change_is_found_in_lake_and_warehouse",),
    ),
    Promise(
        "The policies allow every call that the jobs make",
        E2E,
        ("test_every_call_of_the_jobs_is_allowed_by_their_policies",),
    ),
    Promise(
        "The policies allow nothing that no job needs",
        E2E,
        ("test_no_policy_allows_a_call_that_no_job_makes",),
    ),
    Promise("What no job may do is denied", LOCAL, ("test_what_no_job_may_ever_do_is_denied",)),
    Promise(
        "What AWS Glue does for a job is allowed",
        f"{LOCAL}, by a list from {DOCUMENT}",
        ("test_what_glue_does_for_a_job_is_allowed",),
    ),
    Promise(
        "Secrets: each job its own, none in plan or state",
        LOCAL,
        (
            "test_a_job_reads_the_secrets_of_its_own_connections_only",
            "test_no_secret_is_in_plan_or_state",
        ),
    ),
    Promise(
        "A failure reaches a subscriber, once, on the last attempt",
        E2E,
        ("test_a_job_that_fails_alerts_once_with_a_message_for_people",),
    ),
    Promise(
        "A slow run reaches a subscriber",
        f"{LOCAL}, with an event from {DOCUMENT}",
        ("test_a_run_that_takes_too_long_alerts",),
    ),
    Promise(
        "A dead schedule breaches freshness, a row in quarantine alerts",
        f"{E2E}; alarms evaluated as {DOCUMENT} say",
        (
            "test_a_dead_schedule_breaches_the_freshness_alarm_and_a_live_one_does_not",
            "test_a_row_in_quarantine_alerts",
        ),
    ),
    Promise(
        "The zip of wheels installs without an index and moves no module of AWS Glue",
        "pip, in an environment with Glue's modules",
        ("test_pip_installs_the_bundle_without_an_index_and_moves_nothing",),
    ),
    Promise(
        "Both drivers check the server's certificate with the CA that they are given",
        "embedded PostgreSQL with TLS",
        ("test_both_drivers_check_the_certificate_with_the_given_ca",),
    ),
    Promise(
        "SQL for PostgreSQL 13 (source) and 15 (warehouse)",
        "what the servers were sent; both embedded versions",
        (
            "test_the_source_is_asked_nothing_newer_than_postgresql_13",
            "test_the_warehouse_is_asked_nothing_newer_than_postgresql_15",
        ),
    ),
    Promise(
        "E-mails, budget, GitHub's OIDC, KMS, the dashboard as AWS shows it",
        "valid; nobody has seen them run",
        (),
    ),
)

DATA = (
    Promise(
        "Each batch is the exact difference of two snapshots, and with it the lake equals the "
        "source",
        "concurrent transactions among real ingests: silent edits, deletes, keys used again, late "
        "commits with old stamps, rollbacks, TRUNCATE, rewriting ALTER; 40 histories on two "
        "tables and 5 on all, other ones every day",
        (
            "test_a_written_history",
            "test_histories_of_two_small_tables",
            "test_histories_of_all_tables",
        ),
    ),
    Promise(
        "The sweep finds what comparing every row finds",
        "both ways side by side, random changes",
        ("test_sweep_and_whole_comparison_find_the_same_changes",),
    ),
    Promise(
        "PostgreSQL, Spark and Arrow agree on every fingerprint",
        "all types, borders and random values",
        (
            "test_postgres_and_spark_agree_on_fingerprints_of_the_snapshot",
            "test_fingerprints_agree_on_anything",
        ),
    ),
    Promise(
        "A job killed anywhere ends, after its retries, where an undisturbed one ends",
        "SIGKILL before and after every commit and a sample of all other effects that the job was "
        "seen to have, another sample every day",
        ("test_killed_anywhere_the_retries_end_like_an_undisturbed_run",),
    ),
    Promise(
        "So does one whose answers are lost, refused (409, 503) or cut off, or whose disk is full",
        "one disturbance at every effect of one job, another job or kind of fault every day",
        (
            "test_answers_lost_refusals_and_resets_at_every_effect",
            "test_a_full_disk_under_the_spool_fails_the_attempt_and_nothing_else",
        ),
    ),
    Promise(
        "Two runs of a job at once: no row twice, no batch undone, no catalogue that goes back",
        "each of the two stopped where it hurts",
        (
            "test_an_ingest_with_an_older_snapshot_loses_its_number",
            "test_a_publisher_that_wakes_late_takes_nothing_back",
            "test_of_two_transforms_with_different_ranges_one_counts",
            "test_a_load_that_wakes_late_loads_nothing_twice",
        ),
    ),
    Promise(
        "A backlog of batches transformed as one range is what they are one by one",
        "17 batches, in which a recipe of 8 changes comes round twice; two star schemas and "
        "warehouses, compared row by row",
        ("test_one_range_is_as_good_as_one_by_one",),
    ),
    Promise(
        "Everything but raw can be made again from raw, equal in content and record ids",
        "lost buckets, damaged files, a warehouse from an older backup",
        (
            "test_a_lost_work_bucket",
            "test_a_lost_processed_bucket",
            "test_a_lost_warehouse",
            "test_a_warehouse_restored_from_an_older_backup_goes_on_from_its_ledger",
        ),
    ),
    Promise(
        "The audit names whatever was changed behind the platform's back",
        "rows, files, commits and catalogue changed by hand",
        (
            "test_whatever_was_changed_in_the_warehouse_is_named",
            "test_a_damaged_file_is_named",
            "test_commits_and_catalogue_that_were_changed_are_found",
        ),
    ),
    Promise(
        "A new source column makes no version and is complete for old rows",
        "the tutorial's diff, applied to a copy of this project",
        (
            "test_the_tutorial_runs_as_written",
            "test_new_columns_are_a_commit_of_their_own_and_lose_nothing",
        ),
    ),
)
