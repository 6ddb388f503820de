# What a deployment may do: its own names, never the rows. The deployer can not read a bucket with
# data or a secret's value, and can pass the jobs' roles to AWS Glue only.

locals {
  s3   = "arn:${var.arns.partition}:s3:::${var.prefix}"
  iam  = "arn:${var.arns.partition}:iam::${var.arns.account}"
  here = "${var.arns.region}:${var.arns.account}"
  made = [for name in var.roles : "${local.iam}:role/${var.prefix}-${name}"]
}

resource "aws_iam_role_policy" "deploy" {
  name = "deploy"
  role = aws_iam_role.deploy.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(local.more, [
      {
        Sid      = "State"
        Effect   = "Allow"
        Action   = ["s3:ListBucket", "s3:GetObject", "s3:PutObject", "s3:DeleteObject"]
        Resource = ["arn:${var.arns.partition}:s3:::${var.state_bucket}", "arn:${var.arns.partition}:s3:::${var.state_bucket}/*"]
      },
      {
        Sid      = "Buckets"
        Effect   = "Allow"
        Action   = ["s3:CreateBucket", "s3:GetBucket*", "s3:PutBucket*", "s3:DeleteBucketPolicy", "s3:Get*Configuration", "s3:Put*Configuration", "s3:ListBucket"]
        Resource = [for name in ["raw", "processed", "work", "code"] : "${local.s3}-${name}"]
      },
      {
        Sid      = "Releases"
        Effect   = "Allow"
        Action   = ["s3:GetObject*", "s3:PutObject", "s3:PutObjectTagging", "s3:DeleteObject"]
        Resource = ["${local.s3}-code/releases/*"]
      },
      {
        Sid      = "Glue"
        Effect   = "Allow"
        Action   = ["glue:Create*", "glue:Update*", "glue:Delete*", "glue:Get*", "glue:List*", "glue:TagResource", "glue:UntagResource", "glue:StartTrigger", "glue:StopTrigger"]
        Resource = [for kind in ["catalog", "database/totesys_*", "connection/*", "job/*", "trigger/*", "workflow/*"] : "arn:${var.arns.partition}:glue:${local.here}:${kind}"]
      },
      {
        Sid      = "GlueSecurityConfiguration"
        Effect   = "Allow"
        Action   = ["glue:CreateSecurityConfiguration", "glue:DeleteSecurityConfiguration", "glue:GetSecurityConfiguration"]
        Resource = ["*"] # These take no resource.
      },
      {
        Sid      = "Roles"
        Effect   = "Allow"
        Action   = ["iam:CreateRole", "iam:DeleteRole", "iam:GetRole", "iam:UpdateRole*", "iam:TagRole", "iam:PutRolePolicy", "iam:GetRolePolicy", "iam:DeleteRolePolicy", "iam:List*", "iam:UpdateAssumeRolePolicy"]
        Resource = local.made
      },
      {
        Sid      = "ItselfToReadOnly"
        Effect   = "Allow"
        Action   = ["iam:GetRole", "iam:GetRolePolicy", "iam:ListRolePolicies", "iam:ListAttachedRolePolicies", "iam:GetOpenIDConnectProvider"]
        Resource = [aws_iam_role.deploy.arn, aws_iam_openid_connect_provider.github.arn]
      },
      {
        Sid       = "PassRoles"
        Effect    = "Allow"
        Action    = ["iam:PassRole"]
        Resource  = local.made
        Condition = { StringEquals = { "iam:PassedToService" = ["glue.amazonaws.com", "events.amazonaws.com"] } }
      },
      {
        Sid    = "EventsAndAlerts"
        Effect = "Allow"
        Action = ["events:*Rule*", "events:*Targets*", "events:ListTagsForResource", "events:TagResource", "sns:*Topic*", "sns:Subscribe", "sns:Unsubscribe", "sns:GetSubscriptionAttributes", "sns:ListTagsForResource", "sns:TagResource", "cloudwatch:*Alarm*", "cloudwatch:*Dashboard*", "cloudwatch:ListTagsForResource", "cloudwatch:TagResource"]
        Resource = [
          "arn:${var.arns.partition}:events:${local.here}:rule/totesys_*", "arn:${var.arns.partition}:events:${local.here}:rule/${var.prefix}-*",
          "arn:${var.arns.partition}:sns:${local.here}:${var.prefix}-alerts*", "arn:${var.arns.partition}:cloudwatch:${local.here}:alarm:${var.prefix}-*",
          "arn:${var.arns.partition}:cloudwatch::${var.arns.account}:dashboard/${var.prefix}",
        ]
      },
      {
        Sid      = "SecretsWithoutTheirValues"
        Effect   = "Allow"
        Action   = ["secretsmanager:CreateSecret", "secretsmanager:DescribeSecret", "secretsmanager:GetResourcePolicy", "secretsmanager:UpdateSecret", "secretsmanager:DeleteSecret", "secretsmanager:TagResource"]
        Resource = ["arn:${var.arns.partition}:secretsmanager:${local.here}:secret:${var.prefix}/*"]
      },
      {
        Sid      = "Keys"
        Effect   = "Allow"
        Action   = ["kms:CreateKey", "kms:*Alias", "kms:ListAliases", "kms:DescribeKey", "kms:GetKey*", "kms:PutKeyPolicy", "kms:EnableKeyRotation", "kms:ListResourceTags", "kms:TagResource", "kms:ScheduleKeyDeletion", "kms:GenerateDataKey", "kms:Decrypt"]
        Resource = ["*"] # A key's ARN is not known before it exists.
      },
      {
        Sid      = "Budget"
        Effect   = "Allow"
        Action   = ["budgets:ViewBudget", "budgets:ModifyBudget", "budgets:ListTagsForResource", "budgets:TagResource"]
        Resource = ["arn:${var.arns.partition}:budgets::${var.arns.account}:budget/${var.prefix}-*"]
      },
    ])
  })
}
