output "data" {
  description = "Everything that later phases may use, by module. No secrets."
  value = {
    glue = {
      database_names = module.glue.database_names
      table_names    = module.glue.table_names
      crawler_name   = module.glue.crawler_name
      job_name       = module.glue.job_name
      role_arn       = module.glue.role_arn
    }
    athena = {
      workgroup_name = module.athena.workgroup_name
    }
  }
}
