output "crawler_name" {
  description = "Crawler that catalogues the results."
  value       = aws_glue_crawler.results.name
}

output "database_name" {
  description = "Database of the tables `results` and `errors`."
  value       = aws_glue_catalog_database.results.name
}

output "alarm_names" {
  description = "Alarms that watch the requests."
  value       = [for alarm in aws_cloudwatch_metric_alarm.this : alarm.alarm_name]
}
