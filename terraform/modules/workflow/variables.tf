variable "prefix" {
  description = "Start of the name of the role that lets EventBridge start workflows."
  type        = string
}

variable "account" {
  description = "The AWS account."
  type        = string
}

variable "workflows" {
  description = "Workflows by name, as in workflows.yaml."
  type        = map(object({ Name = string, Description = string }))
}

variable "triggers" {
  description = "Triggers by name, as in workflows.yaml."
  type = map(object({
    Name                   = string
    WorkflowName           = string
    Type                   = string
    Schedule               = optional(string)
    StartOnCreation        = optional(bool)
    EventBatchingCondition = optional(object({ BatchSize = number, BatchWindow = optional(number) }))
    Predicate = optional(object({
      Logical    = optional(string)
      Conditions = list(object({ LogicalOperator = string, JobName = string, State = string }))
    }))
    Actions = list(object({ JobName = string }))
  }))
}

variable "rules" {
  description = "EventBridge rules by name, as in workflows.yaml: an EventPattern as JSON, or a ScheduleExpression."
  type = map(object({
    Name               = string
    Description        = string
    State              = string
    EventPattern       = optional(string)
    ScheduleExpression = optional(string)
    Targets            = list(object({ Id = string, Arn = string, RoleArn = string }))
  }))
}

variable "targets" {
  description = "Rule and Id of each target, by <rule>/<Id>: known before anything exists, as for_each wants it."
  type        = map(object({ rule = string, id = string }))
}

variable "job_names" {
  description = "Names of the jobs, so that triggers come after them."
  type        = map(string)
}
