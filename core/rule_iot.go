package core

import "errors"

// ErrIoTEndpoint refuses a host that is not an endpoint of the IoT credentials provider.
var ErrIoTEndpoint = errors.New("evercreds: endpoint must be an IoT credentials endpoint, as in ID.credentials.iot.REGION.amazonaws.com")

// IoTEndpoint gives the credentials endpoint for what a user configured: a bare
// host name, with :port if need be. A data endpoint (ID-ats.iot.REGION..., in
// China ID.ats.iot.REGION...), the usual mistake, is rewritten to the credentials
// endpoint of the same account; the caller warns when the result differs. Anything
// else is refused, so that no stranger ever sees a certificate.
func IoTEndpoint(text []byte) ([]byte, error) {
	host, port := text, []byte(nil)
	for i, c := range text {
		if c == ':' {
			host, port = text[:i], text[i:]
			break
		}
	}
	labels := split(host)
	if !validPort(port) || labels == nil {
		return nil, ErrIoTEndpoint
	}
	id := string(labels[0])
	switch {
	case len(labels) >= 6 && string(labels[1]) == "credentials" && iotLabel(labels[2]) && awsSuffix(labels[4:]):
		return text, nil
	case len(labels) >= 6 && string(labels[1]) == "ats" && iotLabel(labels[2]) && awsSuffix(labels[4:]):
		rest := host[len(id)+len(".ats"):]
		return append([]byte(id+".credentials"+string(rest)), port...), nil
	case len(labels) >= 5 && iotLabel(labels[1]) && awsSuffix(labels[3:]) &&
		hasSuffix(id, "-ats") && !hasSuffix(id, "--ats"): // the rest must be a label too
		rest := host[len(id):]
		return append([]byte(id[:len(id)-len("-ats")]+".credentials"+string(rest)), port...), nil
	}
	return nil, ErrIoTEndpoint
}

//go:noinline
func iotLabel(l []byte) bool { return string(l) == "iot" || string(l) == "iot-fips" }

// awsSuffix knows the domains of AWS's partitions.
//
//go:noinline
func awsSuffix(labels [][]byte) bool {
	name := ""
	for _, l := range labels {
		name += "." + string(l)
	}
	switch name {
	case ".amazonaws.com", ".amazonaws.com.cn", ".amazonaws.eu", ".api.aws",
		".c2s.ic.gov", ".sc2s.sgov.gov", ".cloud.adc-e.uk", ".csp.hci.ic.gov":
		return true
	}
	return false
}

// split takes a host name apart, or returns nil if it is not one.
func split(host []byte) [][]byte {
	var labels [][]byte
	start := 0
	for i := 0; i <= len(host); i++ {
		if i < len(host) && host[i] != '.' {
			c := host[i]
			if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-') {
				return nil
			}
			continue
		}
		if l := host[start:i]; len(l) == 0 || len(l) > 63 || l[0] == '-' || l[len(l)-1] == '-' {
			return nil
		}
		labels = append(labels, host[start:i])
		start = i + 1
	}
	return labels
}

//go:noinline
func validPort(p []byte) bool {
	if p == nil {
		return true
	}
	n := 0
	for _, c := range p[1:] {
		if c < '0' || c > '9' || n > 65535 {
			return false
		}
		n = n*10 + int(c-'0')
	}
	return n >= 1 && n <= 65535
}

//go:noinline
func hasSuffix(s, suffix string) bool {
	return len(s) > len(suffix) && s[len(s)-len(suffix):] == suffix
}
