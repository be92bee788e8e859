param "organization" {
  value = "org_01Mine"
}

mock "tfplan/v2" {
  module {
    source = "./mocks/fail-forbidden.sentinel"
  }
}

test {
  rules = {
    main = false
  }
}
