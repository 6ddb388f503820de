"""What moto's Glue lacks for connections: UpdateConnection, DeleteConnection and GetConnection's
ConnectionType.
"""

from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.glue.models import FakeConnection
from moto.glue.responses import GlueResponse


def install() -> None:
    """Adds the operations to moto, in this process."""
    responses: Any = GlueResponse
    responses.update_connection = _update_connection
    responses.delete_connection = _delete_connection
    as_dict = FakeConnection.as_dict

    def with_type(self: FakeConnection, hide_password: bool = False) -> dict[str, Any]:
        return as_dict(self, hide_password) | {
            "ConnectionType": self.connection_input["ConnectionType"]
        }

    FakeConnection.as_dict = with_type  # type: ignore[method-assign]


def _update_connection(self: GlueResponse) -> ActionResult:
    name, catalog = self._get_param("Name"), self._get_param("CatalogId")
    self.glue_backend.get_connection(
        catalog, name, ""
    )  # EntityNotFoundException if it does not exist
    changed = FakeConnection(self.glue_backend, catalog, self._get_param("ConnectionInput"), {})
    self.glue_backend.connections[name] = changed
    return EmptyResult()


def _delete_connection(self: GlueResponse) -> ActionResult:
    name, catalog = self._get_param("ConnectionName"), self._get_param("CatalogId")
    self.glue_backend.get_connection(catalog, name, "")
    del self.glue_backend.connections[name]
    return EmptyResult()
