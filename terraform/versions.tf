terraform {
  required_version = ">= 1.10"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "5.100.0"
    }
  }

  # Empty on purpose: `make deploy` passes bucket and key (bootstrap/ makes the bucket).
  backend "s3" {}
}

provider "aws" {
  region = var.region

  default_tags {
    tags = { project = "totesys", environment = var.environment }
  }
}
