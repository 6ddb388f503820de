# glue_jobs/workflows.yaml, which the local deploy reads too. It is decoded twice: once without
# values, because the keys of for_each must be known before anything exists, and once with them.

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}

locals {
  arns = {
    partition = data.aws_partition.current.partition
    region    = var.region
    account   = data.aws_caller_identity.current.account_id
  }
  buckets = { for name in ["raw", "processed", "work", "code"] : name => "${var.prefix}-${name}" }
  role_arns = {
    for name in ["ingest", "transform", "load", "events"] :
    name => "arn:${local.arns.partition}:iam::${local.arns.account}:role/${var.prefix}-${name}"
  }
  # RDS keeps its own secret.
  secrets   = { ingest = "${var.prefix}/ingest", load = var.warehouse_database == null ? null : "${var.prefix}/load" }
  warehouse = var.warehouse_database == null ? { jdbc_url = module.warehouse[0].jdbc_url, enforce_ssl = true } : var.warehouse_database

  parameters = {
    raw_bucket             = local.buckets.raw
    processed_bucket       = local.buckets.processed
    work_bucket            = local.buckets.work
    scripts                = module.lake.release
    python_modules         = join(",", module.lake.modules)
    ingest_role            = local.role_arns.ingest
    transform_role         = local.role_arns.transform
    load_role              = local.role_arns.load
    events_role            = local.role_arns.events
    source_jdbc_url        = var.source_database.jdbc_url
    source_secret_id       = local.secrets.ingest
    source_enforce_ssl     = var.source_database.enforce_ssl
    warehouse_jdbc_url     = local.warehouse.jdbc_url
    warehouse_secret_id    = coalesce(local.secrets.load, one(module.warehouse[*].secret_arn))
    warehouse_enforce_ssl  = local.warehouse.enforce_ssl
    ingest_schedule        = var.ingest_schedule
    daily_publish_schedule = var.daily_publish_schedule
    events_state           = var.events_enabled ? "ENABLED" : "DISABLED"
    workflow_arn           = "arn:${local.arns.partition}:glue:${var.region}:${local.arns.account}:workflow"
    spark_conf = join(" --conf ", concat([
      "spark.hadoop.fs.s3a.endpoint.region=${var.region}",
      "spark.sql.session.timeZone=UTC",
      "spark.driver.extraJavaOptions=-Duser.timezone=UTC",
      "spark.executor.extraJavaOptions=-Duser.timezone=UTC",
    ], [for name, value in var.spark_settings : "${name}=${value}"]))
  }

  file       = "${path.root}/../glue_jobs/workflows.yaml"
  names      = toset(flatten(regexall("[$]{([a-z_]+)}", file(local.file))))
  keys       = yamldecode(templatefile(local.file, { for name in local.names : name => name }))
  definition = yamldecode(templatefile(local.file, local.parameters))

  keys_of_jobs = { for job in local.keys.Jobs : job.Name => job }
  databases    = { for database in local.keys.Databases : database.Name => database }
  jobs         = { for name in local.keys.Jobs[*].Name : name => one([for each in local.definition.Jobs : each if each.Name == name]) }
  connections  = { for name in local.keys.Connections[*].Name : name => one([for each in local.definition.Connections : each if each.Name == name]) }
  workflows    = { for name in local.keys.Workflows[*].Name : name => one([for each in local.definition.Workflows : each if each.Name == name]) }
  triggers     = { for name in local.keys.Triggers[*].Name : name => one([for each in local.definition.Triggers : each if each.Name == name]) }
  rules = {
    for name in [for rule in local.keys.Rules : rule.Name] : name => one([
      for each in local.definition.Rules : merge(each, { EventPattern = can(each.EventPattern) ? jsonencode(each.EventPattern) : null }) if each.Name == name
    ])
  }
}
