resource "aws_db_subnet_group" "this" {
  name       = "${var.prefix}-warehouse"
  subnet_ids = var.network.subnet_ids
}

resource "aws_security_group" "this" {
  name        = "${var.prefix}-warehouse"
  description = "The PostgreSQL warehouse"
  vpc_id      = var.network.vpc_id
}

resource "aws_vpc_security_group_ingress_rule" "jobs" {
  security_group_id            = aws_security_group.this.id
  description                  = "PostgreSQL, from the jobs"
  ip_protocol                  = "tcp"
  from_port                    = 5432
  to_port                      = 5432
  referenced_security_group_id = var.network.jobs_security_group_id
}

resource "aws_db_parameter_group" "this" {
  name_prefix = "${var.prefix}-warehouse-"
  family      = "postgres16"

  parameter {
    name  = "rds.force_ssl"
    value = "1"
  }
  parameter {
    name  = "log_statement"
    value = "ddl"
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_db_instance" "this" {
  #checkov:skip=CKV_AWS_293:on, unless allow_destroy says that this is a trial
  #checkov:skip=CKV_AWS_157:it can be loaded again from the lake; a standby doubles the cost
  #checkov:skip=CKV_AWS_118:Performance Insights tells enough for one loader and its readers
  identifier     = "${var.prefix}-warehouse"
  engine         = "postgres"
  engine_version = "16"
  instance_class = var.instance_class

  db_name                       = "warehouse"
  username                      = "warehouse"
  manage_master_user_password   = true
  master_user_secret_kms_key_id = var.kms_key_arn

  allocated_storage     = 20
  max_allocated_storage = 200
  storage_type          = "gp3"
  storage_encrypted     = true
  kms_key_id            = var.kms_key_arn

  db_subnet_group_name                = aws_db_subnet_group.this.name
  vpc_security_group_ids              = [aws_security_group.this.id]
  publicly_accessible                 = false
  parameter_group_name                = aws_db_parameter_group.this.name
  iam_database_authentication_enabled = true

  auto_minor_version_upgrade      = true
  backup_retention_period         = 7
  copy_tags_to_snapshot           = true
  deletion_protection             = !var.allow_destroy
  skip_final_snapshot             = var.allow_destroy
  final_snapshot_identifier       = "${var.prefix}-warehouse-final"
  enabled_cloudwatch_logs_exports = ["postgresql", "upgrade"]
  performance_insights_enabled    = true
  performance_insights_kms_key_id = var.kms_key_arn
}
