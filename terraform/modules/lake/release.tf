# A release: scripts, the zip of wheels and CAs, in a folder named by their content. Jobs name the
# folder, so code and job definitions change in one apply, and an old release comes back as it was.

locals {
  scripts     = { for name in fileset(var.scripts, "*.py") : name => "${var.scripts}/${name}" }
  modules     = { "modules.gluewheels.zip" = "${var.artifacts}/modules.gluewheels.zip" }
  authorities = { for name, path in var.certificates : "${name}.pem" => path }
  files       = merge(local.scripts, local.modules, local.authorities)
  id          = substr(sha256(join(",", [for name, path in local.files : "${name}=${filesha256(path)}"])), 0, 12)
  root        = "s3://${var.buckets.code}/releases/${local.id}"
}

resource "aws_s3_object" "release" {
  for_each = local.files

  bucket      = aws_s3_bucket.this["code"].id
  key         = "releases/${local.id}/${each.key}"
  source      = each.value
  source_hash = filesha256(each.value)

  depends_on = [aws_s3_bucket_versioning.this, aws_s3_bucket_server_side_encryption_configuration.this]
}
