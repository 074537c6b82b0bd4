package awstest

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

func TestTimeWindow(t *testing.T) {
	s, clock := start(t, Config{})
	inject(t, s, Fault{Kind: KindHTTP, FromMs: 1000, UntilMs: 2000})
	for _, step := range []struct {
		advance time.Duration
		fails   bool
	}{{0, false}, {999 * time.Millisecond, false}, {time.Millisecond, true}, {999 * time.Millisecond, true}, {time.Millisecond, false}} {
		clock.advance(step.advance)
		if err := tryAssume(t, s, role); (err != nil) != step.fails {
			t.Errorf("after %v: %v", step.advance, err)
		}
	}
}

// The outage that a session must ride out: the newest set has 4 to 8 s left.
func TestRemainingWindow(t *testing.T) {
	s, clock := start(t, Config{Lifetime: 10 * time.Second})
	other := aws.String("arn:aws:iam::123456789012:role/other")
	inject(t, s, Fault{Kind: KindHTTP, Role: role, RemainingMinMs: 4000, RemainingMaxMs: 8000})
	assume(t, s, role) // before there is a set there is no outage
	for _, step := range []struct {
		advance time.Duration
		fails   bool
	}{
		{2*time.Second - time.Millisecond, false}, // and this issues a new set
		{2 * time.Second, true}, {2 * time.Second, true}, {2 * time.Second, true}, {time.Millisecond, false},
	} {
		clock.advance(step.advance)
		if err := tryAssume(t, s, role); (err != nil) != step.fails {
			t.Errorf("after %v: %v", step.advance, err)
		}
		if err := tryAssume(t, s, *other); err != nil {
			t.Errorf("the other role: %v", err)
		}
	}
}

func TestFaultTargets(t *testing.T) {
	s, _ := start(t, Config{})
	creds := assume(t, s, role)
	device := deviceClient(t, s, 0, s.ClientEC)
	calls := map[string]func() bool{ // whether the call is served
		"assume":   func() bool { return tryAssume(t, s, role) == nil },
		"other":    func() bool { return tryAssume(t, s, s.RoleARN) == nil },
		"identity": func() bool { return identity(t, s, creds) == nil },
		"base":     func() bool { return identity(t, s, s.Base) == nil },
		"list":     func() bool { return send(t, plainClient(), s.listBucketsCall(s.URL).request(t, creds)).status == 200 },
		"device":   func() bool { return send(t, device, iotRequest(t, s.TLSURL+aliasPath)).status == 200 },
	}
	for _, tc := range []struct {
		fault Fault
		fails string
	}{
		{Fault{}, "assume other identity base list device"},
		{Fault{Role: role}, "assume"},
		{Fault{Action: ActionAssumeRole}, "assume other"},
		{Fault{Role: role, Action: ActionGetCallerIdentity}, "identity"},
		{Fault{Role: role, Action: ActionListBuckets}, "list"},
		{Fault{Action: ActionGetCallerIdentity}, "identity base"},
		{Fault{Alias: DefaultAlias}, "device"},
		{Fault{Action: ActionRoleAlias}, "device"},
		{Fault{Alias: "nobody"}, ""},
	} {
		t.Run(tc.fault.Role+" "+tc.fault.Alias+" "+tc.fault.Action, func(t *testing.T) {
			s.ClearFaults()
			tc.fault.Kind = KindHTTP
			inject(t, s, tc.fault)
			for name, call := range calls {
				if served, want := call(), !strings.Contains(" "+tc.fails+" ", " "+name+" "); served != want {
					t.Errorf("%s: served %v, want %v", name, served, want)
				}
			}
		})
	}
}

func identity(t *testing.T, s *Server, creds aws.Credentials) error {
	t.Helper()
	_, err := stsClient(s, creds).GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
	return err
}
