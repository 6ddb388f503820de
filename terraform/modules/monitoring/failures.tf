# One message per incident: the retries of a run are attempts with ids of their own, so a FAILED
# counts on the last one only. A TIMEOUT is not retried, and neither is a STOPPED.
# https://docs.aws.amazon.com/glue/latest/dg/automating-awsglue-with-cloudwatch-events.html

locals {
  retried = { for name, job in var.jobs : name => job.MaxRetries if job.MaxRetries > 0 }
  once    = [for name, job in var.jobs : name if job.MaxRetries == 0]
}

resource "aws_cloudwatch_event_rule" "job_failed" {
  name        = "${var.prefix}-job-failed"
  description = "A job ended badly, and AWS Glue will not try again"
  event_pattern = jsonencode({
    source      = ["aws.glue"]
    detail-type = ["Glue Job State Change"]
    "$or" = concat(
      [{ detail = { jobName = keys(var.jobs), state = ["TIMEOUT", "STOPPED"] } }],
      [for name, retries in local.retried : {
        detail = { jobName = [name], state = ["FAILED"], jobRunId = [{ suffix = "_attempt_${retries}" }] }
      }],
      length(local.once) == 0 ? [] : [{ detail = { jobName = local.once, state = ["FAILED"] } }],
    )
  })
}

resource "aws_cloudwatch_event_target" "job_failed" {
  rule      = aws_cloudwatch_event_rule.job_failed.name
  target_id = "alerts"
  arn       = aws_sns_topic.alerts.arn

  input_transformer {
    input_paths = {
      job    = "$.detail.jobName"
      state  = "$.detail.state"
      run    = "$.detail.jobRunId"
      error  = "$.detail.message"
      time   = "$.time"
      region = "$.region"
    }
    # jsonencode writes < and > as \\u003c and \\u003e, which EventBridge would not take as places.
    input_template = replace(replace(jsonencode(join("\n", [
      "AWS Glue job <job> ended <state> at <time>; it will not be tried again by itself.",
      "",
      "<error>",
      "",
      "Run <run>: https://<region>.console.aws.amazon.com/gluestudio/home?region=<region>#/job/<job>/run/<run>",
      "Nothing of the step that failed was committed; the next run goes on from there. What the error means and what to run: docs/runbook.md of the project, A job failed.",
    ])), "\\u003c", "<"), "\\u003e", ">")
  }
}
