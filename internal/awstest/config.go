package awstest

import (
	"fmt"
	"regexp"
	"time"
)

// The defaults of a Config.
const (
	DefaultRegion    = "us-east-1"
	DefaultAccountID = "123456789012"
	DefaultAlias     = "stand-in-alias"
	DefaultThing     = "stand-in-thing"
)

// The bounds of a lifetime that a Config, SetLifetime or the control API sets.
const (
	MinLifetime = 2 * time.Second
	MaxLifetime = 12 * time.Hour
)

// Config says what a stand-in is like. The zero value is a good one.
type Config struct {
	// Region is the only region that signatures may be scoped to, and the
	// region in the IoT endpoint's name. Default: DefaultRegion.
	Region string
	// AccountID is the account of the base user, 12 digits. Roles of any
	// account may be assumed. Default: DefaultAccountID.
	AccountID string
	// Lifetime overrides the lifetime of every set that is issued, whatever
	// DurationSeconds asks for. 0: as asked, 3600 s where nothing is asked.
	Lifetime time.Duration
	// Lifetimes overrides Lifetime for single role ARNs or role aliases.
	Lifetimes map[string]time.Duration
	// Aliases are the role aliases of the IoT credentials provider and the ARN
	// of the role behind each. Default: DefaultAlias.
	Aliases map[string]string
	// Thing is the common name of the ready-made client certificates, the only
	// thing attached to them. Default: DefaultThing.
	Thing string
	// Dir is an existing directory for the certificate and key files. Default:
	// a new temporary directory that Close removes.
	Dir string
	// Port and TLSPort are the ports on 127.0.0.1. 0: any free one.
	Port, TLSPort int
	// ClockOffset is how far the server's clock is ahead of Clock (negative:
	// behind). It shows in Date and in Expiration, and decides skew and expiry.
	ClockOffset time.Duration
	// Clock is what the server takes for the right time. Default: time.Now.
	Clock func() time.Time
}

var (
	regionPattern  = regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-[0-9]$`)
	accountPattern = regexp.MustCompile(`^[0-9]{12}$`)
	rolePattern    = regexp.MustCompile(`^arn:aws:iam::([0-9]{12}):role/((?:[\x21-\x7e]+/)?)([\w+=,.@-]{1,64})$`)
	aliasPattern   = regexp.MustCompile(`^[\w=,@-]{1,128}$`)
	thingPattern   = regexp.MustCompile(`^[a-zA-Z0-9:_-]{1,128}$`)
)

// complete fills the defaults in and checks what was given.
func (c Config) complete() (Config, error) {
	c.Region = or(c.Region, DefaultRegion)
	c.AccountID = or(c.AccountID, DefaultAccountID)
	c.Thing = or(c.Thing, DefaultThing)
	if c.Clock == nil {
		c.Clock = time.Now
	}
	if len(c.Aliases) == 0 {
		c.Aliases = map[string]string{DefaultAlias: "arn:aws:iam::" + c.AccountID + ":role/stand-in-device"}
	}
	return c, c.check()
}

func (c Config) check() error {
	switch {
	case !regionPattern.MatchString(c.Region):
		return fmt.Errorf("awstest: Region must look like us-east-1, got %q", c.Region)
	case !accountPattern.MatchString(c.AccountID):
		return fmt.Errorf("awstest: AccountID must be 12 digits, got %q", c.AccountID)
	case !thingPattern.MatchString(c.Thing):
		return fmt.Errorf("awstest: Thing must be 1 to 128 letters, digits, ':', '_' or '-', got %q", c.Thing)
	}
	if err := checkOffset(c.ClockOffset); err != nil {
		return err
	}
	for alias, role := range c.Aliases {
		if !aliasPattern.MatchString(alias) {
			return fmt.Errorf("awstest: Aliases: an alias is 1 to 128 of [A-Za-z0-9_=,@-], got %q", alias)
		}
		if !rolePattern.MatchString(role) {
			return fmt.Errorf("awstest: Aliases: %q must lead to a role ARN, got %q", alias, role)
		}
	}
	for source, lifetime := range c.Lifetimes {
		if err := checkSource(source); err != nil {
			return err
		}
		if err := checkLifetime(lifetime); err != nil {
			return err
		}
	}
	return checkLifetime(c.Lifetime)
}

// checkSource accepts a role ARN or a role alias. The two never look alike: an
// alias has no colon.
func checkSource(source string) error {
	if rolePattern.MatchString(source) || aliasPattern.MatchString(source) {
		return nil
	}
	return fmt.Errorf("awstest: source must be a role ARN or a role alias, got %q", source)
}

func checkLifetime(d time.Duration) error {
	if d == 0 || d >= MinLifetime && d <= MaxLifetime {
		return nil
	}
	return fmt.Errorf("awstest: lifetime must be 0 (as asked) or from %v to %v, got %v", MinLifetime, MaxLifetime, d)
}

func or(given, otherwise string) string {
	if given == "" {
		return otherwise
	}
	return given
}
