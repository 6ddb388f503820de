output "bucket_arns" {
  description = "ARN of each bucket, by raw, processed, work, code."
  value       = { for name, bucket in aws_s3_bucket.this : name => bucket.arn }
}

output "release" {
  description = "S3 folder with the scripts of this release."
  value       = local.root
}

output "certificates" {
  description = "S3 path of the CA's file, by connection."
  value       = { for name in keys(var.certificates) : name => "${local.root}/${name}.pem" }
}

output "modules" {
  description = "S3 path for --additional-python-modules: the zip of wheels."
  value       = "${local.root}/modules.gluewheels.zip"
}
