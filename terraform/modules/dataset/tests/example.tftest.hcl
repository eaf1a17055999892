mock_provider "aws" {
  source = "../../../tests/terraform/mocks"
}

run "the_example_of_the_readme_can_be_planned" {
  command = plan
  # The example names no provider: without this, the real one is planned with.
  providers = { aws = aws }
  module {
    source = "./examples/basic"
  }
}
