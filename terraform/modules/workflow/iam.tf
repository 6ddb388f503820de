resource "aws_iam_role" "events" {
  name        = "${var.prefix}-events"
  description = "Lets EventBridge start the workflows that events start"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "events.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = { StringEquals = { "aws:SourceAccount" = var.account } }
    }]
  })
}

resource "aws_iam_role_policy" "events" {
  name = "notify"
  role = aws_iam_role.events.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = ["glue:NotifyEvent"]
      Resource = distinct([for target in local.targets : target.arn])
    }]
  })
}
