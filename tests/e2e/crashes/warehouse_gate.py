"""The gate between a job and the warehouse: PostgreSQL's protocol, as far as to know each commit.

Every time a session comes back to 'no transaction' is a commit: of a transaction, or of one
statement alone. Source: PostgreSQL manual, chapter Frontend/Backend Protocol, Message Formats.
"""

import contextlib
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from e2e.crashes.effects import Disturbance, Effects

_SSL, _GSS = 80877103, 80877104
_IDLE = b"I"
_TOLD = 60
"""Characters of a statement in an effect's name."""


@contextmanager
def warehouse_gate(host: str, port: int, effects: Effects) -> Iterator[int]:
    """The port for jobs, before the server at `host`:`port`."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_accept, args=(listener, (host, port), effects))
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def _accept(listener: socket.socket, server: tuple[str, int], effects: Effects) -> None:
    while True:
        try:
            client, _ = listener.accept()
        except OSError:
            return  # the gate is being closed
        session = _Session(client, socket.create_connection(server), effects)
        threading.Thread(target=session.serve, daemon=True).start()


@dataclass
class _Session:
    """One connection of a job. `status` is the server's last word on the transaction, `within` the
    statement before the newest: a COMMIT is told by what it is of.
    """

    client: socket.socket
    server: socket.socket
    effects: Effects
    status: bytes = _IDLE
    pending: Disturbance | None = None
    statement: str = ""
    within: str = ""
    executed: bool = False
    prepared: dict[bytes, str] = field(default_factory=dict)

    def serve(self) -> None:
        """Relays until one side has ended; then both are cut."""
        with contextlib.suppress(EOFError, OSError), self.client, self.server:
            self._greet()
            back = threading.Thread(target=self._answers, daemon=True)
            back.start()
            with contextlib.suppress(EOFError, OSError):
                self._requests()
            self._cut()
            back.join()

    def _greet(self) -> None:
        """Messages before the first typed one; the server answers a plea for encryption by N."""
        while True:
            message = _untyped(self.client)
            self.server.sendall(message)
            if struct.unpack_from("!i", message, 4)[0] not in (_SSL, _GSS):
                return
            self.client.sendall(_exactly(self.server, 1))

    def _requests(self) -> None:
        while True:
            kind, body = _typed(self.client)
            self._note(kind, body)
            if kind in (b"Q", b"S") and self._commits():
                disturbance = self.effects.meet(self._name())
                if disturbance is Disturbance.KILLED_BEFORE:
                    self.effects.kill()
                if disturbance in (Disturbance.KILLED_BEFORE, Disturbance.RESET):
                    return
                self.pending = disturbance
            self.server.sendall(_framed(kind, body))

    def _answers(self) -> None:
        with contextlib.suppress(EOFError, OSError):
            while True:
                kind, body = _typed(self.server)
                if kind == b"Z":
                    self.status = body
                    pending, self.pending = self.pending, None
                    if pending is Disturbance.KILLED_AFTER:
                        self.effects.kill()
                    if pending is not None:
                        break
                self.client.sendall(_framed(kind, body))
        self._cut()

    def _note(self, kind: bytes, body: bytes) -> None:
        """Which statement the next commit is of."""
        self.executed |= kind in (b"Q", b"E")
        if kind == b"Q":
            self.within, self.statement = self.statement, _told(body)
        elif kind == b"P":
            name, _, rest = body.partition(b"\0")
            self.statement = self.prepared[name] = _told(rest)
        elif kind == b"B":
            name = body.split(b"\0")[1]
            self.statement = self.prepared.get(name, "")

    def _name(self) -> str:
        if self.status == _IDLE:
            return f"warehouse: {self.statement[:_TOLD]}"
        return f"warehouse: {self.statement} after {self.within[:_TOLD]}"

    def _commits(self) -> bool:
        """Whether the session has no transaction any more when this has been done."""
        executed, self.executed = self.executed, False
        if not executed:
            return False  # it was only prepared
        first = self.statement.partition(" ")[0].upper().rstrip(";")
        if self.status == _IDLE:
            return first not in ("BEGIN", "START")
        return first in ("COMMIT", "END")

    def _cut(self) -> None:
        for side in (self.client, self.server):
            with contextlib.suppress(OSError):
                side.shutdown(socket.SHUT_RDWR)


def _told(text: bytes) -> str:
    return " ".join(text.partition(b"\0")[0].decode(errors="replace").split())


def _untyped(side: socket.socket) -> bytes:
    length = _exactly(side, 4)
    return length + _exactly(side, struct.unpack("!i", length)[0] - 4)


def _typed(side: socket.socket) -> tuple[bytes, bytes]:
    kind = _exactly(side, 1)
    return kind, _untyped(side)[4:]


def _framed(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("!i", len(body) + 4) + body


def _exactly(side: socket.socket, count: int) -> bytes:
    parts = bytearray()
    while len(parts) < count:
        part = side.recv(count - len(parts))
        if not part:
            raise EOFError
        parts += part
    return bytes(parts)
