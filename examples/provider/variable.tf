terraform {
  required_version = ">= 1.10" # OpenTofu 1.11

  required_providers {
    compliance = {
      source  = "compliance-feed/compliance"
      version = "~> 0.1"
    }
  }
}

variable "compliance_api_key" {
  type      = string
  ephemeral = true # keeps the key out of saved plans; sensitive alone does not
  sensitive = true
  nullable  = true
  default   = null # null leaves the key to the environment
}

provider "compliance" {
  api_key             = var.compliance_api_key
  key_organization_id = "org_01Example" # your own; a key of another one closes every gate
}
