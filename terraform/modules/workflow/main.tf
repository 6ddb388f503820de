resource "aws_glue_workflow" "this" {
  for_each = var.workflows

  name        = each.key
  description = each.value.Description
}

resource "aws_glue_trigger" "this" {
  for_each = var.triggers

  name              = each.key
  workflow_name     = aws_glue_workflow.this[each.value.WorkflowName].name
  type              = each.value.Type
  schedule          = each.value.Schedule
  start_on_creation = each.value.StartOnCreation
  # The provider starts an enabled ON_DEMAND trigger when it makes one: that would run the jobs.
  enabled = each.value.Type != "ON_DEMAND"

  dynamic "actions" {
    for_each = each.value.Actions
    content {
      job_name = var.job_names[actions.value.JobName]
    }
  }

  dynamic "predicate" {
    for_each = each.value.Predicate[*]
    content {
      logical = predicate.value.Logical
      dynamic "conditions" {
        for_each = predicate.value.Conditions
        content {
          logical_operator = conditions.value.LogicalOperator
          job_name         = var.job_names[conditions.value.JobName]
          state            = conditions.value.State
        }
      }
    }
  }

  dynamic "event_batching_condition" {
    for_each = each.value.EventBatchingCondition[*]
    content {
      batch_size   = event_batching_condition.value.BatchSize
      batch_window = event_batching_condition.value.BatchWindow
    }
  }
}

resource "aws_cloudwatch_event_rule" "this" {
  for_each = var.rules

  name                = each.key
  description         = each.value.Description
  state               = each.value.State
  event_pattern       = each.value.EventPattern
  schedule_expression = each.value.ScheduleExpression
}

locals {
  targets = {
    for key, target in var.targets : key => merge(target, { arn = one([for each in var.rules[target.rule].Targets : each.Arn if each.Id == target.id]) })
  }
}

resource "aws_cloudwatch_event_target" "this" {
  for_each = local.targets

  rule      = aws_cloudwatch_event_rule.this[each.value.rule].name
  target_id = each.value.id
  arn       = each.value.arn
  role_arn  = aws_iam_role.events.arn

  depends_on = [aws_glue_trigger.this]
}
