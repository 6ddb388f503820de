"""What a job's arguments bring from S3: modules in every form, files, another script."""

import importlib.metadata
import json

from glue_fixtures.glue_api import GlueApi
from glue_fixtures.importing import answer, archive, run_tried, wheel, wheel_of_installed

OFFLINE = "--no-index"


def test_modules_come_from_s3_in_every_form(api: GlueApi) -> None:
    bundle = archive({"bundled-2-py3-none-any.whl": wheel("bundled", "bundle")})
    parted = archive({"parted-1.data/purelib/parted.py": "WHO = 'data'"})
    files = [
        api.upload("single.py", b"WHO = 'file'"),
        api.upload("pack.zip", archive({"zipped.py": "WHO = 'zip'"})),
    ]
    wheels = [
        api.upload("plain-1-py3-none-any.whl", wheel("plain", "wheel")),
        api.upload("bundle.gluewheels.zip", bundle),
        api.upload("parted-1-py3-none-any.whl", parted),
    ]
    found = run_tried(
        api, "single,zipped,plain,bundled,parted",
        extra_py_files=",".join(files), additional_python_modules=",".join(wheels),
        python_modules_installer_option=OFFLINE,
    )  # fmt: skip
    assert found == {
        "single": "file", "zipped": "zip", "plain": "wheel", "bundled": "bundle", "parted": "data",
    }  # fmt: skip


def test_a_changed_wheel_replaces_the_old_one(api: GlueApi) -> None:
    name = "mine-1-py3-none-any.whl"
    location = api.upload(name, wheel("mine", "old"))
    assert run_tried(api, "mine", additional_python_modules=location) == {"mine": "old"}
    api.upload(name, wheel("mine", "new"))
    assert answer(api, api.name("tried"), "mine") == {"mine": "new"}


def test_psycopg_can_be_shipped_with_its_library(api: GlueApi) -> None:
    wheels = dict(map(wheel_of_installed, ("psycopg", "psycopg-binary")))
    files = {f"wheels/{name}": content for name, content in wheels.items()}
    location = api.upload("modules.gluewheels.zip", archive(files))
    script = """
        import importlib.metadata, json, os, psycopg, psycopg_binary, sysconfig
        version = importlib.metadata.version("psycopg_binary")
        folders = {os.path.realpath(m.__path__[0]) for m in (psycopg, psycopg_binary)}
        installed = os.path.realpath(sysconfig.get_path("purelib"))
        print(json.dumps({
            "implementation": psycopg.pq.__impl__, "version": version,
            "installed": [folder for folder in folders if folder.startswith(installed)],
        }))
    """
    found = run_tried(
        api, "", script, additional_python_modules=location, python_modules_installer_option=OFFLINE
    )
    version = importlib.metadata.version("psycopg-binary")
    assert found == {"implementation": "binary", "version": version, "installed": []}


def test_files_and_variables_of_the_job(api: GlueApi) -> None:
    script = b"""
import json, os, sys
print(json.dumps({
    "file": open("settings.txt").read(), "variable": os.environ["CUSTOMER_DAY"],
    "below": open("deep/one.txt").read(),
    "temporary": sys.argv[sys.argv.index("--TempDir") + 1],
}))
"""
    api.upload("files/deep/one.txt", b"1")
    arguments = {
        "--extra-files": f"{api.upload('settings.txt', b'ok')},s3://{api.bucket}/files/",
        "--customer-driver-env-vars": "CUSTOMER_DAY=1",
        "--TempDir": "s3://temporary/",
        "--scriptLocation": api.upload("other.py", script),
    }
    job = api.job("tried", "raise SystemExit(3)", DefaultArguments=arguments)
    ended = api.wait(job, api.start(job))
    assert ended["JobRunState"] == "SUCCEEDED", ended
    assert json.loads(api.printed(ended)[0]) == {
        "file": "ok", "variable": "1", "below": "1", "temporary": "s3://temporary/",
    }  # fmt: skip


def test_a_wheel_for_another_python_is_named(api: GlueApi) -> None:
    location = api.upload("x-1-cp27-cp27m-win_amd64.whl", wheel("x", ""))
    job = api.job("a", DefaultArguments={"--additional-python-modules": location})
    ended = api.wait(job, api.start(job))
    assert "x-1-cp27-cp27m-win_amd64.whl does not fit Python 3.11" in ended["ErrorMessage"]
