variable "prefix" {
  description = "Start of the names of roles and of the security configuration."
  type        = string
}

variable "arns" {
  description = "arn:<partition>, region and account, for the ARNs of policies."
  type = object({
    partition = string
    region    = string
    account   = string
  })
}

variable "role_of" {
  description = "Short name of the role of each job, by job: ingest_totesys = ingest. Each needs its rights in iam_work.tf."
  type        = map(string)
}

variable "jobs" {
  description = "Jobs by name, as in workflows.yaml."
  type = map(object({
    Name                 = string
    Description          = string
    Role                 = string
    Command              = object({ Name = string, PythonVersion = string, ScriptLocation = string })
    GlueVersion          = string
    WorkerType           = string
    NumberOfWorkers      = number
    MaxRetries           = number
    Timeout              = number
    ExecutionProperty    = object({ MaxConcurrentRuns = number })
    NotificationProperty = object({ NotifyDelayAfter = number })
    JobRunQueuingEnabled = optional(bool, false)
    Connections          = optional(object({ Connections = list(string) }), { Connections = [] })
    DefaultArguments     = map(string)
  }))
}

variable "connections" {
  description = "Connections by name, as in workflows.yaml."
  type = map(object({
    Name                 = string
    Description          = string
    ConnectionType       = string
    ConnectionProperties = map(string)
  }))
}

variable "placement" {
  description = "Subnet, its zone and security group for jobs with a connection; null: Glue's own network."
  type = object({
    subnet_id          = string
    availability_zone  = string
    security_group_ids = list(string)
  })
}

variable "buckets" {
  description = "Names of the buckets raw, processed, work and code."
  type        = map(string)
}

variable "databases" {
  description = "Names of the databases in the Data Catalog that ingest and transform publish to and audit reads."
  type        = object({ raw = string, star = string })
}

variable "secrets" {
  description = "Names of the secrets to make, by connection: its login."
  type        = map(string)
}

variable "managed_secret_arn" {
  description = "Secret that RDS keeps for the warehouse it was made with; null: a secret made here."
  type        = string
}

variable "allow_destroy" {
  description = "Whether destroy deletes secrets at once."
  type        = bool
}

variable "kms_key_arn" {
  description = "The key of the buckets, logs and bookmarks."
  type        = string
}
