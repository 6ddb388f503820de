# Without values: `make secrets` asks for them, so they are in no plan and no state.
resource "aws_secretsmanager_secret" "login" {
  #checkov:skip=CKV2_AWS_57:the databases belong to others, whose passwords nobody here may change
  for_each = var.secrets

  name                    = each.value
  description             = "username and password for connection ${each.key}, as JSON"
  kms_key_id              = var.kms_key_arn
  recovery_window_in_days = var.allow_destroy ? 0 : 30
}
