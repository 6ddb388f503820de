# What no identity policy can widen.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes-enforce.html

locals {
  tls_only = {
    for name, bucket in aws_s3_bucket.this : name => {
      Sid       = "TlsOnly"
      Effect    = "Deny"
      Principal = "*"
      Action    = "s3:*"
      Resource  = ["arn:${data.aws_partition.current.partition}:s3:::${var.buckets[name]}", "arn:${data.aws_partition.current.partition}:s3:::${var.buckets[name]}/*"]
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }
  }
  kept = {
    for name in local.immutable : name => concat(
      [
        {
          Sid       = "JobsNeverDelete"
          Effect    = "Deny"
          Principal = "*"
          Action    = ["s3:DeleteObject", "s3:DeleteObjectVersion", "s3:PutLifecycleConfiguration", "s3:BypassGovernanceRetention"]
          Resource  = ["arn:${data.aws_partition.current.partition}:s3:::${var.buckets[name]}", "arn:${data.aws_partition.current.partition}:s3:::${var.buckets[name]}/*"]
          Condition = { ArnEquals = { "aws:PrincipalArn" = var.job_role_arns } }
        },
        {
          Sid       = "NobodyOverwrites"
          Effect    = "Deny"
          Principal = "*"
          Action    = ["s3:PutObject"]
          Resource  = ["arn:${data.aws_partition.current.partition}:s3:::${var.buckets[name]}/*"]
          Condition = { Null = { "s3:if-none-match" = "true" } }
        },
      ],
      # Whoever may delete buckets anyway may do so for a trial deployment; else commits are for ever.
      var.allow_destroy ? [] : [
        {
          Sid       = "CommitsAreForEver"
          Effect    = "Deny"
          Principal = "*"
          Action    = ["s3:DeleteObject", "s3:DeleteObjectVersion"]
          Resource  = ["arn:${data.aws_partition.current.partition}:s3:::${var.buckets[name]}/_commits/*"]
          Condition = {}
        },
      ],
    )
  }
}

data "aws_partition" "current" {}

resource "aws_s3_bucket_policy" "this" {
  for_each = aws_s3_bucket.this

  bucket = each.value.id
  policy = jsonencode({
    Version = "2012-10-17"
    # Without the empty conditions that keep the statements above of one type.
    Statement = [
      for statement in concat([local.tls_only[each.key]], lookup(local.kept, each.key, [])) :
      { for name, value in statement : name => value if try(length(value), 1) > 0 }
    ]
  })

  depends_on = [aws_s3_bucket_public_access_block.this]
}
