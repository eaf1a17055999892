module "schema_registry" {
  source = "../.."

  context = { name_prefix = "mlops-dev" }

  schemas = {
    raw-reviews = {
      description = "A rated review snippet"
      definition = jsonencode({
        type = "record"
        name = "RawReview"
        fields = [
          { name = "id", type = "string" },
          { name = "rating", type = "double" },
          { name = "text", type = "string" },
        ]
      })
    }
  }
}
