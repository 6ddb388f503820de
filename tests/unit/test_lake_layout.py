"""Every key of the buckets is in lake/layout.py; Terraform and EventBridge name the same ones."""

import re
from datetime import datetime

from fixtures.tree import ROOT, files
from totesys_etl.lake import layout

TERRAFORM = {
    path: path.read_text(encoding="utf-8")
    for path in files()
    if path.suffix == ".tf" and path.is_relative_to(ROOT / "terraform")
}


def test_terraform_names_prefixes_that_there_are() -> None:
    named = {
        (bucket, prefix)
        for text in TERRAFORM.values()
        for bucket, prefix in re.findall(r"local\.s3(?:\.|}-)(\w+)}?/(_?\w+/)\*", text)
    }
    assert {bucket for bucket, _ in named} == {"processed", "work", "raw", "code"}
    assert {(b, p) for b, p in named if p not in layout.PREFIXES[b]} == set()


def test_terraform_names_no_folder_otherwise() -> None:
    """In a policy, a lifecycle rule or an object's key."""
    known = frozenset().union(*layout.PREFIXES.values())
    named = {
        prefix
        for text in TERRAFORM.values()
        for prefix in re.findall(r'[/"](_\w+/|releases/|current/|changes/)', text)
    }
    assert named
    assert named <= known


def test_the_event_of_a_batch_is_the_object_that_makes_it_real() -> None:
    workflows = (ROOT / "glue_jobs" / "workflows.yaml").read_text(encoding="utf-8")
    assert re.findall(r"prefix: ([^\s}]+)", workflows) == [layout.COMMITS]


def test_no_other_module_writes_a_prefix() -> None:
    own = ROOT / "lib" / "totesys_etl" / "lake" / "layout.py"
    prefixes = frozenset().union(*layout.PREFIXES.values()) - {layout.CURRENT, layout.CHANGES}
    elsewhere = {
        path.name
        for path in (ROOT / "lib" / "totesys_etl").rglob("*.py")
        for prefix in prefixes
        if path != own and f'"{prefix}' in path.read_text(encoding="utf-8")
    }
    assert elsewhere == set()


def test_keys_sort_by_number_and_by_moment() -> None:
    assert layout.numbered(layout.COMMITS, 42) == "_commits/00000042.json"
    moment = datetime(2026, 11, 22, 10, 15, 0, 1000)
    key = layout.proof(layout.AUDITS, moment, "jr_1")
    assert key == "_audited/2026-11-22T10-15-00.001Z-jr_1.json"
    assert layout.moment_of_proof(layout.AUDITS, key) == moment
    assert layout.changes_of_batch("staff", "2026-11-22", 3) == (
        "changes/staff/ingest_date=2026-11-22/batch=00000003"
    )
