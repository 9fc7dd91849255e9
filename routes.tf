# Which route takes what, before the hooks, channels and topics by account.

locals {
  # In the order of the list, which is the order in which they are asked.
  routes = [for route in var.routes : {
    name = route.name
    # Null for every account; an organizational unit without accounts is none.
    accounts = route.accounts == null && route.organizational_units == null ? null : sort(distinct(concat(
      route.accounts == null ? [] : route.accounts,
      flatten([
        for index in range(route.organizational_units == null ? 0 : length(route.organizational_units)) :
        data.aws_organizations_organizational_unit_descendant_accounts.route["${route.name}/${index}"].accounts[*].id
      ]),
    )))
    severities = route.severities
    rules      = route.rules
    packs      = route.packs
    destinations = [for given in route.destinations : (
      given.slack_hook_ssm_parameter != null ? {
        kind          = "slack_webhook"
        name          = "route ${route.name} (${given.slack_hook_ssm_parameter})"
        hookParameter = given.slack_hook_ssm_parameter
        } : given.slack_channel_id != null ? {
        kind           = "slack_app"
        name           = "channel ${given.slack_channel_id}"
        channelId      = given.slack_channel_id
        tokenParameter = "${local.parameter_prefix}secrets/slack-bot-token"
        } : {
        kind     = "sns"
        name     = given.sns_topic_arn
        topicArn = given.sns_topic_arn
      }
    )]
    mention  = route.mention
    continue = route.continue
  }]

  route_hook_parameters = flatten(var.routes[*].destinations[*].slack_hook_ssm_parameter)
  route_topic_arns      = flatten(var.routes[*].destinations[*].sns_topic_arn)

  # By the place where they stand, because ids of units that the same apply makes are not known while planning.
  routed_units = merge([for route in var.routes : {
    for index, unit in(route.organizational_units == null ? [] : route.organizational_units) : "${route.name}/${index}" => unit
  }]...)
}

# A record does not name the unit of its account, and the function may not ask AWS Organizations: this does, while planning.
# The accounts of a unit and of the units in it.
data "aws_organizations_organizational_unit_descendant_accounts" "route" {
  for_each = local.routed_units

  parent_id = each.value
}
