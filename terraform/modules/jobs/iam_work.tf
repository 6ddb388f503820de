locals {
  publish = [
    "glue:GetDatabase", "glue:GetTable", "glue:GetTables", "glue:CreateTable", "glue:UpdateTable",
    "glue:GetPartitions", "glue:BatchCreatePartition", "glue:BatchUpdatePartition", "glue:BatchDeletePartition",
  ]
  read  = ["s3:GetObject"]
  write = ["s3:PutObject"]
  list  = ["s3:ListBucket"]

  work = {
    ingest = [
      { Sid = "Login", Effect = "Allow", Action = ["secretsmanager:GetSecretValue"], Resource = [aws_secretsmanager_secret.login["ingest"].arn] },
      { Sid = "Connection", Effect = "Allow", Action = ["glue:GetConnection"], Resource = ["${local.glue}:catalog", "${local.glue}:connection/totesys"] },
      { Sid = "Bookmark", Effect = "Allow", Action = ["glue:GetJobBookmark", "glue:ResetJobBookmark"], Resource = ["${local.glue}:job/ingest_totesys"] },
      { Sid = "List", Effect = "Allow", Action = local.list, Resource = [local.s3.raw, local.s3.work, local.s3.processed] },
      { Sid = "Loaded", Effect = "Allow", Action = local.read, Resource = ["${local.s3.processed}/_loaded/*"] },
      { Sid = "Lake", Effect = "Allow", Action = concat(local.read, local.write), Resource = ["${local.s3.raw}/*", "${local.s3.work}/*"] },
      { Sid = "Publish", Effect = "Allow", Action = local.publish, Resource = local.catalog.raw },
    ]
    transform = [
      { Sid = "List", Effect = "Allow", Action = local.list, Resource = [local.s3.raw, local.s3.work, local.s3.processed] },
      { Sid = "Read", Effect = "Allow", Action = local.read, Resource = ["${local.s3.raw}/*", "${local.s3.work}/*"] },
      { Sid = "Stars", Effect = "Allow", Action = concat(local.read, local.write), Resource = ["${local.s3.processed}/*"] },
      { Sid = "Publish", Effect = "Allow", Action = local.publish, Resource = local.catalog.star },
    ]
    load = [
      { Sid = "Login", Effect = "Allow", Action = ["secretsmanager:GetSecretValue"], Resource = [coalesce(var.managed_secret_arn, try(aws_secretsmanager_secret.login["load"].arn, null))] },
      { Sid = "Connection", Effect = "Allow", Action = ["glue:GetConnection"], Resource = ["${local.glue}:catalog", "${local.glue}:connection/warehouse"] },
      { Sid = "List", Effect = "Allow", Action = local.list, Resource = [local.s3.processed] },
      { Sid = "Read", Effect = "Allow", Action = local.read, Resource = ["${local.s3.processed}/*"] },
      { Sid = "Loaded", Effect = "Allow", Action = local.write, Resource = ["${local.s3.processed}/_loaded/*"] },
    ]
  }
}
