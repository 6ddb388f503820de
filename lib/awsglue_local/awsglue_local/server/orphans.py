"""What a running job leaves in the state folder, and the end of jobs whose server is gone."""

import json
from pathlib import Path

from awsglue_local import processes
from awsglue_local.job.process import end_session

VARIABLES_FILE = "job_environment.json"
"""In the state folder: more environment variables for jobs, by name; read for every run."""
PROCESS_FILE = "process.json"
"""In a run's folder: which process it is."""


def note_process(root: Path, pid: int) -> None:
    """Notes in a run's folder which process executes it."""
    (root / PROCESS_FILE).write_text(json.dumps(processes.identity(pid)))


def end_orphans(state_dir: Path) -> None:
    """Ends every process of runs that were under way when their server was killed."""
    for file in sorted((state_dir / "work").glob(f"*/{PROCESS_FILE}")):
        recorded = json.loads(file.read_text())
        pid = int(recorded["pid"])
        # While a member of the session lives, the system gives its number to no other process.
        if processes.same(recorded) or not processes.alive(pid):
            end_session(pid, 0)
