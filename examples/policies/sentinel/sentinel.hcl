policy "audit-gate" {
  source            = "./audit-gate.sentinel"
  enforcement_level = "hard-mandatory"

  params = {
    organization = "org_01YourOwn"
  }
}
