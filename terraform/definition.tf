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
  # A job's role is the parameter <name>_role in workflows.yaml.
  role_of = { for name, job in local.keys_of_jobs : name => trimsuffix(job.Role, "_role") }
  role_arns = {
    for name in distinct(concat(values(local.role_of), ["events"])) :
    name => "arn:${local.arns.partition}:iam::${local.arns.account}:role/${var.prefix}-${name}"
  }
  # By connection; RDS keeps its own.
  secrets   = { for name in local.keys.Connections[*].Name : name => "${var.prefix}/${name}" if name != "warehouse" || var.warehouse_database != null }
  warehouse = var.warehouse_database == null ? { jdbc_url = module.warehouse[0].jdbc_url, enforce_ssl = true } : var.warehouse_database

  # psycopg and pgjdbc are told the file of the CA, which AWS Glue lays into the job's folder: by
  # themselves they look for ~/.postgresql/root.crt. AWS Glue's own reader is told where it lies.
  ca = { for name in keys(var.certificates) : name => "&sslrootcert=${name}.pem" }
  certificates = {
    for name, job in local.keys_of_jobs : name =>
    [for each in try(job.Connections.Connections, []) : module.lake.certificates[each] if contains(keys(var.certificates), each)]
  }

  parameters = merge({ for name, arn in local.role_arns : "${name}_role" => arn }, {
    raw_bucket                    = local.buckets.raw
    processed_bucket              = local.buckets.processed
    work_bucket                   = local.buckets.work
    scripts                       = module.lake.release
    python_modules                = module.lake.modules
    source_jdbc_url               = "${var.source_database.jdbc_url}${lookup(local.ca, "totesys", "")}"
    source_secret_id              = local.secrets.totesys
    source_enforce_ssl            = var.source_database.enforce_ssl
    warehouse_jdbc_url            = "${local.warehouse.jdbc_url}${lookup(local.ca, "warehouse", "")}"
    warehouse_secret_id           = coalesce(lookup(local.secrets, "warehouse", null), one(module.warehouse[*].secret_arn))
    warehouse_enforce_ssl         = local.warehouse.enforce_ssl
    ingest_schedule               = var.ingest_schedule
    daily_transform_load_schedule = var.daily_transform_load_schedule
    audit_schedule                = var.audit_schedule
    events_state                  = var.events_enabled ? "ENABLED" : "DISABLED"
    workflow_arn                  = "arn:${local.arns.partition}:glue:${var.region}:${local.arns.account}:workflow"
    spark_conf = join(" --conf ", concat([
      "spark.hadoop.fs.s3a.endpoint.region=${var.region}",
      "spark.sql.session.timeZone=UTC",
      "spark.driver.extraJavaOptions=-Duser.timezone=UTC",
      "spark.executor.extraJavaOptions=-Duser.timezone=UTC",
    ], [for name, value in var.spark_settings : "${name}=${value}"]))
  })

  file       = "${path.root}/../glue_jobs/workflows.yaml"
  names      = toset(flatten(regexall("[$]{([a-z_]+)}", file(local.file))))
  keys       = yamldecode(templatefile(local.file, { for name in local.names : name => name }))
  definition = yamldecode(templatefile(local.file, local.parameters))

  keys_of_jobs = { for job in local.keys.Jobs : job.Name => job }
  databases    = { for database in local.keys.Databases : database.Name => database }
  jobs = {
    for name in local.keys.Jobs[*].Name : name => one([
      for each in local.definition.Jobs : merge(each, {
        DefaultArguments = merge(each.DefaultArguments, length(local.certificates[name]) == 0 ? {} : { "--extra-files" = join(",", local.certificates[name]) })
      }) if each.Name == name
    ])
  }
  connections = {
    for name in local.keys.Connections[*].Name : name => one([
      for each in local.definition.Connections : merge(each, {
        ConnectionProperties = merge(each.ConnectionProperties, contains(keys(var.certificates), name) ? { CUSTOM_JDBC_CERT = module.lake.certificates[name] } : {})
      }) if each.Name == name
    ])
  }
  workflows = { for name in local.keys.Workflows[*].Name : name => one([for each in local.definition.Workflows : each if each.Name == name]) }
  triggers  = { for name in local.keys.Triggers[*].Name : name => one([for each in local.definition.Triggers : each if each.Name == name]) }
  targets = merge([
    for rule in local.keys.Rules : { for target in rule.Targets : "${rule.Name}/${target.Id}" => { rule = rule.Name, id = target.Id } }
  ]...)
  rules = {
    for name in [for rule in local.keys.Rules : rule.Name] : name => one([
      for each in local.definition.Rules : merge(each, { EventPattern = can(each.EventPattern) ? jsonencode(each.EventPattern) : null }) if each.Name == name
    ])
  }
}
