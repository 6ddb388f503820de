mock_provider "aws" {
  mock_resource "aws_sns_topic" {
    defaults = { arn = "arn:aws:sns:eu-west-2:123456789012:a-alerts" }
  }
}

variables {
  prefix             = "a"
  arns               = { partition = "aws", region = "eu-west-2", account = "123456789012" }
  jobs               = { one = { MaxRetries = 1, NumberOfWorkers = 2 }, two = { MaxRetries = 0, NumberOfWorkers = 3 } }
  rule_names         = ["r"]
  emails             = ["data@example.org"]
  freshness_minutes  = 30
  monthly_budget_usd = 100
  kms_key_arn        = "arn:aws:kms:eu-west-2:123456789012:key/1"
}

run "silence_is_an_alarm_where_numbers_must_come" {
  assert {
    condition     = aws_cloudwatch_metric_alarm.freshness.treat_missing_data == "breaching" && aws_cloudwatch_metric_alarm.freshness.threshold == 1800
    error_message = "No number about freshness is a breach of freshness."
  }
  assert {
    condition     = aws_cloudwatch_metric_alarm.freshness.evaluation_periods == 4 && aws_cloudwatch_metric_alarm.freshness.datapoints_to_alarm == 4
    error_message = "Twenty minutes without a fresh value: one run of 15 minutes may be late."
  }
  assert {
    condition = { for name, alarm in aws_cloudwatch_metric_alarm.verified : name => [alarm.metric_name, alarm.threshold, alarm.treat_missing_data] } == {
      source    = ["MinutesSinceSourceVerified", 60, "breaching"]
      warehouse = ["MinutesSinceWarehouseVerified", 2160, "breaching"]
    }
    error_message = "Lake and source are compared every hour, the warehouse is audited every 36 hours, or an alarm goes off."
  }
  assert {
    condition     = alltrue([for alarm in concat([aws_cloudwatch_metric_alarm.quarantine], values(aws_cloudwatch_metric_alarm.undelivered)) : alarm.treat_missing_data == "notBreaching"])
    error_message = "Nothing to tell is good where only bad things are counted."
  }
}

run "freshness_may_rest" {
  variables {
    working_hours = { from = 7, to = 19, last_weekday = 5 }
  }
  assert {
    condition     = aws_cloudwatch_metric_alarm.freshness.metric_name == null && one([for q in aws_cloudwatch_metric_alarm.freshness.metric_query : q.expression if q.id == "asked"]) == "IF(DAY(told) <= 5 AND HOUR(told) >= 7 AND HOUR(told) < 19, told, 0)"
    error_message = "Freshness counts in working hours only."
  }
  assert {
    condition     = one([for q in aws_cloudwatch_metric_alarm.freshness.metric_query : q.expression if q.id == "told"]) == "FILL(lag, 86400)" && aws_cloudwatch_metric_alarm.freshness.treat_missing_data == "breaching"
    error_message = "Silence is a breach in them."
  }
  assert {
    condition     = alltrue([for alarm in values(aws_cloudwatch_metric_alarm.verified) : alarm.treat_missing_data == "ignore"])
    error_message = "A night without runs is no news about proofs."
  }
}

run "every_alarm_reaches_the_topic" {
  assert {
    condition     = alltrue([for alarm in concat([aws_cloudwatch_metric_alarm.freshness, aws_cloudwatch_metric_alarm.quarantine], values(aws_cloudwatch_metric_alarm.verified), values(aws_cloudwatch_metric_alarm.undelivered)) : alarm.alarm_actions == toset([aws_sns_topic.alerts.arn])])
    error_message = "An alarm tells the topic."
  }
  assert {
    condition     = aws_sns_topic.alerts.kms_master_key_id == var.kms_key_arn && length(aws_sns_topic_subscription.email) == 1
    error_message = "The topic is encrypted, and every address is subscribed."
  }
}

run "failures_count_on_the_last_attempt_only" {
  assert {
    condition = jsondecode(aws_cloudwatch_event_rule.job_failed.event_pattern)["$or"] == [
      { detail = { jobName = ["one", "two"], state = ["TIMEOUT", "STOPPED"] } },
      { detail = { jobName = ["one"], jobRunId = [{ suffix = "_attempt_1" }], state = ["FAILED"] } },
      { detail = { jobName = ["two"], state = ["FAILED"] } },
    ]
    error_message = "A job with retries alerts with its last attempt, one without at once."
  }
  assert {
    condition     = strcontains(aws_cloudwatch_event_target.job_failed.input_transformer[0].input_template, "<job>")
    error_message = "Places of the message stand as EventBridge wants them."
  }
}

run "the_budget_is_a_choice" {
  variables {
    monthly_budget_usd = null
  }
  assert {
    condition     = length(aws_budgets_budget.glue) == 0
    error_message = "null makes no budget."
  }
}

run "eventbridge_may_publish_without_a_condition" {
  assert {
    condition     = [for s in jsondecode(aws_sns_topic_policy.alerts.policy).Statement : contains(keys(s), "Condition") if strcontains(jsonencode(s.Principal), "events.amazonaws.com")] == [false]
    error_message = "SNS drops what EventBridge sends to a topic whose policy has a condition."
  }
  assert {
    condition     = alltrue([for s in jsondecode(aws_sns_topic_policy.alerts.policy).Statement : s.Condition.StringEquals["aws:SourceAccount"] == "123456789012" if strcontains(jsonencode(s.Principal), "cloudwatch")])
    error_message = "Alarms of other accounts are refused."
  }
}

run "slow_runs_are_told_by_aws_glue" {
  assert {
    condition     = jsondecode(aws_cloudwatch_event_rule.job_slow.event_pattern) == { source = ["aws.glue"], detail-type = ["Glue Job Run Status"], detail = { jobName = ["one", "two"], state = ["RUNNING"] } }
    error_message = "One message for a run that takes longer than NotifyDelayAfter."
  }
}

run "the_dashboard_shows_every_job" {
  assert {
    condition     = alltrue([for name in ["RunSeconds", "WarehouseLag", "ChangedRows", "QuarantinedRows", "m0 * 2 / 3600 + m1 * 3 / 3600"] : strcontains(aws_cloudwatch_dashboard.this.dashboard_body, name)])
    error_message = "Runs, freshness, rows, quarantine and DPU hours are on the dashboard."
  }
}
