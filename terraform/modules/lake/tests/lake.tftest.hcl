mock_provider "aws" {
  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }
}

variables {
  buckets          = { raw = "a-raw", processed = "a-processed", work = "a-work", code = "a-code" }
  kms_key_arn      = "arn:aws:kms:eu-west-2:123456789012:key/1"
  job_role_arns    = ["arn:aws:iam::123456789012:role/a-ingest"]
  object_lock_days = 0
  allow_destroy    = false
  scripts          = "../../../glue_jobs"
  artifacts        = "../../../dist"
}

run "no_bucket_is_public_or_plain" {
  assert {
    condition     = alltrue([for block in aws_s3_bucket_public_access_block.this : block.block_public_acls && block.block_public_policy && block.ignore_public_acls && block.restrict_public_buckets]) && length(aws_s3_bucket_public_access_block.this) == 4
    error_message = "Every bucket blocks every public access."
  }
  assert {
    condition     = alltrue([for one in aws_s3_bucket_server_side_encryption_configuration.this : one(one.rule).apply_server_side_encryption_by_default[0].kms_master_key_id == var.kms_key_arn]) && length(aws_s3_bucket_server_side_encryption_configuration.this) == 4
    error_message = "Every bucket is encrypted with the key."
  }
  assert {
    condition     = alltrue([for one in aws_s3_bucket_versioning.this : one.versioning_configuration[0].status == "Enabled"]) && length(aws_s3_bucket_versioning.this) == 4
    error_message = "Every bucket keeps versions."
  }
  assert {
    condition     = alltrue([for policy in aws_s3_bucket_policy.this : contains([for s in jsondecode(policy.policy).Statement : s.Sid], "TlsOnly")])
    error_message = "Every bucket refuses plain HTTP."
  }
}

run "raw_and_processed_are_immutable" {
  assert {
    condition = alltrue([
      for name in ["raw", "processed"] :
      toset([for s in jsondecode(aws_s3_bucket_policy.this[name].policy).Statement : s.Sid]) == toset(["TlsOnly", "JobsNeverDelete", "NobodyOverwrites", "CommitsAreForEver"])
    ])
    error_message = "Raw and processed refuse deletes by jobs, overwrites, and deletes of commits."
  }
  assert {
    condition = alltrue([
      for name in ["raw", "processed"] :
      alltrue([for rule in aws_s3_bucket_lifecycle_configuration.this[name].rule : length(rule.expiration) == 0 && length(rule.noncurrent_version_expiration) == 0])
    ])
    error_message = "Nothing that a commit may name ever expires."
  }
  assert {
    condition     = alltrue([for bucket in aws_s3_bucket.this : !bucket.force_destroy])
    error_message = "Destroy does not take data along."
  }
  assert {
    condition     = length(aws_s3_bucket_object_lock_configuration.this) == 0
    error_message = "Object Lock is a choice."
  }
}

run "object_lock" {
  variables {
    object_lock_days = 30
  }
  assert {
    condition     = toset(keys(aws_s3_bucket_object_lock_configuration.this)) == toset(["raw", "processed"]) && aws_s3_bucket.this["raw"].object_lock_enabled && !aws_s3_bucket.this["work"].object_lock_enabled
    error_message = "Object Lock holds for raw and processed only."
  }
}

run "a_trial_can_be_destroyed" {
  variables {
    allow_destroy = true
  }
  assert {
    condition     = !contains([for s in jsondecode(aws_s3_bucket_policy.this["raw"].policy).Statement : s.Sid], "CommitsAreForEver") && aws_s3_bucket.this["raw"].force_destroy
    error_message = "allow_destroy lets buckets go with their content."
  }
}

run "a_release_is_named_by_its_content" {
  assert {
    condition     = can(regex("^s3://a-code/releases/[0-9a-f]{12}$", output.release)) && endswith(output.modules, ".gluewheels.zip")
    error_message = "Scripts and modules lie in a folder named by their content."
  }
  assert {
    condition     = aws_s3_bucket_notification.raw.eventbridge
    error_message = "Commits reach EventBridge."
  }
}
