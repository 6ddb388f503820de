# https://docs.aws.amazon.com/glue/latest/dg/create-service-policy.html,
# https://docs.aws.amazon.com/glue/latest/dg/encryption-security-configuration.html

locals {
  run = [
    {
      Sid      = "ScriptAndModules"
      Effect   = "Allow"
      Action   = ["s3:GetObject"]
      Resource = ["${local.s3.code}/releases/*"]
    },
    {
      Sid      = "FindScriptAndModules"
      Effect   = "Allow"
      Action   = ["s3:ListBucket", "s3:GetBucketLocation"]
      Resource = [local.s3.code]
    },
    {
      Sid    = "Logs"
      Effect = "Allow"
      Action = ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents", "logs:AssociateKmsKey"]
      # With a security configuration groups are /aws-glue/jobs-<role>-<configuration>/...
      Resource = ["${local.logs}/*", "${local.logs}-${var.prefix}-*"]
    },
    {
      Sid       = "Metrics"
      Effect    = "Allow"
      Action    = ["cloudwatch:PutMetricData"]
      Resource  = ["*"] # CloudWatch has no ARN for a metric; the namespace stands for it.
      Condition = { StringEquals = { "cloudwatch:namespace" = ["Glue", "totesys"] } }
    },
    {
      Sid      = "Keys"
      Effect   = "Allow"
      Action   = ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey", "kms:DescribeKey"]
      Resource = [var.kms_key_arn]
    },
  ]

  network = [
    {
      Sid      = "FindTheNetwork"
      Effect   = "Allow"
      Action   = ["ec2:DescribeNetworkInterfaces", "ec2:DescribeRouteTables", "ec2:DescribeSecurityGroups", "ec2:DescribeSubnets", "ec2:DescribeVpcAttribute", "ec2:DescribeVpcEndpoints"]
      Resource = ["*"] # EC2's Describe calls take no resource.
    },
    {
      Sid    = "MakeInterfaces"
      Effect = "Allow"
      Action = ["ec2:CreateNetworkInterface"]
      Resource = concat(
        ["${local.ec2}:network-interface/*"],
        [for placement in var.placement[*] : "${local.ec2}:subnet/${placement.subnet_id}"],
        flatten([for placement in var.placement[*] : [for id in placement.security_group_ids : "${local.ec2}:security-group/${id}"]]),
      )
    },
    {
      Sid       = "MarkInterfaces"
      Effect    = "Allow"
      Action    = ["ec2:CreateTags", "ec2:DeleteTags"]
      Resource  = ["${local.ec2}:network-interface/*"]
      Condition = { "ForAllValues:StringEquals" = { "aws:TagKeys" = ["aws-glue-service-resource"] } }
    },
    {
      Sid      = "RemoveInterfaces"
      Effect   = "Allow"
      Action   = ["ec2:DeleteNetworkInterface"]
      Resource = ["${local.ec2}:network-interface/*"]
    },
  ]
}
