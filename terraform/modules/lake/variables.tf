variable "buckets" {
  description = "Names of the buckets raw, processed, work and code."
  type = object({
    raw       = string
    processed = string
    work      = string
    code      = string
  })
}

variable "kms_key_arn" {
  description = "The key that encrypts every object."
  type        = string
}

variable "job_role_arns" {
  description = "Roles of the jobs, which may never delete or overwrite in the raw and processed bucket."
  type        = list(string)
}

variable "object_lock_days" {
  description = "Days of Object Lock (governance mode) on the raw and processed bucket; 0: none."
  type        = number
}

variable "allow_destroy" {
  description = "Whether destroy may delete the buckets with their content."
  type        = bool
}

variable "scripts" {
  description = "Folder with the job scripts."
  type        = string
}

variable "certificates" {
  description = "PEM files of the CAs of databases, by connection."
  type        = map(string)
  default     = {}
}

variable "artifacts" {
  description = "Folder with modules.gluewheels.zip."
  type        = string
}
