terraform {
  required_version = ">= 1.10" # OpenTofu 1.11

  required_providers {
    compliance = {
      source  = "compliance-feed/compliance"
      version = "~> 0.1"
    }
  }
}

provider "compliance" {
  key_organization_id = "org_01Example" # yours
}

module "gate" {
  source = "./gate"
}

# With depends_on, nothing is created or changed while the gate is closed, at plan or at
# apply; and -target includes the gate.
resource "terraform_data" "production" {
  input      = "what the gate guards"
  depends_on = [module.gate]
}
