"""Every picture that is generated from the code, by the name of its file."""

from __future__ import annotations

from tools.docs import ROOT
from tools.docs.pictures import erd, flow, payment_life, s3_tree, workflow

IMAGES = ROOT / "docs" / "img"


def pictures() -> dict[str, str]:
    """Return the text of each file in docs/img."""
    return {
        "flow.svg": flow.picture(),
        "workflow_ingest.svg": workflow.picture("totesys_ingest"),
        "workflow_transform_load.svg": workflow.picture("totesys_transform_load"),
        "erd.svg": erd.picture(),
        "s3_tree.svg": s3_tree.picture(),
        "payment_life.svg": payment_life.picture(),
    }
