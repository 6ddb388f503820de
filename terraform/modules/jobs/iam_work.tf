locals {
  publish = ["glue:GetTable", "glue:CreateTable", "glue:UpdateTable", "glue:BatchCreatePartition", "glue:BatchUpdatePartition"]
  read    = ["s3:GetObject"]
  write   = ["s3:PutObject"]
  list    = ["s3:ListBucket"]

  # By the role's short name. A new job needs an entry here, and nothing else in this module.
  data = {
    ingest = [
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
      { Sid = "Publish", Effect = "Allow", Action = concat(local.publish, ["glue:GetPartitions"]), Resource = local.catalog.star },
    ]
    load = [
      { Sid = "List", Effect = "Allow", Action = local.list, Resource = [local.s3.processed] },
      { Sid = "Read", Effect = "Allow", Action = local.read, Resource = ["${local.s3.processed}/*"] },
      { Sid = "Loaded", Effect = "Allow", Action = local.write, Resource = ["${local.s3.processed}/_loaded/*"] },
    ]
    rebuild = [
      { Sid = "List", Effect = "Allow", Action = local.list, Resource = [local.s3.raw, local.s3.work] },
      { Sid = "Read", Effect = "Allow", Action = local.read, Resource = ["${local.s3.raw}/*", "${local.s3.work}/*"] },
      { Sid = "Current", Effect = "Allow", Action = local.write, Resource = ["${local.s3.work}/current/*"] },
      { Sid = "Commit", Effect = "Allow", Action = local.write, Resource = ["${local.s3.raw}/_commits/*"] },
      { Sid = "Publish", Effect = "Allow", Action = local.publish, Resource = local.catalog.raw },
    ]
    # It reads everything and changes nothing but its own proofs.
    audit = [
      { Sid = "List", Effect = "Allow", Action = local.list, Resource = [local.s3.raw, local.s3.processed] },
      { Sid = "Read", Effect = "Allow", Action = local.read, Resource = ["${local.s3.raw}/*", "${local.s3.processed}/*"] },
      { Sid = "Audited", Effect = "Allow", Action = local.write, Resource = ["${local.s3.processed}/_audited/*"] },
      { Sid = "Catalogue", Effect = "Allow", Action = ["glue:GetTable", "glue:GetPartitions"], Resource = distinct(concat(local.catalog.raw, local.catalog.star)) },
    ]
  }

  # A job reads the connections that its definition names, and their logins, and no other.
  secret_arns = merge(
    { for connection, secret in aws_secretsmanager_secret.login : connection => secret.arn },
    var.managed_secret_arn == null ? {} : { warehouse = var.managed_secret_arn },
  )
  connections_of = { for name, job in var.jobs : var.role_of[name] => job.Connections.Connections }
  login = {
    for role, connections in local.connections_of : role => [for statement in [
      { Sid = "Login", Effect = "Allow", Action = ["secretsmanager:GetSecretValue"], Resource = [for name in connections : local.secret_arns[name]] },
      { Sid = "Connection", Effect = "Allow", Action = ["glue:GetConnection"], Resource = concat(["${local.glue}:catalog"], [for name in connections : "${local.glue}:connection/${name}"]) },
    ] : statement if length(connections) > 0]
  }
  work = { for role in local.role_names : role => concat(local.login[role], local.data[role]) }
}
