# Databases only: their tables belong to the jobs, which print them from the contracts in the wheel,
# so schema and code can not be deployed apart.
resource "aws_glue_catalog_database" "this" {
  for_each = var.databases

  name        = each.key
  description = each.value.Description
}
