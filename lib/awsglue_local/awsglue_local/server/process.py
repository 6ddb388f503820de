"""The process behind AwsServer, which starts it: `python -m awsglue_local.server.process`."""

import argparse
import os
import signal
from pathlib import Path
from types import FrameType
from typing import Any

from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from werkzeug.serving import make_server

from awsglue_local.access import HOST
from awsglue_local.job.bookmarks import STATE_VARIABLE
from awsglue_local.server import glue, iam, s3
from awsglue_local.server.private_routes import with_private_routes


def main() -> None:
    """Serves until SIGTERM; then no job's process is left."""
    arguments = _arguments()
    # Bound, not yet serving: jobs and moto's own URLs (SQS, presigned) need the port first.
    application: list[Any] = []
    server = make_server(
        HOST,
        arguments.port,
        lambda environ, start: application[0](environ, start),
        threaded=True,
        request_handler=MotoRequestHandler,
    )
    os.environ["MOTO_PORT"] = str(server.server_port)
    os.environ[STATE_VARIABLE] = str(arguments.state)
    endpoint = f"http://{HOST}:{server.server_port}"
    running = glue.install(arguments.state, endpoint, arguments.clock_speed)
    dispatcher: Any = DomainDispatcherApplication(create_backend_app)
    application.append(
        with_private_routes(iam.with_iam(dispatcher), running.clock, running.schedule)
    )
    s3.install()
    running.schedule.enable(arguments.schedule)
    signal.signal(signal.SIGTERM, _interrupt)
    _announce(arguments.port_file, server.server_port)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass  # the usual end, by AwsServer.stop
    finally:
        running.end_all()


def _announce(port_file: Path, port: int) -> None:
    # Renamed into place, so that a reader never sees half a number.
    draft = port_file.with_suffix(".draft")
    draft.write_text(str(port))
    draft.replace(port_file)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True, help="0 is any free one")
    parser.add_argument("--port-file", type=Path, required=True)
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--clock-speed", type=float, required=True)
    parser.add_argument("--schedule", action="store_true")
    return parser.parse_args()


def _interrupt(signum: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
