package command

import (
	"errors"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/evercreds/evercreds/cmd/evercreds/internal/problem"
	"github.com/evercreds/evercreds/cmd/evercreds/internal/roles"
)

// wanted is what the value of a flag must be, by pflag's name of its type.
var wanted = map[string]string{"int": "a whole number", "bool": "true or false", "duration": "a time such as 90s or 10m"}

// flagError says what is wrong with a flag; pflag has the words of Go's parsers.
func flagError(err error) error {
	var value *pflag.InvalidValueError
	if errors.As(err, &value) {
		if want, ok := wanted[value.GetFlag().Value.Type()]; ok {
			return problem.Usage.New("--%s: must be %s; got %q", value.GetFlag().Name, want, value.GetValue())
		}
	}
	return problem.Usage.Of(err)
}

// refuseEmpty refuses flags without a value, as "--role-arn $ROLE" is one where ROLE is not
// set: the identity would be another, silently.
func refuseEmpty(flags *pflag.FlagSet) error {
	var err error
	flags.Visit(func(f *pflag.Flag) {
		if f.Value.Type() == "string" && f.Value.String() == "" && err == nil {
			err = problem.Usage.New("--%s: its value is empty", f.Name)
		}
	})
	return err
}

// source has the flags that say which role is meant.
type source struct {
	config, name                     string
	profile, region, endpoint        string
	sts                              roles.STS
	tags                             []string
	mfaCommand                       string
	iot                              roles.IoT
	advisory, mandatory, refreshTime int
	noShare                          bool
	flags                            *pflag.FlagSet
}

// add adds them to a command.
func (s *source) add(cmd *cobra.Command) {
	f := cmd.Flags()
	s.flags = f
	f.SortFlags = false
	f.StringVar(&s.config, "config", "", "the configuration `FILE` (default "+roles.Path()+")")
	f.StringVar(&s.name, "role", "", "a `ROLE` of the configuration file")
	f.StringVar(&s.profile, "profile", "", "the `PROFILE` with the base credentials (default: the current one)")
	f.StringVar(&s.region, "region", "", "the `REGION` of STS (default: the profile's)")
	f.StringVar(&s.endpoint, "endpoint-url", "", "the `URL` of STS (default: AWS's)")
	f.StringVar(&s.sts.RoleARN, "role-arn", "", "the `ARN` of the role to assume (default: the profile's)")
	f.StringVar(&s.sts.RoleSessionName, "role-session-name", "", "the session's `NAME`, which CloudTrail shows (default evercreds)")
	f.IntVar(&s.sts.DurationSeconds, "duration-seconds", 0, "the life of a set in `SECONDS` (default 3600)")
	f.StringVar(&s.sts.ExternalID, "external-id", "", "what the trust policy demands as sts:ExternalId")
	f.StringVar(&s.sts.SourceIdentity, "source-identity", "", "stays with all roles that are chained")
	f.StringArrayVar(&s.tags, "tag", nil, "a session tag, `KEY=VALUE`; repeatable")
	f.StringArrayVar(&s.sts.TransitiveTagKeys, "transitive-tag-key", nil, "the `KEY` of a tag that chained roles inherit; repeatable")
	f.StringVar(&s.sts.Policy, "policy", "", "an inline session policy, `JSON`")
	f.StringArrayVar(&s.sts.PolicyARNs, "policy-arn", nil, "the `ARN` of a managed session policy; repeatable")
	f.StringVar(&s.sts.SerialNumber, "serial-number", "", "the number or `ARN` of the MFA device")
	f.StringVar(&s.mfaCommand, "mfa-command", "", "a `COMMAND` that prints a one-time code, split at blanks")
	f.StringVar(&s.sts.MFA, "mfa", "", "`HOW` a person is asked for the code: prompt or pinentry (default prompt)")
	f.StringVar(&s.iot.Endpoint, "iot-endpoint", "", "the `HOST` of the AWS IoT credentials provider")
	f.StringVar(&s.iot.RoleAlias, "iot-role-alias", "", "its role `ALIAS`")
	f.StringVar(&s.iot.ThingName, "iot-thing-name", "", "the device's thing `NAME`")
	f.StringVar(&s.iot.Certificate, "iot-certificate", "", "the device's certificate, a PEM `FILE`")
	f.StringVar(&s.iot.PrivateKey, "iot-private-key", "", "its key, a PEM `FILE`")
	f.StringVar(&s.iot.CA, "iot-ca", "", "the authorities of the endpoint, a PEM `FILE` (default: the system's)")
	f.IntVar(&s.advisory, "advisory-timeout", 0, "refresh early with so many `SECONDS` left (default 900)")
	f.IntVar(&s.mandatory, "mandatory-timeout", 0, "refresh at once with so many `SECONDS` left (default 600)")
	f.IntVar(&s.refreshTime, "refresh-timeout", 0, "bound one refresh, in `SECONDS` (default 60; commands 900)")
	f.BoolVar(&s.noShare, "no-share", false, "do not share with other processes of this machine")
	// Few need these; --help of a command must fit a screen.
	cmd.Long += "\nMore flags, such as --external-id, --tag and those of IoT devices, are in docs/guides/command.md."
	for _, name := range []string{
		"role-session-name", "source-identity", "tag", "transitive-tag-key", "policy", "policy-arn",
		"iot-endpoint", "iot-role-alias", "iot-thing-name", "iot-certificate", "iot-private-key", "iot-ca",
		"advisory-timeout", "mandatory-timeout", "refresh-timeout", "external-id",
	} {
		_ = f.MarkHidden(name)
	}
	_ = cmd.RegisterFlagCompletionFunc("role", s.completeRole)
	_ = cmd.RegisterFlagCompletionFunc("mfa", cobra.FixedCompletions([]string{"prompt", "pinentry"}, cobra.ShellCompDirectiveNoFileComp))
}

