mock_provider "aws" {
  mock_resource "aws_iam_openid_connect_provider" {
    defaults = { arn = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com" }
  }
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/a-deploy" }
  }
}

variables {
  prefix       = "a"
  arns         = { partition = "aws", region = "eu-west-2", account = "123456789012" }
  roles        = ["ingest", "events"]
  network      = false
  warehouse    = false
  repository   = "acme/totesys"
  environment  = "production"
  state_bucket = "acme-terraform"
}

run "one_repository_and_one_environment_only" {
  assert {
    condition = jsondecode(aws_iam_role.deploy.assume_role_policy).Statement[0].Condition == { StringEquals = {
      "token.actions.githubusercontent.com:aud" = "sts.amazonaws.com"
      "token.actions.githubusercontent.com:sub" = "repo:acme/totesys:environment:production"
    } }
    error_message = "No other repository, branch or environment takes the role."
  }
}

run "it_reads_neither_rows_nor_logins" {
  assert {
    condition = alltrue([
      for s in jsondecode(aws_iam_role_policy.deploy.policy).Statement :
      alltrue([for action in s.Action : !startswith(action, "s3:GetObject")]) || alltrue([for resource in s.Resource : strcontains(resource, "acme-terraform") || startswith(resource, "arn:aws:s3:::a-code/releases/")])
    ])
    error_message = "Objects are read in the state and in the releases only."
  }
  assert {
    condition     = !strcontains(aws_iam_role_policy.deploy.policy, "GetSecretValue") && !strcontains(aws_iam_role_policy.deploy.policy, "PutSecretValue") && !strcontains(aws_iam_role_policy.deploy.policy, "secretsmanager:*")
    error_message = "Secrets keep their values for themselves."
  }
}

run "it_changes_and_passes_the_jobs_roles_only" {
  assert {
    condition = alltrue([
      for s in jsondecode(aws_iam_role_policy.deploy.policy).Statement : toset(s.Resource) == toset(["arn:aws:iam::123456789012:role/a-ingest", "arn:aws:iam::123456789012:role/a-events"])
      if contains(["Roles", "PassRoles"], s.Sid)
    ])
    error_message = "It can not change its own role, or another's."
  }
  assert {
    condition     = length([for s in jsondecode(aws_iam_role_policy.deploy.policy).Statement : s if contains(["Network", "Warehouse"], s.Sid)]) == 0
    error_message = "No right for what is not part of the deployment."
  }
}

run "rights_for_network_and_warehouse_come_with_them" {
  variables {
    network   = true
    warehouse = true
  }
  assert {
    condition     = length([for s in jsondecode(aws_iam_role_policy.deploy.policy).Statement : s if contains(["Network", "Warehouse", "SecretOfRds", "KeyOfRds"], s.Sid)]) == 4
    error_message = "A deployment with VPC and RDS has what it needs."
  }
}
