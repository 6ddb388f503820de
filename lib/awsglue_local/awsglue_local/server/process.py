"""The process behind AwsServer: `python -m awsglue_local.server.process PORT PORT_FILE`.

PORT 0 is any free one.
"""

import os
import sys
from pathlib import Path

from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from werkzeug.serving import make_server

from awsglue_local.server import connections as aws_connections
from awsglue_local.server.aws import HOST


def main(port: int, port_file: Path) -> None:
    aws_connections.install()
    application = DomainDispatcherApplication(create_backend_app)
    server = make_server(HOST, port, application, threaded=True, request_handler=MotoRequestHandler)
    os.environ["MOTO_PORT"] = str(
        server.server_port
    )  # moto builds its own URLs (SQS, presigned) from it
    # Renamed into place, so that a reader never sees half a number.
    draft = port_file.with_suffix(".draft")
    draft.write_text(str(server.server_port))
    draft.replace(port_file)
    server.serve_forever()


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
