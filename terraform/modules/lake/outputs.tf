output "bucket_arns" {
  description = "ARN of each bucket, by raw, processed, work, code."
  value       = { for name, bucket in aws_s3_bucket.this : name => bucket.arn }
}

output "release" {
  description = "S3 folder with the scripts of this release."
  value       = local.root
}

output "modules" {
  description = "S3 paths for --additional-python-modules: the wheel and the zip of wheels."
  value       = [for name in keys(local.modules) : "${local.root}/${name}"]
}
