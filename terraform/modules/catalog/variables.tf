variable "databases" {
  description = "Databases of the Data Catalog by name, as in workflows.yaml."
  type        = map(object({ Name = string, Description = string }))
}
