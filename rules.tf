# Which rules there are, and what is said of them.

locals {
  # Every pack is a folder, every rule of it a file that is called after it.
  rule_files = fileset("${path.module}/rules", "*/*.yaml")
  packs      = distinct([for file in local.rule_files : dirname(file)])
  # Those that an alert may list.
  alerting_rule_ids = concat(
    [for file in local.rule_files : trimsuffix(basename(file), ".yaml")],
    flatten([for rule in try([for rule in var.rules : rule], []) : try(tostring(rule.id), [])]),
    [for entry in try(split(",", tostring(var.events_to_track)), tolist(var.events_to_track), []) : "events_to_track:${trimspace(entry)}"],
  )
  rule_ids = concat(local.alerting_rule_ids, flatten([for rule in try([for rule in var.ignore_rules : rule], []) : try(tostring(rule.id), [])]))

  # The part of the configuration that decides.
  rule_document = {
    use_default_rules = var.use_default_rules
    packs             = var.packs
    rule_overrides    = var.rule_overrides
    rules             = var.rules
    rules_language    = var.rules_language
    rules_separator   = var.rules_separator
    ignore_rules      = var.ignore_rules
    events_to_track   = var.events_to_track
    allowed_cidrs     = var.allowed_cidrs
    office_hours      = var.office_hours
    required_tags     = var.required_tags
  }
}
