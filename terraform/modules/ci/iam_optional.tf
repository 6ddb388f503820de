# Rights for the optional parts, only where they are part of the deployment.

locals {
  more = concat([for each in local.network : each if var.network], [for each in local.warehouse : each if var.warehouse])

  network = [
    {
      Sid    = "Network"
      Effect = "Allow"
      Action = [
        "ec2:Describe*", "ec2:CreateVpc", "ec2:DeleteVpc", "ec2:ModifyVpcAttribute", "ec2:CreateSubnet", "ec2:DeleteSubnet",
        "ec2:CreateRouteTable", "ec2:DeleteRouteTable", "ec2:AssociateRouteTable", "ec2:DisassociateRouteTable",
        "ec2:CreateVpcEndpoint", "ec2:ModifyVpcEndpoint", "ec2:DeleteVpcEndpoints", "ec2:CreateSecurityGroup", "ec2:DeleteSecurityGroup",
        "ec2:AuthorizeSecurityGroup*", "ec2:RevokeSecurityGroup*", "ec2:UpdateSecurityGroupRule*", "ec2:ModifySecurityGroupRules", "ec2:CreateTags",
      ]
      Resource  = ["*"] # What is made has no ARN before, and Describe takes none.
      Condition = { StringEquals = { "aws:RequestedRegion" = var.arns.region } }
    },
  ]

  warehouse = [
    {
      Sid    = "Warehouse"
      Effect = "Allow"
      Action = ["rds:CreateDB*", "rds:DeleteDB*", "rds:ModifyDB*", "rds:Describe*", "rds:ListTagsForResource", "rds:AddTagsToResource", "rds:RemoveTagsFromResource", "rds:ResetDBParameterGroup"]
      Resource = [
        "arn:${var.arns.partition}:rds:${local.here}:db:${var.prefix}-warehouse*", "arn:${var.arns.partition}:rds:${local.here}:subgrp:${var.prefix}-warehouse*",
        "arn:${var.arns.partition}:rds:${local.here}:pg:${var.prefix}-warehouse*", "arn:${var.arns.partition}:rds:${local.here}:snapshot:${var.prefix}-warehouse*",
      ]
    },
    {
      # RDS makes and keeps its secret in the deployer's name.
      Sid      = "SecretOfRds"
      Effect   = "Allow"
      Action   = ["secretsmanager:CreateSecret", "secretsmanager:TagResource", "secretsmanager:DescribeSecret"]
      Resource = ["arn:${var.arns.partition}:secretsmanager:${local.here}:secret:rds!*"]
    },
    {
      Sid       = "KeyOfRds"
      Effect    = "Allow"
      Action    = ["kms:CreateGrant"]
      Resource  = ["arn:${var.arns.partition}:kms:${local.here}:key/*"]
      Condition = { StringLike = { "kms:ViaService" = ["rds.${var.arns.region}.amazonaws.com", "secretsmanager.${var.arns.region}.amazonaws.com"] } }
    },
  ]
}
