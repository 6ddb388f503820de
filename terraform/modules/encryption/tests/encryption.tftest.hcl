mock_provider "aws" {
  mock_resource "aws_kms_key" {
    defaults = { arn = "arn:aws:kms:eu-west-2:123456789012:key/1", key_id = "1" }
  }
}

variables {
  prefix = "a"
  arns   = { partition = "aws", region = "eu-west-2", account = "123456789012" }
}

run "the_key_turns_and_services_use_it_for_this_account" {
  assert {
    condition     = aws_kms_key.this.enable_key_rotation && aws_kms_key.this.deletion_window_in_days == 30
    error_message = "The key is rotated, and kept for a month when it is deleted."
  }
  assert {
    condition     = { for s in jsondecode(aws_kms_key.this.policy).Statement : s.Sid => contains(keys(s), "Condition") if s.Sid != "IdentityPoliciesDecide" } == { Logs = true, Alerts = true, Events = false }
    error_message = "EventBridge gives no condition keys on its way to SNS; the others do."
  }
}
