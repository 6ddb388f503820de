# AWS Glue asks for a group whose members reach each other on all TCP ports.
# https://docs.aws.amazon.com/glue/latest/dg/setup-vpc-for-glue-access.html

resource "aws_security_group" "jobs" {
  #checkov:skip=CKV2_AWS_5:AWS Glue attaches it to the interfaces of jobs, by the connections
  name        = "${var.prefix}-jobs"
  description = "AWS Glue jobs"
  vpc_id      = aws_vpc.this.id
}

resource "aws_vpc_security_group_ingress_rule" "jobs_among_themselves" {
  #checkov:skip=CKV_AWS_24:from members of the group only; AWS Glue asks for all TCP ports
  #checkov:skip=CKV_AWS_25:from members of the group only; AWS Glue asks for all TCP ports
  #checkov:skip=CKV_AWS_260:from members of the group only; AWS Glue asks for all TCP ports
  security_group_id            = aws_security_group.jobs.id
  description                  = "Spark among the workers of a job"
  ip_protocol                  = "tcp"
  from_port                    = 0
  to_port                      = 65535
  referenced_security_group_id = aws_security_group.jobs.id
}

resource "aws_vpc_security_group_egress_rule" "jobs_among_themselves" {
  security_group_id            = aws_security_group.jobs.id
  description                  = "Spark among the workers of a job"
  ip_protocol                  = "tcp"
  from_port                    = 0
  to_port                      = 65535
  referenced_security_group_id = aws_security_group.jobs.id
}

resource "aws_vpc_security_group_egress_rule" "s3" {
  security_group_id = aws_security_group.jobs.id
  description       = "S3, by its gateway endpoint"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  prefix_list_id    = aws_vpc_endpoint.s3.prefix_list_id
}

resource "aws_vpc_security_group_egress_rule" "endpoints" {
  security_group_id            = aws_security_group.jobs.id
  description                  = "AWS APIs, by their endpoints"
  ip_protocol                  = "tcp"
  from_port                    = 443
  to_port                      = 443
  referenced_security_group_id = aws_security_group.endpoints.id
}

resource "aws_vpc_security_group_egress_rule" "postgres" {
  for_each = toset(["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"])

  security_group_id = aws_security_group.jobs.id
  description       = "PostgreSQL in this or a connected private network"
  ip_protocol       = "tcp"
  from_port         = 5432
  to_port           = 5432
  cidr_ipv4         = each.key
}

resource "aws_security_group" "endpoints" {
  name        = "${var.prefix}-endpoints"
  description = "Interface endpoints of AWS APIs"
  vpc_id      = aws_vpc.this.id
}

resource "aws_vpc_security_group_ingress_rule" "endpoints" {
  security_group_id            = aws_security_group.endpoints.id
  description                  = "AWS APIs, from the jobs"
  ip_protocol                  = "tcp"
  from_port                    = 443
  to_port                      = 443
  referenced_security_group_id = aws_security_group.jobs.id
}
