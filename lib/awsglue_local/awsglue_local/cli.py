"""`glue-local`: the local stack from the command line."""

import argparse
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType

from awsglue_local.errors import DefinitionError, LocalGlueError
from awsglue_local.stack import Stack

_EXAMPLES = """\
examples:
  glue-local up --file workflows.yaml --parameter code_bucket=code --postgres source
  glue-local run my_workflow
  glue-local run-job my_job --argument day=2024-11-15 --debug
  glue-local runs
  glue-local logs jr_1a2b --follow
  glue-local graph my_workflow --output my_workflow.svg
  eval "$(glue-local env)" && aws glue get-jobs
  glue-local down
"""


def main(argv: Sequence[str] | None = None) -> int:
    """The exit code: 0, 1 when a job did not succeed, 2 when the command could not be done."""
    arguments = _parser().parse_args(argv)
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        code = int(arguments.command(arguments) or 0)
        sys.stdout.flush()
        return code
    except LocalGlueError as error:
        print(f"glue-local: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        # The reader (`| head`) has what it wanted; Python would fail once more when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        print("glue-local: stopped", file=sys.stderr)
        return 130
    finally:
        signal.signal(signal.SIGTERM, before)


def _say(line: str) -> None:
    print(line, flush=True)


def _complain(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _up(arguments: argparse.Namespace) -> None:
    text = _read(arguments.file) if arguments.file else None
    stack = Stack(arguments.state)
    if not stack.running():
        _say(
            f"starting AWS server{''.join(f', PostgreSQL {n}' for n, _ in arguments.postgres)} ..."
        )
    stack.up(text, dict(arguments.parameter), dict(arguments.postgres), schedule=arguments.schedule)
    _say(f"AWS server  {stack.aws.endpoint}")
    for name, server in stack.postgres.items():
        _say(f"PostgreSQL  {server.jdbc_url(name)}")


def _deploy(arguments: argparse.Namespace) -> None:
    stack = Stack(arguments.state).attach()
    stack.deploy(_read(arguments.file), dict(arguments.parameter))
    _say(f"deployed {arguments.file}")


def _run(arguments: argparse.Namespace) -> int:
    from awsglue_local.commands import runs

    stack = Stack(arguments.state).attach()
    return not runs.run(stack, arguments.workflow, dict(arguments.property), _say, _complain)


def _run_job(arguments: argparse.Namespace) -> int:
    from awsglue_local.commands import runs

    stack = Stack(arguments.state).attach()
    given = {f"--{name.removeprefix('--')}": value for name, value in arguments.argument}
    if arguments.debug:
        runs.debug_job(stack, arguments.job, given)
        return 0
    return not runs.run_one_job(stack, arguments.job, given, _say, _complain)


def _runs(arguments: argparse.Namespace) -> None:
    from awsglue_local.commands import runs

    stack = Stack(arguments.state).attach()
    runs.list_runs(stack, arguments.name, arguments.count, arguments.json, _say)


def _logs(arguments: argparse.Namespace) -> None:
    from awsglue_local.commands import runs

    runs.show_logs(Stack(arguments.state).attach(), arguments.run, arguments.follow, _say)


def _stop(arguments: argparse.Namespace) -> None:
    from awsglue_local.commands import runs

    runs.stop(Stack(arguments.state).attach(), arguments.run, _say)


def _upload(arguments: argparse.Namespace) -> None:
    from awsglue_local.commands import state

    stack = Stack(arguments.state).attach()
    state.upload(stack, arguments.file, arguments.location, _say)


def _psql(arguments: argparse.Namespace) -> int:
    from awsglue_local.commands import state

    stack = Stack(arguments.state).attach()
    return state.psql(stack, arguments.name, arguments.arguments)


def _graph(arguments: argparse.Namespace) -> None:
    from awsglue_local.commands import workflows

    output = arguments.output or Path(f"{arguments.workflow}.svg")
    stack = Stack(arguments.state).attach()
    workflows.draw(stack, arguments.workflow, arguments.run, output, _say)


def _bookmark(arguments: argparse.Namespace) -> None:
    from awsglue_local.commands import state

    act = {"show": state.show_bookmark, "reset": state.reset_bookmark}[arguments.action]
    act(Stack(arguments.state).attach(), arguments.job, arguments.run_id, _say)


def _calls(arguments: argparse.Namespace) -> None:
    from awsglue_local.commands import state

    state.show_calls(Stack(arguments.state).attach(), arguments.job, _say)


def _schedule(arguments: argparse.Namespace) -> None:
    from awsglue_local.commands import workflows

    stack = Stack(arguments.state).attach()
    if arguments.switch is None:
        workflows.show_schedule(stack, _say)
    else:
        workflows.switch_schedule(stack, arguments.switch == "on", _say)


def _down(arguments: argparse.Namespace) -> None:
    Stack(arguments.state).down()


def _env(arguments: argparse.Namespace) -> None:
    for name, value in Stack(arguments.state).attach().environment().items():
        _say(f"export {name}={value}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="glue-local",
        description="AWS Glue on this machine: AWS server, PostgreSQL, jobs that really run.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument(
        "--state", type=Path, default=Path(".glue-local"), help="state folder (default .glue-local)"
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(
        name: str, act: Callable[[argparse.Namespace], int | None], help_: str
    ) -> argparse.ArgumentParser:
        added = commands.add_parser(name, parents=[common], help=help_, description=help_)
        added.set_defaults(command=act)
        return added

    up = command("up", _up, "start the servers, and deploy a definition if one is given")
    up.add_argument("--file", type=Path, help="workflows.yaml, in the words of AWS's API")
    _add_pairs(up, "--parameter", "fills ${NAME}")
    up.add_argument(
        "--postgres", type=_server, action="append", default=[], metavar="NAME[=VERSION]",
        help="an embedded PostgreSQL 18 (or 16) with a database NAME; "
        "gives ${NAME_jdbc_url} and ${NAME_secret_id}",
    )  # fmt: skip
    up.add_argument("--schedule", action="store_true", help="SCHEDULED triggers fire by the clock")

    deploy = command("deploy", _deploy, "create or update what a definition names")
    deploy.add_argument("file", type=Path)
    _add_pairs(deploy, "--parameter", "fills ${NAME}")

    upload = command("upload", _upload, "put a file into a bucket")
    upload.add_argument("file", type=Path)
    upload.add_argument("location", metavar="s3://BUCKET/KEY")

    psql = command("psql", _psql, "psql on an embedded database: glue-local psql NAME -- -c SQL")
    psql.add_argument("name")
    psql.add_argument("arguments", nargs="*", help="for psql, after --")

    run = command("run", _run, "run a workflow to its end; exit 1 if a job does not succeed")
    run.add_argument("workflow")
    _add_pairs(run, "--property", "a run property; arguments are given by run-job")

    run_job = command("run-job", _run_job, "run a job to its end; exit 1 if it does not succeed")
    run_job.add_argument("job")
    _add_pairs(run_job, "--argument", "an argument of this run")
    run_job.add_argument("--debug", action="store_true", help="in this process: breakpoints work")

    runs = command("runs", _runs, "list runs, newest first")
    runs.add_argument("name", nargs="?", help="a job or workflow")
    runs.add_argument("--count", type=int, default=20, help="how many (default 20)")
    runs.add_argument("--json", action="store_true", help="a JSON object a line")

    logs = command("logs", _logs, "show what a run has written")
    logs.add_argument("run", help="a run's id or its beginning, or the name of a job or workflow")
    logs.add_argument("--follow", action="store_true", help="until the run ends")

    command("stop", _stop, "stop a run").add_argument("run", help="its id, or the beginning of it")

    graph = command("graph", _graph, "draw a workflow, with what became of its last run")
    graph.add_argument("workflow")
    graph.add_argument("--run", help="id of another run, or its beginning")
    graph.add_argument("--output", type=Path, help="default: WORKFLOW.svg")

    bookmark = command("bookmark", _bookmark, "show or reset a job's bookmark")
    bookmark.add_argument("action", choices=("show", "reset"))
    bookmark.add_argument("job")
    bookmark.add_argument("--run-id", help="as this run left it")

    schedule = command("schedule", _schedule, "show when triggers fire, or switch the clock")
    schedule.add_argument("switch", nargs="?", choices=("on", "off"))

    calls = command("calls", _calls, "show what jobs asked of AWS's API, for their policies")
    calls.add_argument("job", nargs="?")

    command("down", _down, "stop the servers and forget all data")
    command("env", _env, "print export lines for any AWS client")
    return parser


def _add_pairs(parser: argparse.ArgumentParser, name: str, help_: str) -> None:
    parser.add_argument(
        name, type=_pair, action="append", default=[], metavar="NAME=VALUE", help=help_
    )


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DefinitionError(f"{path} can not be read: {error}") from error


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    return name, value


def _server(text: str) -> tuple[str, int]:
    name, _, version = text.partition("=")
    if version and not version.isdigit():
        raise argparse.ArgumentTypeError(f"{version!r} is not a PostgreSQL version")
    return name, int(version or 18)


def _interrupt(signum: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
