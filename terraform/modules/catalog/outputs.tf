output "database_names" {
  description = "Names of the databases, known once they exist."
  value       = { for name, database in aws_glue_catalog_database.this : name => database.name }
}
