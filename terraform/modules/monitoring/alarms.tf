locals {
  period = 300
  # A point comes with every ingest and every load. None that is fresh enough for half the promise
  # and one period more: schedule, ingest, transform or load is dead.
  periods = ceil(var.freshness_minutes * 60 / 2 / local.period) + 1
}

resource "aws_cloudwatch_metric_alarm" "freshness" {
  alarm_name          = "${var.prefix}-freshness"
  alarm_description   = "The warehouse is, or may be, more than ${var.freshness_minutes} minutes behind the source. Runbook: freshness."
  namespace           = var.working_hours == null ? "totesys" : null
  metric_name         = var.working_hours == null ? "WarehouseLag" : null
  statistic           = var.working_hours == null ? "Minimum" : null
  period              = var.working_hours == null ? local.period : null
  evaluation_periods  = local.periods
  datapoints_to_alarm = local.periods
  comparison_operator = "GreaterThanThreshold"
  threshold           = var.freshness_minutes * 60
  treat_missing_data  = "breaching"
  alarm_actions       = [aws_sns_topic.alerts.arn]
  ok_actions          = [aws_sns_topic.alerts.arn]

  # Outside of working hours nothing is asked for; inside of them silence is a lag of a day.
  dynamic "metric_query" {
    for_each = var.working_hours[*]
    content {
      id          = "asked"
      label       = "Warehouse behind the source, in working hours"
      expression  = "IF(DAY(told) <= ${metric_query.value.last_weekday} AND HOUR(told) >= ${metric_query.value.from} AND HOUR(told) < ${metric_query.value.to}, told, 0)"
      return_data = true
    }
  }
  dynamic "metric_query" {
    for_each = var.working_hours[*]
    content {
      id          = "told"
      expression  = "FILL(lag, 86400)"
      return_data = false
    }
  }
  dynamic "metric_query" {
    for_each = var.working_hours[*]
    content {
      id          = "lag"
      return_data = false
      metric {
        namespace   = "totesys"
        metric_name = "WarehouseLag"
        stat        = "Minimum"
        period      = local.period
      }
    }
  }
}

# Sent by every run of the ingest; silence is a breach where runs come all the time.
locals {
  verified = {
    source    = { metric = "MinutesSinceSourceVerified", minutes = 60, what = "Lake and source were not compared for an hour" }
    warehouse = { metric = "MinutesSinceWarehouseVerified", minutes = 36 * 60, what = "The warehouse was not audited for 36 hours" }
  }
}

resource "aws_cloudwatch_metric_alarm" "verified" {
  for_each = local.verified

  alarm_name          = "${var.prefix}-verified-${each.key}"
  alarm_description   = "${each.value.what}, or nothing is known. Runbook: not verified."
  namespace           = "totesys"
  metric_name         = each.value.metric
  statistic           = "Minimum"
  period              = 3600
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = each.value.minutes
  treat_missing_data  = var.working_hours == null ? "breaching" : "ignore"
  alarm_actions       = [aws_sns_topic.alerts.arn]
  ok_actions          = [aws_sns_topic.alerts.arn]
}

resource "aws_cloudwatch_metric_alarm" "quarantine" {
  alarm_name          = "${var.prefix}-quarantine"
  alarm_description   = "Rows could not be converted and are in totesys_star.quarantine; all others went on. Runbook: quarantine."
  namespace           = "totesys"
  metric_name         = "QuarantinedRows"
  statistic           = "Sum"
  period              = local.period
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alerts.arn]
}

resource "aws_cloudwatch_metric_alarm" "undelivered" {
  for_each = var.rule_names

  alarm_name          = "${var.prefix}-undelivered-${each.key}"
  alarm_description   = "EventBridge could not start what rule ${each.key} starts. Runbook: undelivered event."
  namespace           = "AWS/Events"
  metric_name         = "FailedInvocations"
  dimensions          = { RuleName = each.key }
  statistic           = "Sum"
  period              = local.period
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alerts.arn]
}
