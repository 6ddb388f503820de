"""What can go wrong around a deployment; every message says what to do."""


class DeploymentError(Exception):
    """Base of all errors here."""


class ArtifactsUnavailable(DeploymentError):
    """The wheel or the zip of wheels could not be made."""


class TerraformMissing(DeploymentError):
    """Terraform, or a local copy of the AWS provider, is not on this machine."""


class TerraformFailed(DeploymentError):
    """A Terraform command ended with an error."""


class SecretMissing(DeploymentError):
    """A secret that should be filled does not exist."""
