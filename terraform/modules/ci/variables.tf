variable "prefix" {
  description = "Start of the names of what may be deployed."
  type        = string
}

variable "arns" {
  description = "arn:<partition>, region and account."
  type = object({
    partition = string
    region    = string
    account   = string
  })
}

variable "roles" {
  description = "Short names of the roles that a deployment makes and passes on."
  type        = list(string)
}

variable "network" {
  description = "Whether a VPC is part of the deployment."
  type        = bool
}

variable "warehouse" {
  description = "Whether an RDS is part of the deployment."
  type        = bool
}

variable "repository" {
  description = "owner/name on GitHub."
  type        = string
}

variable "environment" {
  description = "GitHub environment whose gate a deployment must pass."
  type        = string
}

variable "state_bucket" {
  description = "Bucket with the Terraform state."
  type        = string
}
