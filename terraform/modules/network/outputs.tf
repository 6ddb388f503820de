output "vpc_id" {
  description = "The VPC."
  value       = aws_vpc.this.id
}

output "subnet_ids" {
  description = "Private subnets, one a zone."
  value       = aws_subnet.private[*].id
}

output "jobs_security_group_id" {
  description = "Security group of the jobs."
  value       = aws_security_group.jobs.id
}

output "placement" {
  description = "Where jobs with a connection run: the first subnet, where the endpoints are."
  value = {
    subnet_id          = aws_subnet.private[0].id
    availability_zone  = var.availability_zones[0]
    security_group_ids = [aws_security_group.jobs.id]
  }
}
