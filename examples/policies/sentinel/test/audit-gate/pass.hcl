param "organization" {
  value = "org_01Mine"
}

mock "tfplan/v2" {
  module {
    source = "./mocks/pass.sentinel"
  }
}

test {
  rules = {
    main = true
  }
}
