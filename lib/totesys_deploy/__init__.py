"""What a deployment needs besides Terraform: artifacts, the order of its steps, checks, secrets."""
