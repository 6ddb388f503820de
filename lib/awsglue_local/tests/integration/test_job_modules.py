"""What a job can import: AWS Glue's modules, and what its arguments bring."""

import importlib.metadata
import json
import textwrap
import zipfile
from io import BytesIO
from typing import Any

import boto3
import pytest

from glue_fixtures.glue_api import GlueApi
from totesys_deploy.artifacts import bundle_modules

TRIED = """
    import importlib, json, sys
    found = {}
    for name in sys.argv[sys.argv.index("--names") + 1].split(","):
        try:
            module = importlib.import_module(name)
            found[name] = getattr(module, "WHO", True)
        except ImportError as error:
            found[name] = str(error)
    print(json.dumps(found))
"""


def run(api: GlueApi, names: str, script: str = TRIED, **arguments: str) -> dict[str, Any]:
    """The last line that a job prints, from JSON; arguments with _ for -."""
    given = {f"--{name.replace('_', '-')}": value for name, value in arguments.items()}
    job = api.job("tried", script, DefaultArguments=given)
    finished = api.wait(job, api.start(job, Arguments={"--names": names}))
    assert finished["JobRunState"] == "SUCCEEDED", finished
    events = boto3.client("logs").get_log_events(
        logGroupName="/aws-glue/jobs/output", logStreamName=finished["Id"]
    )["events"]
    found: dict[str, Any] = json.loads(events[-1]["message"])
    return found


def upload(api: GlueApi, key: str, body: bytes) -> str:
    boto3.client("s3").put_object(Bucket=api.bucket, Key=key, Body=body)
    return f"s3://{api.bucket}/{key}"


def archive(**files: str | bytes) -> bytes:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as made:
        for name, content in files.items():
            made.writestr(name.replace("__", "/").replace("_dot_", "."), content)
    return buffer.getvalue()


def wheel(name: str, who: str) -> bytes:
    return archive(**{f"{name}_dot_py": f"WHO = {who!r}"})


def test_only_glues_modules_can_be_imported(api: GlueApi) -> None:
    there = [
        "awsglue.job",
        "boto3",
        "json",
        "numpy",
        "pandas",
        "pyarrow",
        "pyspark.sql",
        "requests",
    ]
    missing = [
        "moto",
        "yaml",
        "psycopg",
        "psutil",
        "duckdb",
        "hypothesis",
        "totesys_etl",
        "fixtures",
    ]
    found = run(api, ",".join([*there, *missing, "no_such_module", "awsglue_local.stack"]))
    assert {name: found[name] for name in there if name != "requests"} == dict.fromkeys(
        [name for name in there if name != "requests"], True
    )
    for name in ("moto", "yaml", "psycopg", "psutil", "duckdb", "hypothesis"):
        assert found[name] == (
            f"No module named '{name}' (installed here, but AWS Glue 5.1 does not have it: "
            "ship its wheel with --additional-python-modules)"
        )
    assert found["no_such_module"] == "No module named 'no_such_module'"
    for name in ("totesys_etl", "fixtures", "awsglue_local.stack"):
        assert str(found[name]).startswith("No module named"), name


def test_modules_come_from_s3_in_every_form(api: GlueApi) -> None:
    given = {
        "extra_py_files": ",".join(
            (
                upload(api, "single.py", b"WHO = 'file'"),
                upload(api, "pack.zip", archive(zipped_dot_py="WHO = 'zip'")),
            )
        ),
        "additional_python_modules": ",".join(
            (
                upload(api, "plain-1-py3-none-any.whl", wheel("plain", "wheel")),
                upload(
                    api,
                    "bundle.gluewheels.zip",
                    archive(**{"bundled-2-py3-none-any_dot_whl": wheel("bundled", "bundle")}),
                ),
                upload(
                    api,
                    "parted-1-py3-none-any.whl",
                    archive(**{"parted-1.data__purelib__parted_dot_py": "WHO = 'data'"}),
                ),
            )
        ),
    }
    given["python_modules_installer_option"] = "--no-index"
    found = run(api, "single,zipped,plain,bundled,parted", **given)
    assert found == {
        "single": "file", "zipped": "zip", "plain": "wheel", "bundled": "bundle", "parted": "data",
    }  # fmt: skip


def test_a_changed_wheel_is_taken_anew(api: GlueApi) -> None:
    location = upload(api, "mine-1-py3-none-any.whl", wheel("mine", "old"))
    assert run(api, "mine", additional_python_modules=location) == {"mine": "old"}
    upload(api, "mine-1-py3-none-any.whl", wheel("mine", "new"))
    job = api.name("tried")
    again = api.wait(job, api.start(job, Arguments={"--names": "mine"}))
    events = boto3.client("logs").get_log_events(
        logGroupName="/aws-glue/jobs/output", logStreamName=again["Id"]
    )["events"]
    assert json.loads(events[-1]["message"]) == {"mine": "new"}


