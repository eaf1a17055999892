output "studio" {
  description = "Where people work in notebooks: nobody builds on it. Empty where the environment has no Studio."
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
