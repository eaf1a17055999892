mock_provider "aws" {
  source = "../../../tests/terraform/mocks"
}

run "the_example_of_the_readme_can_be_planned" {
  command = plan
  module {
    source = "./examples/basic"
  }
}
