module github.com/evercreds/evercreds/internal/release

go 1.25.0

require (
	github.com/CycloneDX/cyclonedx-go v0.12.0
	golang.org/x/mod v0.31.0
)

require github.com/google/licensecheck v0.3.1
