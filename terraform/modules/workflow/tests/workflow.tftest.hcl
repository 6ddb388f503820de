mock_provider "aws" {
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/a-events" }
  }
}

variables {
  prefix    = "a"
  account   = "123456789012"
  workflows = { w = { Name = "w", Description = "d" } }
  job_names = { one = "one", two = "two" }
  triggers = {
    by_hand = { Name = "by_hand", WorkflowName = "w", Type = "ON_DEMAND", Actions = [{ JobName = "one" }] }
    hourly  = { Name = "hourly", WorkflowName = "w", Type = "SCHEDULED", Schedule = "cron(0 * * * ? *)", StartOnCreation = true, Actions = [{ JobName = "one" }] }
    event   = { Name = "event", WorkflowName = "w", Type = "EVENT", EventBatchingCondition = { BatchSize = 1, BatchWindow = 900 }, Actions = [{ JobName = "one" }] }
    after   = { Name = "after", WorkflowName = "w", Type = "CONDITIONAL", StartOnCreation = true, Predicate = { Logical = "AND", Conditions = [{ LogicalOperator = "EQUALS", JobName = "one", State = "SUCCEEDED" }] }, Actions = [{ JobName = "two" }] }
  }
  targets = { "r/w" = { rule = "r", id = "w" } }
  rules = {
    r = { Name = "r", Description = "d", State = "ENABLED", ScheduleExpression = "cron(30 3 * * ? *)", Targets = [{ Id = "w", Arn = "arn:aws:glue:eu-west-2:123456789012:workflow/w", RoleArn = "ignored" }] }
  }
}

run "making_a_trigger_starts_no_job" {
  assert {
    condition     = !aws_glue_trigger.this["by_hand"].enabled && aws_glue_trigger.this["by_hand"].start_on_creation != true
    error_message = "The provider starts an enabled ON_DEMAND trigger, and with it its jobs, when it makes one."
  }
  assert {
    condition     = aws_glue_trigger.this["event"].start_on_creation == null && aws_glue_trigger.this["hourly"].start_on_creation && aws_glue_trigger.this["after"].start_on_creation
    error_message = "Schedules and conditions are active from the start; an event is waited for."
  }
}

run "a_rule_may_start_the_workflow_that_it_names_and_nothing_else" {
  assert {
    condition     = jsondecode(aws_iam_role_policy.events.policy).Statement == [{ Action = ["glue:NotifyEvent"], Effect = "Allow", Resource = ["arn:aws:glue:eu-west-2:123456789012:workflow/w"] }]
    error_message = "EventBridge may notify the workflows of the rules."
  }
  assert {
    condition     = aws_cloudwatch_event_target.this["r/w"].role_arn == "arn:aws:iam::123456789012:role/a-events" && jsondecode(aws_iam_role.events.assume_role_policy).Statement[0].Condition.StringEquals["aws:SourceAccount"] == "123456789012"
    error_message = "The target has the role, which EventBridge takes for this account only."
  }
}
