# A release: scripts, wheel and further modules, in a folder named by their content. Jobs name the
# folder, so code and job definitions change in one apply, and an old release comes back as it was.

locals {
  wheel   = one(fileset(var.artifacts, "totesys_etl-*.whl"))
  scripts = { for name in fileset(var.scripts, "*.py") : name => "${var.scripts}/${name}" }
  modules = {
    (local.wheel) = "${var.artifacts}/${local.wheel}"
    "modules.zip" = "${var.artifacts}/modules.zip"
  }
  files = merge(local.scripts, local.modules)
  id    = substr(sha256(join(",", [for name, path in local.files : "${name}=${filesha256(path)}"])), 0, 12)
  root  = "s3://${var.buckets.code}/releases/${local.id}"
}

resource "aws_s3_object" "release" {
  for_each = local.files

  bucket      = aws_s3_bucket.this["code"].id
  key         = "releases/${local.id}/${each.key}"
  source      = each.value
  source_hash = filesha256(each.value)

  depends_on = [aws_s3_bucket_versioning.this, aws_s3_bucket_server_side_encryption_configuration.this]
}
