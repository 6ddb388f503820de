variable "prefix" {
  description = "Start of the names."
  type        = string
}

variable "network" {
  description = "VPC, subnets and the jobs' security group."
  type = object({
    vpc_id                 = string
    subnet_ids             = list(string)
    jobs_security_group_id = string
  })
}

variable "kms_key_arn" {
  description = "The key of storage, backups and the administrator's secret."
  type        = string
}

variable "allow_destroy" {
  description = "Whether destroy may delete the database, without a last snapshot."
  type        = bool
}

variable "instance_class" {
  description = "Size of the instance."
  type        = string
  default     = "db.t4g.micro"
}
