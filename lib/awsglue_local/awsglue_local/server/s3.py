"""What moto's S3 lacks: GetBucketNotificationConfiguration tells of EventBridge, and bucket
policies are left to iam.py, which knows their conditions.
"""

import re
from typing import Any

from moto.iam.access_control import PermissionResult
from moto.s3.models import FakeBucket
from moto.s3.responses import S3Response

_ROOT_ELEMENT = re.compile(
    r"<(NotificationConfiguration)([^>]*?)(?:/>|>(.*?)</NotificationConfiguration>)", re.DOTALL
)


def install() -> None:
    """Changes moto, in this process."""
    without = S3Response.get_bucket_notification

    def with_event_bridge(self: S3Response) -> Any:
        answer: Any = without(self)
        kept = self.backend.get_bucket_notification_configuration(self.bucket_name)
        if kept is None or kept.event_bridge is None:
            return answer
        status, headers, body = answer
        text = body.decode() if isinstance(body, bytes) else body
        filled = r"<\1\2>\3<EventBridgeConfiguration/></\1>"
        return status, headers, _ROOT_ELEMENT.sub(filled, text)

    S3Response.get_bucket_notification = with_event_bridge  # type: ignore[method-assign]
    FakeBucket.get_permission = (  # type: ignore[method-assign]
        lambda self, action, resource: PermissionResult.NEUTRAL
    )
