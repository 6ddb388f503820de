variable "environment" {
  description = "Name of this deployment, for tags and messages."
  type        = string
  default     = "dev"

  validation {
    condition     = can(regex("^[a-z][a-z0-9]{1,11}$", var.environment))
    error_message = "environment must be 2 to 12 lower-case letters and digits, a letter first."
  }
}

variable "prefix" {
  description = "Start of the names of buckets, roles, topics and secrets. Bucket names are unique in all of AWS, so choose something of your own."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,30}[a-z0-9]$", var.prefix))
    error_message = "prefix must be 3 to 32 lower-case letters, digits and hyphens, a letter first."
  }
}

variable "region" {
  description = "AWS region of everything."
  type        = string
  default     = "eu-west-2"
}

variable "artifacts" {
  description = "Folder with what `make artifacts` built: modules.gluewheels.zip."
  type        = string
  default     = "../dist"
}

variable "source_database" {
  description = "The operational database: JDBC URL without user or password, and whether Glue must insist on TLS."
  type = object({
    jdbc_url    = string
    enforce_ssl = optional(bool, true)
  })

  validation {
    condition     = can(regex("^jdbc:postgresql://[^,@]+/[^/?]+", var.source_database.jdbc_url))
    error_message = "source_database.jdbc_url must be jdbc:postgresql://host:port/database, one host, no user."
  }

  validation {
    condition     = !var.source_database.enforce_ssl || can(regex("sslmode=(require|verify-ca|verify-full)", var.source_database.jdbc_url))
    error_message = "With enforce_ssl the URL needs sslmode=verify-full (or verify-ca, require)."
  }
}

variable "warehouse_database" {
  description = "An existing warehouse; null makes one on RDS, which needs `network`."
  type = object({
    jdbc_url    = string
    enforce_ssl = optional(bool, true)
  })
  default = null

  validation {
    condition     = var.warehouse_database == null || can(regex("^jdbc:postgresql://[^,@]+/[^/?]+", var.warehouse_database.jdbc_url))
    error_message = "warehouse_database.jdbc_url must be jdbc:postgresql://host:port/database, one host, no user."
  }

  validation {
    condition     = !try(var.warehouse_database.enforce_ssl, false) || can(regex("sslmode=(require|verify-ca|verify-full)", var.warehouse_database.jdbc_url))
    error_message = "With enforce_ssl the URL needs sslmode=verify-full (or verify-ca, require)."
  }

  validation {
    condition     = var.warehouse_database != null || var.network != null
    error_message = "Without warehouse_database an RDS is made, and that needs network."
  }
}

variable "certificates" {
  description = "PEM file with the CA of a database's server, by connection (totesys, warehouse); needed with sslmode=verify-full or verify-ca. For RDS: its bundle for the region."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for name in keys(var.certificates) : contains(["totesys", "warehouse"], name)])
    error_message = "certificates has the connections totesys and warehouse as keys."
  }

  validation {
    condition = alltrue([
      for name, url in { totesys = var.source_database.jdbc_url, warehouse = try(var.warehouse_database.jdbc_url, "sslmode=verify-full") } :
      !strcontains(url, "sslmode=verify-") || strcontains(url, "sslrootcert=") || contains(keys(var.certificates), name)
    ])
    error_message = "A certificate that is to be verified needs its CA: give certificates = { totesys = \"ca.pem\", warehouse = \"ca.pem\" }. The RDS that is made here needs it for warehouse."
  }

  validation {
    condition = alltrue([
      for name, url in { totesys = var.source_database.jdbc_url, warehouse = try(var.warehouse_database.jdbc_url, "?") } :
      !contains(keys(var.certificates), name) || strcontains(url, "?")
    ])
    error_message = "A database with a CA needs sslmode=verify-full in its jdbc_url."
  }
}

variable "network" {
  description = "A VPC for connections and RDS: its address range and one availability zone per subnet. Null: jobs run in Glue's own network, and both databases must be reachable from there."
  type = object({
    cidr               = optional(string, "10.42.0.0/22")
    availability_zones = list(string)
  })
  default = null

  validation {
    condition     = var.network == null || try(length(var.network.availability_zones) >= 2, false)
    error_message = "network.availability_zones needs at least two zones: RDS asks for them."
  }
}

