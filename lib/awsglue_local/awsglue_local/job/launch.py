"""What a job run's process is started with: its folder, its command, its environment."""

import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import boto3

import awsglue_local
from awsglue_local.access import ACCESS_KEY, aws_environment
from awsglue_local.errors import RunError
from awsglue_local.job import arguments as job_arguments
from awsglue_local.job import fence, modules
from awsglue_local.job.bookmarks import STATE_VARIABLE
from awsglue_local.job.process import environment
from awsglue_local.runtime.class_archive import conf_folder
from awsglue_local.runtime.java import java_home
from awsglue_local.runtime.spark import MASTER, spark_conf

CATALOG_VARIABLE = "GLUE_LOCAL_CATALOG"
"""Set for a job with --enable-glue-datacatalog."""
_CLASS_PATH = "spark.driver.extraClassPath"


@dataclass(frozen=True)
class Launch:
    """For subprocess.Popen(command, env=variables, cwd=folder, start_new_session=True)."""

    command: list[str]
    variables: dict[str, str]
    folder: Path


def prepare(
    root: Path,
    *,
    endpoint: str,
    region: str,
    state_dir: Path,
    job: Mapping[str, Any],
    run_id: str,
    arguments: Mapping[str, str],
    workflow: tuple[str, str] | None,
    variables: Mapping[str, str],
) -> Launch:
    """Fills a run's fresh folder `root`: script, modules, import fence, Spark settings.

    `job` is GetJob's Job, `arguments` are resolved, `workflow` is (name, run id). `variables` are
    more of the environment and win: another AWS_ENDPOINT_URL reaches boto3 and S3A alike.
    RunError names what can not be had and what to do.
    """
    job_arguments.check(arguments)
    endpoint = variables.get("AWS_ENDPOINT_URL", endpoint)
    script_folder, fence_folder, jars = root / "scripts", root / "fence", root / "jars"
    for folder in (script_folder, fence_folder, jars):
        folder.mkdir(parents=True)
    s3 = _s3(endpoint, region)
    location = arguments.get(job_arguments.SCRIPT, job["Command"]["ScriptLocation"])
    script = modules.download(s3, location, script_folder)
    for location in job_arguments.listed(arguments, "--extra-files"):
        modules.download_tree(s3, location, root)
    for location in job_arguments.listed(arguments, "--extra-jars"):
        jar = modules.download(s3, location, jars)
        jar.rename(jar.with_name(f"{jar.name.removesuffix('.jar')}.jar"))  # Java takes no others
    brought = modules.collect(s3, arguments, state_dir / "modules")
    environment_of_run = environment(
        {
            **aws_environment(endpoint, region),
            "JAVA_HOME": str(java_home()),
            "SPARK_CONF_DIR": str(conf_folder()),
            "PYSPARK_SUBMIT_ARGS": f"--properties-file {root / 'spark.conf'} pyspark-shell",
            "SPARK_LOCAL_IP": "127.0.0.1",
            STATE_VARIABLE: str(state_dir),
            **({CATALOG_VARIABLE: "1"} if job_arguments.with_catalog(arguments) else {}),
            **job_arguments.variables(arguments),
            **variables,
        }
    )
    own = (fence_folder, *brought.folders, Path(awsglue_local.__file__).resolve().parent.parent)
    environment_of_run["PYTHONPATH"] = ":".join(map(str, own))
    of_the_run = map(str, (script_folder, *brought.folders))
    text = fence.sitecustomize(of_the_run, brought.names, environment_of_run)
    (fence_folder / "sitecustomize.py").write_text(text)
    _write_settings(root / "spark.conf", _settings(job, arguments, endpoint, region, jars))
    command = [sys.executable, str(script)]
    identity = _identity(job["Name"], run_id, workflow)
    command += job_arguments.command_line(identity, arguments)
    return Launch(command, environment_of_run, root)


def _identity(job: str, run_id: str, workflow: tuple[str, str] | None) -> dict[str, str]:
    identity = {"--JOB_NAME": job, "--JOB_RUN_ID": run_id}
    if workflow is not None:
        identity |= {"--WORKFLOW_NAME": workflow[0], "--WORKFLOW_RUN_ID": workflow[1]}
    return identity


def _settings(
    job: Mapping[str, Any], arguments: Mapping[str, str], endpoint: str, region: str, jars: Path
) -> dict[str, str]:
    settings = {"spark.master": MASTER, "spark.app.name": job["Name"]}
    settings |= spark_conf(endpoint, region)
    if any(jars.iterdir()):
        settings[_CLASS_PATH] = f"{settings[_CLASS_PATH]}:{jars}/*"
    for_executors = job_arguments.variables(arguments, job_arguments.EXECUTOR_VARIABLES)
    settings |= {f"spark.executorEnv.{name}": value for name, value in for_executors.items()}
    return settings | job_arguments.spark_settings(arguments.get("--conf"))


def _write_settings(file: Path, settings: Mapping[str, str]) -> None:
    lines: Iterable[str] = (f"{key} {value}\n" for key, value in sorted(settings.items()))
    text = "".join(lines)
    if text.count("\n") != len(settings):
        raise RunError("a value of --conf must not contain a line break")
    file.write_text(text)


@cache
def _s3(endpoint: str, region: str) -> Any:
    """One client per endpoint: making one takes longer than most calls."""
    session: Any = boto3.session.Session(
        aws_access_key_id=ACCESS_KEY, aws_secret_access_key=ACCESS_KEY, region_name=region
    )
    return session.client("s3", endpoint_url=endpoint)
