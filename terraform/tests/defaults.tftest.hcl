# What a deployment promises, without an account: the provider is mocked.

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
  mock_resource "aws_sns_topic" {
    defaults = { arn = "arn:aws:sns:eu-west-2:123456789012:acme-dev-alerts" }
  }
  mock_resource "aws_secretsmanager_secret" {
    defaults = { arn = "arn:aws:secretsmanager:eu-west-2:123456789012:secret:mocked" }
  }
}

variables {
  prefix             = "acme-dev"
  source_database    = { jdbc_url = "jdbc:postgresql://db.example.org:5432/totesys?sslmode=verify-full" }
  warehouse_database = { jdbc_url = "jdbc:postgresql://wh.example.org:5432/warehouse?sslmode=verify-full" }
  alert_emails       = ["data@example.org"]
  certificates       = { totesys = "terraform.tfvars.example", warehouse = "terraform.tfvars.example" }
}

run "buckets" {
  assert {
    condition     = output.buckets == { raw = "acme-dev-raw", processed = "acme-dev-processed", work = "acme-dev-work", code = "acme-dev-code" }
    error_message = "Buckets are named <prefix>-<purpose>."
  }
}

run "workflows" {
  assert {
    condition     = toset(output.workflows) == toset(["totesys_ingest", "totesys_transform_load", "totesys_audit"])
    error_message = "The workflows of workflows.yaml are made."
  }
}

run "a_schedule_faster_than_five_minutes_is_refused" {
  command = plan

  variables {
    ingest_schedule = "cron(0/2 * * * ? *)"
  }
  expect_failures = [var.ingest_schedule]
}

run "every_minute_is_refused" {
  command = plan

  variables {
    ingest_schedule = "cron(* * * * ? *)"
  }
  expect_failures = [var.ingest_schedule]
}

run "enforced_tls_needs_a_mode" {
  command = plan

  variables {
    source_database = { jdbc_url = "jdbc:postgresql://db.example.org/totesys" }
  }
  expect_failures = [var.source_database]
}

run "a_user_in_the_url_is_refused" {
  command = plan

  variables {
    source_database = { jdbc_url = "jdbc:postgresql://reader@db.example.org/totesys?sslmode=require" }
  }
  expect_failures = [var.source_database]
}

run "a_made_warehouse_needs_a_network" {
  command = plan

  variables {
    warehouse_database = null
  }
  expect_failures = [var.warehouse_database]
}

run "one_zone_is_too_few" {
  command = plan

  variables {
    network = { availability_zones = ["eu-west-2a"] }
  }
  expect_failures = [var.network]
}

run "a_prefix_with_capitals_is_refused" {
  command = plan

  variables {
    prefix = "Acme"
  }
  expect_failures = [var.prefix]
}

run "freshness_under_a_schedule_is_refused" {
  command = plan

  variables {
    freshness_minutes = 10
  }
  expect_failures = [var.freshness_minutes]
}

run "no_address_is_no_address" {
  command = plan

  variables {
    alert_emails = ["somebody"]
  }
  expect_failures = [var.alert_emails]
}

run "a_certificate_that_is_verified_needs_its_ca" {
  command = plan

  variables {
    certificates = {}
  }
  expect_failures = [var.certificates]
}

run "a_ca_of_an_unknown_connection_is_refused" {
  command = plan

  variables {
    certificates = { totesys = "terraform.tfvars.example", warehouse = "terraform.tfvars.example", other = "terraform.tfvars.example" }
  }
  expect_failures = [var.certificates]
}

run "the_ca_reaches_both_drivers_and_glue" {
  assert {
    condition     = local.connections["totesys"].ConnectionProperties.JDBC_CONNECTION_URL == "jdbc:postgresql://db.example.org:5432/totesys?sslmode=verify-full&sslrootcert=totesys.pem"
    error_message = "The URL, which both drivers read, names mode and CA."
  }
  assert {
    condition     = local.connections["totesys"].ConnectionProperties.CUSTOM_JDBC_CERT == module.lake.certificates["totesys"]
    error_message = "AWS Glue's own reader gets the CA by the connection."
  }
  assert {
    condition     = local.jobs["ingest_totesys"].DefaultArguments["--extra-files"] == module.lake.certificates["totesys"] && local.jobs["load_warehouse"].DefaultArguments["--extra-files"] == module.lake.certificates["warehouse"] && !contains(keys(local.jobs["transform_star"].DefaultArguments), "--extra-files")
    error_message = "The file lies in the folder of the jobs that need it."
  }
}
