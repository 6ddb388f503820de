mock_provider "aws" {
  mock_resource "aws_db_instance" {
    defaults = {
      endpoint           = "a.example.org:5432"
      master_user_secret = [{ kms_key_id = "", secret_arn = "arn:aws:secretsmanager:eu-west-2:123456789012:secret:rds", secret_status = "active" }]
    }
  }
}

variables {
  prefix        = "a"
  network       = { vpc_id = "vpc-1", subnet_ids = ["subnet-1", "subnet-2"], jobs_security_group_id = "sg-1" }
  kms_key_arn   = "arn:aws:kms:eu-west-2:123456789012:key/1"
  allow_destroy = false
}

run "private_encrypted_kept" {
  assert {
    condition     = !aws_db_instance.this.publicly_accessible && aws_db_instance.this.storage_encrypted && aws_db_instance.this.kms_key_id == var.kms_key_arn
    error_message = "The warehouse is private and encrypted."
  }
  assert {
    condition     = aws_db_instance.this.deletion_protection && aws_db_instance.this.backup_retention_period >= 7 && !aws_db_instance.this.skip_final_snapshot
    error_message = "The warehouse is kept, with backups."
  }
  assert {
    condition     = aws_db_instance.this.manage_master_user_password && aws_db_instance.this.password == null
    error_message = "No password passes through Terraform."
  }
  assert {
    condition     = contains([for each in aws_db_parameter_group.this.parameter : "${each.name}=${each.value}"], "rds.force_ssl=1")
    error_message = "Plain connections are refused by the server."
  }
  assert {
    condition     = output.jdbc_url == "jdbc:postgresql://a.example.org:5432/warehouse?sslmode=verify-full"
    error_message = "The client checks the server's certificate."
  }
}
