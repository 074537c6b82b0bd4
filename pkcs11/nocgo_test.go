//go:build !cgo

package pkcs11_test

import (
	"os"
	"strings"
	"testing"

	"github.com/evercreds/evercreds/pkcs11"
)

func TestOpenReportsMissingCgo(t *testing.T) {
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	_, err = pkcs11.Open(pkcs11.Params{Library: program, TokenLabel: "devices"})
	if err == nil || !strings.Contains(err.Error(), "CGO_ENABLED=1") {
		t.Errorf("got %v", err)
	}
}
