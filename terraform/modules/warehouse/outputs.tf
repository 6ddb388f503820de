output "jdbc_url" {
  description = "JDBC URL of the warehouse; the server's certificate is checked."
  value       = "jdbc:postgresql://${aws_db_instance.this.endpoint}/${aws_db_instance.this.db_name}?sslmode=verify-full"
}

output "secret_arn" {
  description = "Secret with the administrator's login, kept and rotated by RDS."
  value       = aws_db_instance.this.master_user_secret[0].secret_arn
}
