# One role per job, with what that job does and what AWS Glue does in its name, and nothing else.

locals {
  role_names = toset(values(var.role_of))
  # Jobs with a connection run in the subnet of their connection.
  in_vpc = var.placement == null ? [] : [for name, job in var.jobs : var.role_of[name] if length(job.Connections.Connections) > 0]

  s3      = { for name, bucket in var.buckets : name => "arn:${var.arns.partition}:s3:::${bucket}" }
  glue    = "arn:${var.arns.partition}:glue:${var.arns.region}:${var.arns.account}"
  logs    = "arn:${var.arns.partition}:logs:${var.arns.region}:${var.arns.account}:log-group:/aws-glue/jobs"
  ec2     = "arn:${var.arns.partition}:ec2:${var.arns.region}:${var.arns.account}"
  catalog = { for name, database in var.databases : name => ["${local.glue}:catalog", "${local.glue}:database/${database}", "${local.glue}:table/${database}/*"] }
}

resource "aws_iam_role" "job" {
  for_each = local.role_names

  name        = "${var.prefix}-${each.key}"
  description = "What job ${each.key} may do"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "glue.amazonaws.com" }
      Action    = "sts:AssumeRole"
      # Only for jobs of this account: Glue can not be made a deputy by another one.
      Condition = { StringEquals = { "aws:SourceAccount" = var.arns.account } }
    }]
  })
}

# What the job's own code calls; proven against the calls of a recorded run.
resource "aws_iam_role_policy" "work" {
  for_each = local.role_names

  name   = "work"
  role   = aws_iam_role.job[each.key].id
  policy = jsonencode({ Version = "2012-10-17", Statement = local.work[each.key] })
}

# What AWS Glue calls in the job's name.
resource "aws_iam_role_policy" "run" {
  for_each = local.role_names

  name   = "run"
  role   = aws_iam_role.job[each.key].id
  policy = jsonencode({ Version = "2012-10-17", Statement = concat(local.run, [for statement in local.network : statement if contains(local.in_vpc, each.key)]) })
}
