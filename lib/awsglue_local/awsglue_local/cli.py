"""`glue-local`: the local stack from the command line."""

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from awsglue_local.errors import LocalGlueError
from awsglue_local.stack import Stack

_EXAMPLES = """\
examples:
  glue-local up --file glue_jobs/workflows.yaml --parameter code_bucket=code \\
      --postgres source --postgres warehouse=16
  glue-local run my_workflow
  glue-local run my_workflow --argument day=2024-11-15
  eval "$(glue-local env)" && aws glue get-jobs
  glue-local down
"""


def main(argv: Sequence[str] | None = None) -> int:
    """The exit code: 0, 1 when a job did not succeed, 2 when the command could not be done."""
    arguments = _parser().parse_args(argv)
    if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, _interrupt)
    try:
        code = int(arguments.command(arguments))
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


def _up(arguments: argparse.Namespace) -> int:
    text = arguments.file.read_text() if arguments.file else None
    stack = Stack(arguments.state).up(text, dict(arguments.parameter), dict(arguments.postgres))
    print(f"AWS server  {stack.aws.endpoint}")
    for name, server in stack.postgres.items():
        print(f"PostgreSQL  {server.jdbc_url(name)}")
    return 0


def _run(arguments: argparse.Namespace) -> int:
    stack = Stack(arguments.state).attach()
    run = stack.run(
        arguments.workflow,
        arguments={f"--{key.removeprefix('--')}": value for key, value in arguments.argument},
        progress=lambda line: print(line, flush=True),
    )
    if run.succeeded:
        return 0
    for outcome in run.outcomes.values():
        if outcome.state != "SUCCEEDED":
            print(
                f"{outcome.job} {outcome.state}: {outcome.error_message}\n  log: {outcome.log}",
                file=sys.stderr,
            )
    return 1


def _down(arguments: argparse.Namespace) -> int:
    Stack(arguments.state).down()
    return 0


def _env(arguments: argparse.Namespace) -> int:
    for name, value in Stack(arguments.state).attach().environment().items():
        print(f"export {name}={value}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="glue-local",
        description="AWS Glue workflows on this machine: AWS server, PostgreSQL, runner of jobs.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument(
        "--state", type=Path, default=Path(".glue-local"), help="state folder (default .glue-local)"
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    up = commands.add_parser(
        "up", parents=[common], help="start the servers and deploy a definition"
    )
    up.add_argument(
        "--file",
        type=Path,
        help="workflows.yaml: Databases, Connections, Jobs, Workflows, Triggers",
    )
    up.add_argument(
        "--parameter",
        type=_pair,
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="fills ${NAME}",
    )
    up.add_argument(
        "--postgres", type=_server, action="append", default=[], metavar="NAME[=VERSION]",
        help="an embedded PostgreSQL 18 (or 16) with a database NAME; "
        "gives ${NAME_jdbc_url} and ${NAME_secret_id}",
    )  # fmt: skip
    up.set_defaults(command=_up)

    run = commands.add_parser(
        "run", parents=[common], help="run a workflow to its end; exit 1 if a job fails"
    )
    run.add_argument("workflow")
    run.add_argument(
        "--argument",
        type=_pair,
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a job argument",
    )
    run.set_defaults(command=_run)

    down = commands.add_parser(
        "down", parents=[common], help="stop the servers and forget all data"
    )
    down.set_defaults(command=_down)
    env = commands.add_parser("env", parents=[common], help="print export lines for any AWS client")
    env.set_defaults(command=_env)
    return parser


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
