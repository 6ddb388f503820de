variable "prefix" {
  description = "Name of the key's alias."
  type        = string
}

variable "arns" {
  description = "arn:<partition>, region and account, for the key's policy."
  type = object({
    partition = string
    region    = string
    account   = string
  })
}
