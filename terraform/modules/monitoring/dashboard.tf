locals {
  metrics = {
    "Warehouse behind the source (s)" = [["totesys", "WarehouseLag", { stat = "Maximum" }]]
    "Rows that changed"               = [[{ expression = "SEARCH('{totesys,Table} MetricName=\"ChangedRows\"', 'Sum', 300)", id = "tables" }]]
    "Rows in quarantine"              = [["totesys", "QuarantinedRows", { stat = "Sum" }]]
    "Seconds of a run"                = [for name in keys(var.jobs) : ["Glue", "glue.driver.aggregate.elapsedTime", "JobName", name, "JobRunId", "ALL", "Type", "count", { stat = "Maximum" }]]
    "DPU hours"                       = concat([[{ expression = "SUM(METRICS()) * ${var.workers} / 3600000", id = "dpu", label = "DPU hours" }]], [for number, name in keys(var.jobs) : ["Glue", "glue.driver.aggregate.elapsedTime", "JobName", name, "JobRunId", "ALL", "Type", "count", { stat = "Sum", id = "m${number}", visible = false }]])
    "Runs"                            = [for name in keys(var.jobs) : ["Glue", "glue.driver.aggregate.elapsedTime", "JobName", name, "JobRunId", "ALL", "Type", "count", { stat = "SampleCount" }]]
  }
}

resource "aws_cloudwatch_dashboard" "this" {
  dashboard_name = var.prefix
  dashboard_body = jsonencode({
    widgets = [
      for number, title in keys(local.metrics) : {
        type   = "metric"
        x      = number % 2 * 12
        y      = floor(number / 2) * 6
        width  = 12
        height = 6
        properties = {
          title   = title
          metrics = local.metrics[title]
          region  = var.arns.region
          period  = 300
          view    = "timeSeries"
        }
      }
    ]
  })
}
