param "organization" {
  value = "org_01Mine"
}

mock "tfplan/v2" {
  module {
    source = "./mocks/fail-missing.sentinel"
  }
}

test {
  rules = {
    main = false
  }
}
