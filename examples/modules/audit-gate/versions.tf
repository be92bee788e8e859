terraform {
  required_version = ">= 1.5" # the tests need 1.7; OpenTofu counts from 1.6

  required_providers {
    compliance = {
      source = "compliance-feed/compliance"
    }
  }
}
