# A run that takes longer than its job's NotifyDelayAfter. AWS Glue tells by an event, once, while the
# run goes on, a hanging one too; its metrics count what has ended, and hold no duration of a run.
# https://docs.aws.amazon.com/glue/latest/dg/automating-awsglue-with-cloudwatch-events.html

resource "aws_cloudwatch_event_rule" "job_slow" {
  name        = "${var.prefix}-job-slow"
  description = "A run takes longer than its job should"
  event_pattern = jsonencode({
    source      = ["aws.glue"]
    detail-type = ["Glue Job Run Status"]
    detail      = { jobName = keys(var.jobs), state = ["RUNNING"] }
  })
}

resource "aws_cloudwatch_event_target" "job_slow" {
  rule      = aws_cloudwatch_event_rule.job_slow.name
  target_id = "alerts"
  arn       = aws_sns_topic.alerts.arn

  input_transformer {
    input_paths = {
      job     = "$.detail.jobName"
      run     = "$.detail.jobRunId"
      minutes = "$.detail.notificationCondition.NotifyDelayAfter"
      time    = "$.time"
      region  = "$.region"
    }
    input_template = replace(replace(jsonencode(join("\n", [
      "AWS Glue job <job> has been running for more than <minutes> minutes at <time>.",
      "",
      "Run <run>: https://<region>.console.aws.amazon.com/gluestudio/home?region=<region>#/job/<job>/run/<run>",
      "Usual causes and what to run: docs/runbook.md of the project, Slow job.",
    ])), "\\u003c", "<"), "\\u003e", ">")
  }
}
