mock_provider "aws" {
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/a-ingest" }
  }
  mock_resource "aws_secretsmanager_secret" {
    defaults = { arn = "arn:aws:secretsmanager:eu-west-2:123456789012:secret:mocked" }
  }
}

variables {
  prefix = "a"
  arns   = { partition = "aws", region = "eu-west-2", account = "123456789012" }
  jobs = {
    ingest_totesys  = { Name = "ingest_totesys", Description = "d", Role = "r", Command = { Name = "glueetl", PythonVersion = "3", ScriptLocation = "s3://a-code/x.py" }, GlueVersion = "5.1", WorkerType = "G.1X", NumberOfWorkers = 2, MaxRetries = 1, Timeout = 60, ExecutionProperty = { MaxConcurrentRuns = 1 }, NotificationProperty = { NotifyDelayAfter = 15 }, DefaultArguments = {}, Connections = { Connections = ["totesys"] } }
    transform_star  = { Name = "transform_star", Description = "d", Role = "r", Command = { Name = "glueetl", PythonVersion = "3", ScriptLocation = "s3://a-code/x.py" }, GlueVersion = "5.1", WorkerType = "G.1X", NumberOfWorkers = 2, MaxRetries = 1, Timeout = 60, ExecutionProperty = { MaxConcurrentRuns = 1 }, NotificationProperty = { NotifyDelayAfter = 15 }, DefaultArguments = {} }
    load_warehouse  = { Name = "load_warehouse", Description = "d", Role = "r", Command = { Name = "glueetl", PythonVersion = "3", ScriptLocation = "s3://a-code/x.py" }, GlueVersion = "5.1", WorkerType = "G.1X", NumberOfWorkers = 2, MaxRetries = 1, Timeout = 60, ExecutionProperty = { MaxConcurrentRuns = 1 }, NotificationProperty = { NotifyDelayAfter = 15 }, DefaultArguments = {}, Connections = { Connections = ["warehouse"] } }
    audit_warehouse = { Name = "audit_warehouse", Description = "d", Role = "r", Command = { Name = "glueetl", PythonVersion = "3", ScriptLocation = "s3://a-code/x.py" }, GlueVersion = "5.1", WorkerType = "G.1X", NumberOfWorkers = 2, MaxRetries = 1, Timeout = 60, ExecutionProperty = { MaxConcurrentRuns = 1 }, NotificationProperty = { NotifyDelayAfter = 15 }, DefaultArguments = {}, Connections = { Connections = ["warehouse"] } }
    rebuild_current = { Name = "rebuild_current", Description = "d", Role = "r", Command = { Name = "glueetl", PythonVersion = "3", ScriptLocation = "s3://a-code/x.py" }, GlueVersion = "5.1", WorkerType = "G.1X", NumberOfWorkers = 2, MaxRetries = 1, Timeout = 60, ExecutionProperty = { MaxConcurrentRuns = 1 }, NotificationProperty = { NotifyDelayAfter = 15 }, DefaultArguments = {} }
  }
  role_of = { ingest_totesys = "ingest", transform_star = "transform", load_warehouse = "load", audit_warehouse = "audit", rebuild_current = "rebuild" }
  connections = {
    totesys   = { Name = "totesys", Description = "d", ConnectionType = "JDBC", ConnectionProperties = {} }
    warehouse = { Name = "warehouse", Description = "d", ConnectionType = "JDBC", ConnectionProperties = {} }
  }
  placement          = null
  buckets            = { raw = "a-raw", processed = "a-processed", work = "a-work", code = "a-code" }
  databases          = { raw = "totesys_raw", star = "totesys_star" }
  secrets            = { totesys = "a/totesys", warehouse = "a/warehouse" }
  managed_secret_arn = null
  kms_key_arn        = "arn:aws:kms:eu-west-2:123456789012:key/1"
  allow_destroy      = false
}

