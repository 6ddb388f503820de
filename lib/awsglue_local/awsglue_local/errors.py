"""One class per thing a caller can do something about."""


class LocalGlueError(Exception):
    """Anything this package refuses or can not do; the message says what to do next."""


class JavaNotFoundError(LocalGlueError):
    """No Java 17 was found."""


class JarsUnavailableError(LocalGlueError):
    """Spark's jars for S3 and PostgreSQL could not be resolved."""


class PostgresError(LocalGlueError):
    """The embedded PostgreSQL server could not be made, started or stopped."""


class AwsServerError(LocalGlueError):
    """The local AWS server did not start."""


class DefinitionError(LocalGlueError):
    """A workflow definition breaks a rule of AWS; names the field and the rule."""


class StackError(LocalGlueError):
    """The local stack is not running, or is damaged."""


class RunError(LocalGlueError):
    """A workflow or job can not be run at all (one that ran and failed is a result)."""


class BookmarkNotFoundError(LocalGlueError):
    """AWS's EntityNotFoundException for job bookmarks."""

    def __init__(self, job_name: str, run_id: str | None = None) -> None:
        of_run = f" of run {run_id}" if run_id else ""
        super().__init__(
            f"EntityNotFoundException: job {job_name} has no bookmark{of_run}; a run with "
            "--job-bookmark-option job-bookmark-enable saves one in Job.commit()"
        )


class VersionMismatchException(LocalGlueError):
    """Another run of the job saved its bookmark meanwhile; AWS's text."""

    def __init__(self, expected: int, found: int) -> None:
        super().__init__(
            "com.amazonaws.services.gluejobexecutor.model.VersionMismatchException: "
            "Continuation update failed due to version mismatch. "
            f"Expected version {expected} but found version {found}"
        )


class ApiError(LocalGlueError):
    """An error of AWS's API: its code (EntityNotFoundException, ...) and message."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
