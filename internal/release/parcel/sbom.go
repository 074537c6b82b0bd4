package main

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"

	cdx "github.com/CycloneDX/cyclonedx-go"
)

// sbom lists what is inside of an artefact (https://cyclonedx.org/docs/1.6/json/). It has no
// date and no serial number, so that the same artefact has the same list.
func (p packer) sbom(name, purl string, kind cdx.ComponentType, parts []part) ([]byte, error) {
	bom := cdx.NewBOM()
	top := &cdx.Component{
		BOMRef: purl, Type: kind, Name: name, Version: p.version, PackageURL: purl,
		Authors:   &[]cdx.OrganizationalContact{{Name: "The evercreds authors"}},
		Licenses:  &cdx.Licenses{{License: &cdx.License{ID: "Apache-2.0"}}},
		Copyright: "Copyright 2026 The evercreds authors",
	}
	bom.Metadata = &cdx.Metadata{Component: top}
	var components []cdx.Component
	needs := cdx.Dependency{Ref: purl}
	dependencies := []cdx.Dependency{needs}
	var refs []string
	for _, each := range parts {
		c, err := each.component()
		if err != nil {
			return nil, err
		}
		components = append(components, c)
		refs = append(refs, c.BOMRef)
		dependencies = append(dependencies, cdx.Dependency{Ref: c.BOMRef})
	}
	dependencies[0].Dependencies = &refs
	bom.Components, bom.Dependencies = &components, &dependencies

	var out bytes.Buffer
	encoder := cdx.NewBOMEncoder(&out, cdx.BOMFileFormatJSON).SetPretty(true)
	err := encoder.EncodeVersion(bom, cdx.SpecVersion1_6)
	return out.Bytes(), err
}

func (p part) component() (cdx.Component, error) {
	c := cdx.Component{BOMRef: p.purl, Type: cdx.ComponentTypeLibrary, Name: p.name, Version: p.version, PackageURL: p.purl}
	// one that is an exception or a choice is an expression, which stands alone
	if len(p.licenses) == 1 && !strings.Contains(p.licenses[0], " ") {
		c.Licenses = &cdx.Licenses{{License: &cdx.License{ID: p.licenses[0]}}}
	} else {
		c.Licenses = &cdx.Licenses{{Expression: strings.Join(p.licenses, " AND ")}}
	}
	if p.sum != "" {
		digest, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(p.sum, "h1:"))
		if err != nil {
			return c, fmt.Errorf("%s: %w", p.name, err)
		}
		c.Hashes = &[]cdx.Hash{{Algorithm: cdx.HashAlgoSHA256, Value: hex.EncodeToString(digest)}}
	}
	return c, nil
}

// notices is the text that those who made the parts ask for.
func notices(parts []part) []byte {
	var out strings.Builder
	out.WriteString("What is inside of this package from others, and under which terms.\n")
	for _, each := range parts {
		fmt.Fprintf(&out, "\n%s\n%s %s (%s)\n%s\n", strings.Repeat("=", 78), each.name, each.version, strings.Join(each.licenses, " AND "), each.purl)
		for _, f := range each.texts {
			fmt.Fprintf(&out, "\n--- %s\n\n%s\n", f.name, strings.TrimSpace(string(f.text)))
		}
	}
	return []byte(out.String())
}