run "one_role_per_job_for_glue_of_this_account" {
  assert {
    condition     = toset([for role in aws_iam_role.job : role.name]) == toset(["a-ingest", "a-transform", "a-load", "a-audit", "a-rebuild"])
    error_message = "One role per job."
  }
  assert {
    condition     = alltrue([for role in aws_iam_role.job : jsondecode(role.assume_role_policy).Statement[0].Principal == { Service = "glue.amazonaws.com" } && jsondecode(role.assume_role_policy).Statement[0].Condition.StringEquals["aws:SourceAccount"] == "123456789012"])
    error_message = "Only AWS Glue, for this account, takes the roles."
  }
}

run "a_star_stands_only_where_no_arn_can" {
  assert {
    condition = toset(flatten([
      for policy in concat(values(aws_iam_role_policy.work), values(aws_iam_role_policy.run)) :
      [for s in jsondecode(policy.policy).Statement : s.Action if contains(s.Resource, "*")]
    ])) == toset(["cloudwatch:PutMetricData"])
    error_message = "Only CloudWatch's metrics have no ARN."
  }
  assert {
    condition = alltrue(flatten([
      for policy in concat(values(aws_iam_role_policy.work), values(aws_iam_role_policy.run)) :
      [for s in jsondecode(policy.policy).Statement : [for action in s.Action : !strcontains(action, "*")]]
    ]))
    error_message = "Every action is named."
  }
}

run "transform_has_neither_secret_nor_network" {
  variables {
    placement = { subnet_id = "subnet-1", availability_zone = "eu-west-2a", security_group_ids = ["sg-1"] }
  }
  assert {
    condition     = !strcontains(aws_iam_role_policy.work["transform"].policy, "secretsmanager") && !strcontains(aws_iam_role_policy.run["transform"].policy, "ec2:")
    error_message = "Transform reaches S3 and the Data Catalog only."
  }
  assert {
    condition     = strcontains(aws_iam_role_policy.run["ingest"].policy, "ec2:CreateNetworkInterface") && strcontains(aws_iam_role_policy.run["load"].policy, "arn:aws:ec2:eu-west-2:123456789012:subnet/subnet-1")
    error_message = "Ingest and load get interfaces in their subnet."
  }
}

run "everything_a_job_leaves_is_encrypted" {
  assert {
    condition     = aws_glue_security_configuration.jobs.encryption_configuration[0].cloudwatch_encryption[0].kms_key_arn == var.kms_key_arn && aws_glue_security_configuration.jobs.encryption_configuration[0].job_bookmarks_encryption[0].kms_key_arn == var.kms_key_arn && aws_glue_security_configuration.jobs.encryption_configuration[0].s3_encryption[0].kms_key_arn == var.kms_key_arn
    error_message = "Logs, bookmarks and objects are encrypted with the key."
  }
}

run "a_job_with_a_connection_reads_that_one_and_its_login_only" {
  assert {
    condition = alltrue([
      for role, connection in { ingest = "totesys", load = "warehouse" } :
      [for s in jsondecode(aws_iam_role_policy.work[role].policy).Statement : s.Resource[1] if s.Sid == "Connection"] == ["arn:aws:glue:eu-west-2:123456789012:connection/${connection}"]
    ])
    error_message = "The policy follows the job's connections."
  }
  assert {
    condition     = alltrue([for job in aws_glue_job.this : job.notification_property[0].notify_delay_after == 15 && job.security_configuration == "a-jobs" && job.max_retries == 1 && job.timeout == 60])
    error_message = "Every job retries once, ends after an hour, and is told of when it is slow."
  }
}

run "logs_of_a_security_configuration_are_within_reach" {
  assert {
    condition     = alltrue([for policy in aws_iam_role_policy.run : strcontains(policy.policy, "log-group:/aws-glue/jobs-a-*")])
    error_message = "With a security configuration groups are named after role and configuration."
  }
}