variable "ingest_schedule" {
  description = "When the source is read: an AWS Glue cron expression, in UTC. Weekdays 7 to 19: cron(0/15 7-19 ? * MON-FRI *)."
  type        = string
  default     = "cron(0/15 * * * ? *)"

  validation {
    condition     = can(regex("^cron\\((\\S+ ){5}\\S+\\)$", var.ingest_schedule)) && !can(regex("^cron\\((\\*|[0-9*]+/[1-4]) ", var.ingest_schedule))
    error_message = "ingest_schedule must be cron(minute hour day month weekday year); AWS Glue starts nothing more often than every 5 minutes."
  }
}

variable "daily_transform_load_schedule" {
  description = "When totesys_transform_load starts although no event told it to: an EventBridge schedule, in UTC."
  type        = string
  default     = "cron(30 3 * * ? *)"
}

variable "audit_schedule" {
  description = "When the warehouse is audited: an AWS Glue cron expression, in UTC. An alarm waits 36 hours for it."
  type        = string
  default     = "cron(37 3 * * ? *)"

  validation {
    condition     = can(regex("^cron\\((\\S+ ){5}\\S+\\)$", var.audit_schedule))
    error_message = "audit_schedule must be cron(minute hour day month weekday year)."
  }
}

variable "events_enabled" {
  description = "Whether a committed batch and the daily schedule start totesys_transform_load."
  type        = bool
  default     = true
}

variable "object_lock_days" {
  description = "Days for which nobody but a holder of s3:BypassGovernanceRetention can delete from the raw and processed bucket; 0: no Object Lock. Can not be changed from 0 later."
  type        = number
  default     = 0

  validation {
    condition     = var.object_lock_days >= 0 && floor(var.object_lock_days) == var.object_lock_days
    error_message = "object_lock_days must be a whole number of days."
  }
}

variable "allow_destroy" {
  description = "Whether `terraform destroy` may delete buckets with their content and the RDS. For trials only."
  type        = bool
  default     = false
}

variable "alert_emails" {
  description = "Who gets the alerts. Each address must confirm the subscription in an e-mail from AWS."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for address in var.alert_emails : can(regex("^[^@\\s]+@[^@\\s]+$", address))])
    error_message = "alert_emails must hold e-mail addresses."
  }
}

variable "freshness_minutes" {
  description = "The warehouse may be this far behind the source before an alarm goes off."
  type        = number
  default     = 30

  validation {
    condition     = var.freshness_minutes >= 15 && var.freshness_minutes % 5 == 0
    error_message = "freshness_minutes must be a multiple of 5, and at least 15: the alarm looks every 5 minutes."
  }
}

variable "working_hours" {
  description = "With an ingest_schedule that rests: hours (UTC, from inclusive, to exclusive) and last weekday (1 Monday, 7 Sunday) in which freshness counts; null: always."
  type        = object({ from = number, to = number, last_weekday = optional(number, 5) })
  default     = null

  validation {
    condition     = var.working_hours == null || try(var.working_hours.from >= 0 && var.working_hours.from < var.working_hours.to && var.working_hours.to <= 24 && var.working_hours.last_weekday >= 1 && var.working_hours.last_weekday <= 7, false)
    error_message = "working_hours needs 0 <= from < to <= 24 and last_weekday 1 to 7."
  }
}

variable "monthly_budget_usd" {
  description = "Costs of the account's Glue a month, in US dollars, at 80 % of which an alert is sent; null: no budget."
  type        = number
  default     = 100
}

variable "github" {
  description = "Repository (owner/name) and GitHub environment that may deploy by OIDC, and the bucket of the Terraform state; null: no such role."
  type = object({
    repository   = string
    environment  = optional(string, "production")
    state_bucket = string
  })
  default = null

  validation {
    condition     = var.github == null || can(regex("^[\\w.-]+/[\\w.-]+$", var.github.repository))
    error_message = "github.repository must be owner/name."
  }
}

variable "spark_settings" {
  description = "Further Spark settings of all jobs."
  type        = map(string)
  default     = {}
}
