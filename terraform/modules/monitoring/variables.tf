variable "prefix" {
  description = "Start of the names of topic, alarms and dashboard."
  type        = string
}

variable "arns" {
  description = "arn:<partition>, region and account, for the topic's policy and console links."
  type = object({
    partition = string
    region    = string
    account   = string
  })
}

variable "jobs" {
  description = "Jobs by name, with their MaxRetries and their number of G.1X workers, one DPU each."
  type        = map(object({ MaxRetries = number, NumberOfWorkers = number }))
}

variable "rule_names" {
  description = "EventBridge rules whose failed deliveries raise an alarm."
  type        = set(string)
}

variable "emails" {
  description = "Who gets the alerts."
  type        = set(string)
}

variable "freshness_minutes" {
  description = "The warehouse may be this far behind the source."
  type        = number
}

variable "working_hours" {
  description = "Hours (UTC, from inclusive, to exclusive) and last weekday (1 Monday, 7 Sunday) in which freshness counts; null: always."
  type        = object({ from = number, to = number, last_weekday = number })
  default     = null
}

variable "monthly_budget_usd" {
  description = "Costs of AWS Glue a month, in US dollars; null: no budget."
  type        = number
}

variable "kms_key_arn" {
  description = "The key of the topic."
  type        = string
}
