// Programs that ask the reference libraries what they make of an input; the
// versions are those that the stored answers were made with.
module bulla/tests/servers/oracle

go 1.24

require (
	github.com/Masterminds/sprig/v3 v3.2.3
	github.com/tidwall/gjson v1.14.4
	go.yaml.in/yaml/v3 v3.0.4
)

require (
	github.com/Masterminds/goutils v1.1.1 // indirect
	github.com/Masterminds/semver/v3 v3.2.0 // indirect
	github.com/google/uuid v1.1.1 // indirect
	github.com/huandu/xstrings v1.3.3 // indirect
	github.com/imdario/mergo v0.3.11 // indirect
	github.com/mitchellh/copystructure v1.0.0 // indirect
	github.com/mitchellh/reflectwalk v1.0.0 // indirect
	github.com/shopspring/decimal v1.2.0 // indirect
	github.com/spf13/cast v1.3.1 // indirect
	github.com/tidwall/match v1.1.1 // indirect
	github.com/tidwall/pretty v1.2.0 // indirect
	golang.org/x/crypto v0.3.0 // indirect
)
