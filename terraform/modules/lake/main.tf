locals {
  immutable = toset(["raw", "processed"])
}

resource "aws_s3_bucket" "this" {
  #checkov:skip=CKV_AWS_18:CloudTrail data events tell the same, and are the account's choice
  #checkov:skip=CKV_AWS_144:versions and deny-delete keep the data; a second region doubles the cost
  #checkov:skip=CKV2_AWS_62:only the raw bucket has events that anybody waits for
  for_each = var.buckets

  bucket              = each.value
  force_destroy       = var.allow_destroy
  object_lock_enabled = contains(local.immutable, each.key) && var.object_lock_days > 0
}

resource "aws_s3_bucket_versioning" "this" {
  for_each = aws_s3_bucket.this

  bucket = each.value.id
  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "this" {
  for_each = aws_s3_bucket.this

  bucket = each.value.id
  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = var.kms_key_arn
    }
    # One data key per bucket and hour or so, instead of a KMS request per object.
    bucket_key_enabled = true
  }
}

resource "aws_s3_bucket_public_access_block" "this" {
  for_each = aws_s3_bucket.this

  bucket                  = each.value.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "this" {
  for_each = aws_s3_bucket.this

  bucket = each.value.id
  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_object_lock_configuration" "this" {
  for_each = var.object_lock_days > 0 ? local.immutable : toset([])

  bucket = aws_s3_bucket.this[each.key].id
  rule {
    default_retention {
      mode = "GOVERNANCE"
      days = var.object_lock_days
    }
  }
}

# Nothing that was complete is ever expired in raw and processed, not even a version behind a delete
# marker: a commit may name it. Old versions of derivable current rows and of code may go.
resource "aws_s3_bucket_lifecycle_configuration" "this" {
  for_each = aws_s3_bucket.this

  bucket = each.value.id

  rule {
    id     = "uploads-that-never-ended"
    status = "Enabled"
    filter {}
    abort_incomplete_multipart_upload {
      days_after_initiation = 7
    }
  }

  dynamic "rule" {
    for_each = contains(local.immutable, each.key) ? [] : ["old-versions"]
    content {
      id     = rule.value
      status = "Enabled"
      filter {}
      noncurrent_version_expiration {
        noncurrent_days = 30
      }
    }
  }

  depends_on = [aws_s3_bucket_versioning.this]
}

# The commit of a batch, an object, starts transform and load.
resource "aws_s3_bucket_notification" "raw" {
  bucket      = aws_s3_bucket.this["raw"].id
  eventbridge = true
}
