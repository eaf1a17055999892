# One dashboard for all methods: one row per topic, without rows for parts that the environment does not have.
locals {
  rows = [for row in [local.api_row, local.router_row, local.endpoint_row, local.bedrock_row, local.pipeline_row] : row if row.shown]

  heading_height = 1
  graph_height   = 6
  row_height     = local.heading_height + local.graph_height

  widgets = concat([for index, row in local.rows : concat(
    [{
      type       = "text"
      x          = 0
      y          = index * local.row_height
      width      = 24
      height     = local.heading_height
      properties = { markdown = "## ${row.title}" }
    }],
    [for column, graph in row.graphs : {
      type   = "metric"
      x      = column * floor(24 / length(row.graphs))
      y      = index * local.row_height + local.heading_height
      width  = floor(24 / length(row.graphs))
      height = local.graph_height
      properties = {
        title   = graph.title
        metrics = graph.metrics
        stat    = graph.stat
        period  = 60
        region  = var.context.region
        view    = "timeSeries"
      }
    }],
  )]...)
}

resource "aws_cloudwatch_dashboard" "this" {
  dashboard_name = "${var.context.name_prefix}-inference"
  dashboard_body = jsonencode({ widgets = local.widgets })
}