def test_psycopg_can_be_shipped_with_its_library(
    api: GlueApi, tmp_path_factory: pytest.TempPathFactory
) -> None:
    bundle = bundle_modules(tmp_path_factory.mktemp("bundle"))
    location = upload(api, bundle.name, bundle.read_bytes())
    script = """
        import importlib.metadata, json, psycopg
        version = importlib.metadata.version("psycopg_binary")
        print(json.dumps({"implementation": psycopg.pq.__impl__, "version": version}))
    """
    offline = {"python_modules_installer_option": "--no-index"}
    found = run(api, "", script, additional_python_modules=location, **offline)
    assert found["implementation"] == "binary"
    assert found["version"] == importlib.metadata.version("psycopg-binary")


def test_a_package_by_name_comes_with_what_it_requires(api: GlueApi) -> None:
    found = run(api, "hypothesis,sortedcontainers,yaml", additional_python_modules="hypothesis")
    assert (found["hypothesis"], found["sortedcontainers"]) == (True, True)
    assert "AWS Glue 5.1 does not have it" in found["yaml"]


def test_the_workers_of_spark_stand_behind_the_fence_too(api: GlueApi) -> None:
    script = """
        import json
        from pyspark.context import SparkContext
        from awsglue.context import GlueContext

        def tried(_):
            import os
            try:
                import yaml
                return "yaml"
            except ImportError as error:
                import carried
                return carried.WHO, os.environ["CUSTOMER_WORKER"]
        spark = GlueContext(SparkContext.getOrCreate()).spark_session
        [found] = spark.sparkContext.parallelize([1], 1).map(tried).collect()
        print(json.dumps({
            "worker": found,
            "zone": spark.conf.get("spark.sql.session.timeZone"),
            "mine": spark.conf.get("spark.mine"),
            "master": spark.sparkContext.master,
        }))
    """
    location = upload(api, "carried-1-py3-none-any.whl", wheel("carried", "wheel"))
    found = run(
        api, "", script, additional_python_modules=location,
        conf="spark.mine=1 --conf spark.driver.memory=1g",
        customer_executor_env_vars="CUSTOMER_WORKER=w",
    )  # fmt: skip
    assert found == {"worker": ["wheel", "w"], "zone": "UTC", "mine": "1", "master": "local[2,4]"}


def test_files_and_variables_of_the_job(api: GlueApi) -> None:
    script = """
        import json, os, sys
        print(json.dumps({
            "file": open("settings.txt").read(), "variable": os.environ["CUSTOMER_DAY"],
            "below": open("deep/one.txt").read(),
            "temporary": sys.argv[sys.argv.index("--TempDir") + 1],
        }))
    """
    arguments = {
        "--extra-files": f"{upload(api, 'settings.txt', b'ok')},s3://{api.bucket}/files/",
        "--customer-driver-env-vars": "CUSTOMER_DAY=1",
        "--TempDir": "s3://temporary/",
    }
    upload(api, "files/deep/one.txt", b"1")
    arguments["--scriptLocation"] = upload(api, "other.py", textwrap.dedent(script).encode())
    job = api.job("tried", "raise SystemExit(3)", DefaultArguments=arguments)
    finished = api.wait(job, api.start(job))
    assert finished["JobRunState"] == "SUCCEEDED", finished
    events = boto3.client("logs").get_log_events(
        logGroupName="/aws-glue/jobs/output", logStreamName=finished["Id"]
    )["events"]
    assert json.loads(events[0]["message"]) == {
        "file": "ok", "variable": "1", "below": "1", "temporary": "s3://temporary/",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"--extra-py-files": "s3://nowhere/x.whl"}, "s3://nowhere/x.whl can not be read"),
        ({"--extra-files": "s3://nowhere/folder/"}, "s3://nowhere/folder/ can not be read"),
        ({"--datalake-formats": "iceberg"}, "argument --datalake-formats is not imitated locally"),
        ({"--additional-python-modules": "no-such-package"}, "install no-such-package in this"),
        ({"--additional-python-modules": "psutil==0.1"}, "is installed here; install 0.1"),
        (
            {
                "--additional-python-modules": "psutil",
                "--python-modules-installer-option": "--no-index",
            },
            "with --no-index pip finds no psutil; name its wheel in S3",
        ),
        ({"--conf": "spark.x"}, "is not key=value"),
        ({"--customer-driver-env-vars": "CUSTOMER_A"}, "does not begin with CUSTOMER_NAME=value"),
    ],
)
def test_what_can_not_be_had_fails_the_run(
    api: GlueApi, arguments: dict[str, str], message: str
) -> None:
    job = api.job("a", DefaultArguments=arguments)
    finished = api.wait(job, api.start(job))
    assert finished["JobRunState"] == "FAILED"
    assert message in finished["ErrorMessage"]


def test_a_wheel_for_another_python_is_named(api: GlueApi) -> None:
    location = upload(api, "x-1-cp27-cp27m-win_amd64.whl", wheel("x", ""))
    job = api.job("a", DefaultArguments={"--additional-python-modules": location})
    finished = api.wait(job, api.start(job))
    assert "x-1-cp27-cp27m-win_amd64.whl does not fit Python 3.11" in finished["ErrorMessage"]
