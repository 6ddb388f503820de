output "buckets" {
  description = "Names of the buckets."
  value       = local.buckets
}

output "workflows" {
  description = "Workflows of AWS Glue."
  value       = module.workflow.workflow_names
}

output "release" {
  description = "S3 folder with the code that the jobs run."
  value       = module.lake.release
}

output "secrets" {
  description = "Secrets that `make secrets` fills."
  value       = module.jobs.secret_names
}

output "alerts_topic" {
  description = "Topic of all alerts."
  value       = module.monitoring.topic_arn
}

output "dashboard" {
  description = "The dashboard in the CloudWatch console."
  value       = "https://${var.region}.console.aws.amazon.com/cloudwatch/home?region=${var.region}#dashboards/dashboard/${module.monitoring.dashboard_name}"
}

output "deploy_role" {
  description = "Role for GitHub Actions; null without github."
  value       = one(module.ci[*].role_arn)
}
