output "topic_arn" {
  description = "Topic of all alerts."
  value       = aws_sns_topic.alerts.arn
}

output "dashboard_name" {
  description = "Name of the dashboard in CloudWatch."
  value       = aws_cloudwatch_dashboard.this.dashboard_name
}
