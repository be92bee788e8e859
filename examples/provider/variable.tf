variable "compliance_api_key" {
  type      = string
  sensitive = true
  nullable  = true
  default   = null # null leaves the key to the environment
}

provider "compliance" {
  api_key = var.compliance_api_key

  request_timeout         = "1m"
  max_retries             = 5
  max_concurrent_requests = 2
}
