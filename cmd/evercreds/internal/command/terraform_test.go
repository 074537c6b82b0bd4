//go:build unix

package command

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// inTerraform has state in a bucket, a lock beside it, and a change that outlives a set.
const inTerraform = `terraform {
  backend "s3" {
    bucket         = "states"
    key            = "app.tfstate"
    region         = "us-east-1"
    use_path_style = true
    use_lockfile   = true
  }
}
resource "terraform_data" "slow" {
  provisioner "local-exec" {
    command = "sleep 11"
  }
}
`

// TestTaskTerraform has Terraform keep its state in S3 while the set ends with which it
// began. The backend gets its credentials as the AWS provider does, by aws-sdk-go-base.
func TestTaskTerraform(t *testing.T) {
	t.Parallel()
	args := strings.Fields(task(t, "terraform"))
	understood(t, args[1:])
	terraform, err := exec.LookPath("terraform")
	if err != nil {
		t.Skip("terraform is not installed")
	}
	for name, prefix := range map[string][]string{
		"run":                  args[:len(args)-2], // evercreds run --role app --
		"a credential_process": nil,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := settled(t, 10*time.Second)
			w.env["CHECKPOINT_DISABLE"], w.env["TF_IN_AUTOMATION"] = "1", "1"
			w.file("main.tf", inTerraform)
			b := w.newBucket(role)
			if prefix == nil {
				w.asProfile(t)
			}
			tf := func(args ...string) string {
				argv := append(append(slices.Clone(prefix), terraform), args...)
				cmd := exec.Command("sh", append([]string{"-c", `exec "$@"`, "sh"}, argv...)...)
				cmd.Env, cmd.Dir = w.environ(), w.dir
				out, err := cmd.CombinedOutput()
				if err != nil {
					t.Fatalf("%q: %v\n%srefused: %q", args, err, out, b.refused)
				}
				return string(out)
			}
			tf("init", "-input=false", "-no-color")
			tf("apply", "-input=false", "-no-color", "-auto-approve")
			if out := tf("state", "list"); out != "terraform_data.slow\n" {
				t.Errorf("state list says %q", out)
			}
			if there := b.names(); !slices.Equal(there, []string{"app.tfstate"}) {
				t.Errorf("the bucket has %q: a state, and no lock", there)
			}
			if len(b.keys) < 2 || b.locks == 0 || len(b.refused) > 0 {
				t.Errorf("%d sets signed, %d locks, refused: %q", len(b.keys), b.locks, b.refused)
			}
		})
	}
}

// asProfile is the profile of the page in the user's shared file, with the keys of the base
// in another, and in no variable.
func (w *world) asProfile(t *testing.T) {
	t.Helper()
	text := strings.ReplaceAll(task(t, "profile of tasks"), "/etc/", w.dir+"/etc/")
	w.file(".aws/config", text)
	w.file(".aws/credentials", "[default]\naws_access_key_id = "+w.aws.Base.AccessKeyID+"\naws_secret_access_key = "+w.aws.Base.SecretAccessKey+"\n")
	w.without("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
	w.env["AWS_PROFILE"] = "app"
	config := filepath.Join(w.dir, "etc/evercreds.yaml")
	given, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	w.file("etc/evercreds.yaml", strings.Replace(string(given), "region: us-east-1", "region: us-east-1\n    profile: default", 1))
}
