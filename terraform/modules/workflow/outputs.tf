output "workflow_names" {
  description = "Names of the workflows."
  value       = [for workflow in aws_glue_workflow.this : workflow.name]
}
