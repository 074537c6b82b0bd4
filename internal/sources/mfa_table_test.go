package sources_test

import (
	"encoding/json"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/evercreds/evercreds/core"
	"github.com/evercreds/evercreds/internal/awstest"
	"github.com/evercreds/evercreds/internal/sources"
)

// What commands print and how they end, in a table that every language is held to.
func TestCommandsForCodesAreJudgedAlike(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the table's commands are a Unix shell's")
	}
	data, err := os.ReadFile("../../testdata/sources/mfa.json")
	if err != nil {
		t.Fatal(err)
	}
	var table struct {
		Rows []struct {
			Name     string   `json:"name"`
			Command  []string `json:"command"`
			TimeoutS int      `json:"timeout_s"`
			Class    string   `json:"class"`
		} `json:"rows"`
	}
	if err := json.Unmarshal(data, &table); err != nil {
		t.Fatal(err)
	}
	standIn := startStandIn(t, awstest.Config{})
	for _, row := range table.Rows {
		t.Run(row.Name, func(t *testing.T) {
			if row.TimeoutS != 0 {
				defer sources.SetCommandTime(time.Duration(row.TimeoutS) * time.Second)()
			}
			s := newSTS(t, baseConfig(standIn), sources.AssumeRole{
				RoleARN: roleARN, SerialNumber: "arn:aws:iam::1:mfa/me", MFACommand: row.Command,
			})
			_, err := s.Fetch(t.Context(), flight)
			got := "accepted"
			if err != nil {
				got = map[core.Class]string{core.Permanent: "permanent", core.Recoverable: "recoverable"}[sourceError(t, err).Class]
			}
			if got != row.Class {
				t.Errorf("got %s, want %s: %v", got, row.Class, err)
			}
		})
	}
}
