# In the order in which data flows.

module "encryption" {
  source = "./modules/encryption"

  prefix = var.prefix
  arns   = local.arns
}

module "network" {
  source = "./modules/network"
  count  = var.network == null ? 0 : 1

  prefix             = var.prefix
  region             = var.region
  cidr               = var.network.cidr
  availability_zones = var.network.availability_zones
}

module "lake" {
  source = "./modules/lake"

  buckets          = local.buckets
  kms_key_arn      = module.encryption.key_arn
  job_role_arns    = [for name in distinct(values(local.role_of)) : local.role_arns[name]]
  object_lock_days = var.object_lock_days
  allow_destroy    = var.allow_destroy
  scripts          = "${path.root}/../glue_jobs"
  artifacts        = var.artifacts
  certificates     = var.certificates
}

module "catalog" {
  source = "./modules/catalog"

  databases = local.databases
}

module "warehouse" {
  source = "./modules/warehouse"
  count  = var.warehouse_database == null ? 1 : 0

  prefix        = var.prefix
  network       = module.network[0]
  kms_key_arn   = module.encryption.key_arn
  allow_destroy = var.allow_destroy
}

module "jobs" {
  source = "./modules/jobs"

  prefix             = var.prefix
  arns               = local.arns
  jobs               = local.jobs
  role_of            = local.role_of
  connections        = local.connections
  placement          = one(module.network[*].placement)
  buckets            = local.buckets
  databases          = { raw = "totesys_raw", star = "totesys_star" }
  secrets            = local.secrets
  managed_secret_arn = one(module.warehouse[*].secret_arn)
  kms_key_arn        = module.encryption.key_arn
  allow_destroy      = var.allow_destroy

  depends_on = [module.catalog]
}

module "workflow" {
  source = "./modules/workflow"

  prefix    = var.prefix
  account   = local.arns.account
  workflows = local.workflows
  triggers  = local.triggers
  rules     = local.rules
  targets   = local.targets
  job_names = module.jobs.job_names
}

module "monitoring" {
  source = "./modules/monitoring"

  prefix             = var.prefix
  arns               = local.arns
  jobs               = { for name, job in local.keys_of_jobs : name => { MaxRetries = job.MaxRetries, NumberOfWorkers = job.NumberOfWorkers } }
  rule_names         = keys(local.rules)
  emails             = toset(var.alert_emails)
  freshness_minutes  = var.freshness_minutes
  working_hours      = var.working_hours
  monthly_budget_usd = var.monthly_budget_usd
  kms_key_arn        = module.encryption.key_arn
}

module "ci" {
  source = "./modules/ci"
  count  = var.github == null ? 0 : 1

  prefix       = var.prefix
  arns         = local.arns
  roles        = keys(local.role_arns)
  network      = var.network != null
  warehouse    = var.warehouse_database == null
  repository   = var.github.repository
  environment  = var.github.environment
  state_bucket = var.github.state_bucket
}
