output "role_arns" {
  description = "ARN of each job's role, by its short name."
  value       = { for name, role in aws_iam_role.job : name => role.arn }
}

output "job_names" {
  description = "Names of the jobs, known once they exist."
  value       = { for name, job in aws_glue_job.this : name => job.name }
}

output "secret_names" {
  description = "Secrets that wait for a value: `make secrets` asks for them."
  value       = [for secret in aws_secretsmanager_secret.login : secret.name]
}