func (s *source) completeRole(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	file, err := roles.Read(s.config)
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	return file.Names(), cobra.ShellCompDirectiveNoFileComp
}

// role is the role that the flags mean.
func (s *source) role() (*roles.Role, *roles.File, error) {
	file, err := roles.Read(s.config)
	if err != nil {
		return nil, nil, err
	}
	role := &roles.Role{Name: "flags", Profile: s.profile, Region: s.region, EndpointURL: s.endpoint}
	if s.name != "" {
		if s.sts.RoleARN != "" || s.iot.Endpoint != "" || s.profile != "" {
			return nil, nil, problem.Usage.New("--role names a role of the file; --role-arn, --profile and --iot-... do not go with it")
		}
		named, err := file.Role(s.name)
		if err != nil {
			return nil, nil, err
		}
		own := *named
		role = &own
		if s.region != "" {
			role.Region = s.region
		}
		if s.endpoint != "" {
			role.EndpointURL = s.endpoint
		}
	} else if err := s.fill(role); err != nil {
		return nil, nil, err
	}
	for _, w := range []struct {
		flag  string
		value int
		to    **int
	}{
		{"advisory-timeout", s.advisory, &role.Refresh.AdvisorySeconds},
		{"mandatory-timeout", s.mandatory, &role.Refresh.MandatorySeconds},
		{"refresh-timeout", s.refreshTime, &role.Refresh.TimeoutSeconds},
	} {
		if s.flags.Changed(w.flag) {
			*w.to = &w.value
		}
	}
	return role, file, role.Check()
}

// fill puts the parameters of the flags into a role.
func (s *source) fill(role *roles.Role) error {
	if s.sts.RoleARN != "" {
		sts := s.sts
		sts.MFACommand = strings.Fields(s.mfaCommand)
		for _, tag := range s.tags {
			key, value, ok := strings.Cut(tag, "=")
			if !ok || key == "" {
				return problem.Usage.New("--tag: must be KEY=VALUE; got %q", tag)
			}
			if sts.Tags == nil {
				sts.Tags = map[string]string{}
			}
			sts.Tags[key] = value
		}
		role.STS = &sts
	} else {
		for _, name := range []string{
			"role-session-name", "duration-seconds", "external-id", "source-identity", "tag", "transitive-tag-key",
			"policy", "policy-arn", "serial-number",
		} {
			if s.flags.Changed(name) {
				return problem.Usage.New("--%s goes with --role-arn", name)
			}
		}
	}
	if s.iot != (roles.IoT{}) {
		iot := s.iot
		role.IoT = &iot
	}
	return nil
}
