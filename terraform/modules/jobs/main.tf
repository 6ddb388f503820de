resource "aws_glue_security_configuration" "jobs" {
  name = "${var.prefix}-jobs"

  encryption_configuration {
    cloudwatch_encryption {
      cloudwatch_encryption_mode = "SSE-KMS"
      kms_key_arn                = var.kms_key_arn
    }
    job_bookmarks_encryption {
      job_bookmarks_encryption_mode = "CSE-KMS"
      kms_key_arn                   = var.kms_key_arn
    }
    s3_encryption {
      s3_encryption_mode = "SSE-KMS"
      kms_key_arn        = var.kms_key_arn
    }
  }
}

resource "aws_glue_connection" "this" {
  for_each = var.connections

  name                  = each.key
  description           = each.value.Description
  connection_type       = each.value.ConnectionType
  connection_properties = each.value.ConnectionProperties

  dynamic "physical_connection_requirements" {
    for_each = var.placement == null ? [] : [var.placement]
    content {
      subnet_id              = physical_connection_requirements.value.subnet_id
      availability_zone      = physical_connection_requirements.value.availability_zone
      security_group_id_list = physical_connection_requirements.value.security_group_ids
    }
  }
}

resource "aws_glue_job" "this" {
  for_each = var.jobs

  name                    = each.key
  description             = each.value.Description
  role_arn                = aws_iam_role.job[var.role_of[each.key]].arn
  glue_version            = each.value.GlueVersion
  worker_type             = each.value.WorkerType
  number_of_workers       = each.value.NumberOfWorkers
  execution_class         = "STANDARD"
  max_retries             = each.value.MaxRetries
  timeout                 = each.value.Timeout
  job_run_queuing_enabled = each.value.JobRunQueuingEnabled
  security_configuration  = aws_glue_security_configuration.jobs.name
  connections             = [for name in each.value.Connections.Connections : aws_glue_connection.this[name].name]
  default_arguments       = each.value.DefaultArguments

  command {
    name            = each.value.Command.Name
    python_version  = each.value.Command.PythonVersion
    script_location = each.value.Command.ScriptLocation
  }

  execution_property {
    max_concurrent_runs = each.value.ExecutionProperty.MaxConcurrentRuns
  }

  notification_property {
    notify_delay_after = each.value.NotificationProperty.NotifyDelayAfter
  }

  # A job must not start before it may do its work.
  depends_on = [aws_iam_role_policy.work, aws_iam_role_policy.run]
}
