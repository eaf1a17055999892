output "studio" {
  description = "The Studio domain; no other stack uses this. Empty if the environment has none."
  value = {
    studio = {
      domain_id          = one(module.studio[*].domain_id)
      url                = one(module.studio[*].url)
      user_profile_names = one(module.studio[*].user_profile_names)
      role_arns          = one(module.studio[*].role_arns)
      notebook_keys      = one(module.studio[*].notebook_keys)
    }
  }
}
