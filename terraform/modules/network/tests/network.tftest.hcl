mock_provider "aws" {}

variables {
  prefix             = "a"
  region             = "eu-west-2"
  cidr               = "10.42.0.0/22"
  availability_zones = ["eu-west-2a", "eu-west-2b"]
}

run "every_api_that_a_job_calls_has_an_endpoint" {
  assert {
    condition     = toset([for endpoint in aws_vpc_endpoint.interface : endpoint.service_name]) == toset([for name in ["glue", "secretsmanager", "logs", "monitoring", "kms"] : "com.amazonaws.eu-west-2.${name}"]) && alltrue([for endpoint in aws_vpc_endpoint.interface : endpoint.private_dns_enabled])
    error_message = "Without a NAT gateway a job reaches only what has an endpoint."
  }
  assert {
    condition     = aws_vpc_endpoint.s3.vpc_endpoint_type == "Gateway"
    error_message = "S3 by the gateway, which is free."
  }
}

run "nothing_is_open_to_the_world" {
  assert {
    condition     = alltrue([for rule in concat([aws_vpc_security_group_egress_rule.jobs_among_themselves, aws_vpc_security_group_egress_rule.s3, aws_vpc_security_group_egress_rule.endpoints], values(aws_vpc_security_group_egress_rule.postgres)) : rule.cidr_ipv4 != "0.0.0.0/0"])
    error_message = "Jobs reach named peers and private networks only."
  }
  assert {
    condition     = aws_vpc_security_group_ingress_rule.jobs_among_themselves.referenced_security_group_id == aws_security_group.jobs.id && aws_vpc_security_group_ingress_rule.endpoints.referenced_security_group_id == aws_security_group.jobs.id
    error_message = "Only jobs come in."
  }
}
