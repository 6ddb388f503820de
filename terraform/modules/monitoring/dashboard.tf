locals {
  metrics = {
    "Warehouse behind the source (s)" = [["totesys", "WarehouseLag", { stat = "Maximum" }]]
    "Rows that changed"               = [[{ expression = "SEARCH('{totesys,Table} MetricName=\"ChangedRows\"', 'Sum', 300)", id = "tables" }]]
    "Rows in quarantine"              = [["totesys", "QuarantinedRows", { stat = "Sum" }]]
    "Runs that ended well"            = [for name in keys(var.jobs) : ["totesys", "RunSeconds", "Job", name, { stat = "SampleCount" }]]
    "Seconds of a run"                = [for name in keys(var.jobs) : ["totesys", "RunSeconds", "Job", name, { stat = "Maximum" }]]
    "Runs that failed or took long"   = [for rule in [aws_cloudwatch_event_rule.job_failed, aws_cloudwatch_event_rule.job_slow] : ["AWS/Events", "Invocations", "RuleName", rule.name, { stat = "Sum" }]]
    # Without the start of a run, which is billed too.
    "DPU hours" = concat([[{ expression = join(" + ", [for number, name in keys(var.jobs) : "m${number} * ${var.jobs[name].NumberOfWorkers} / 3600"]), id = "dpu", label = "DPU hours" }]], [for number, name in keys(var.jobs) : ["totesys", "RunSeconds", "Job", name, { stat = "Sum", id = "m${number}", visible = false }]])
    "Minutes since source and warehouse were verified" = [
      ["totesys", "MinutesSinceSourceVerified", { stat = "Maximum" }], ["totesys", "MinutesSinceWarehouseVerified", { stat = "Maximum" }],
    ]
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
