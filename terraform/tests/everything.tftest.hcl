# With every optional part: network, RDS, budget, role of GitHub Actions.

mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }
  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }
  mock_resource "aws_kms_key" {
    defaults = { arn = "arn:aws:kms:eu-west-2:123456789012:key/1", key_id = "1" }
  }
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/mocked" }
  }
  mock_resource "aws_iam_openid_connect_provider" {
    defaults = { arn = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com" }
  }
  mock_resource "aws_sns_topic" {
    defaults = { arn = "arn:aws:sns:eu-west-2:123456789012:acme-dev-alerts" }
  }
  mock_resource "aws_secretsmanager_secret" {
    defaults = { arn = "arn:aws:secretsmanager:eu-west-2:123456789012:secret:mocked" }
  }
  mock_resource "aws_db_instance" {
    defaults = {
      endpoint           = "a.example.org:5432"
      master_user_secret = [{ kms_key_id = "", secret_arn = "arn:aws:secretsmanager:eu-west-2:123456789012:secret:rds", secret_status = "active" }]
    }
  }
}

variables {
  prefix          = "acme-dev"
  source_database = { jdbc_url = "jdbc:postgresql://db.example.org:5432/totesys?sslmode=verify-full" }
  certificates    = { totesys = "terraform.tfvars.example", warehouse = "terraform.tfvars.example" }
  network         = { availability_zones = ["eu-west-2a", "eu-west-2b"] }
  github          = { repository = "acme/totesys", environment = "production", state_bucket = "acme-terraform" }
}

run "the_warehouse_made_here_is_reached_with_its_certificate_checked" {
  assert {
    condition     = local.connections["warehouse"].ConnectionProperties.JDBC_CONNECTION_URL == "jdbc:postgresql://a.example.org:5432/warehouse?sslmode=verify-full&sslrootcert=warehouse.pem"
    error_message = "The URL of RDS names mode and CA."
  }
  assert {
    condition     = output.secrets == ["acme-dev/totesys"]
    error_message = "RDS keeps the warehouse's login."
  }
}

run "rds_without_its_ca_is_refused" {
  command = plan

  variables {
    certificates = { totesys = "terraform.tfvars.example" }
  }
  expect_failures = [var.certificates]
}

run "the_role_of_github_is_made_for_one_environment" {
  assert {
    condition     = output.deploy_role == "arn:aws:iam::123456789012:role/mocked"
    error_message = "The README's output for AWS_DEPLOY_ROLE."
  }
}
