package sources

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"strings"

	smithy "github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/evercreds/evercreds/core"
	"github.com/evercreds/evercreds/internal/abi/words"
)

// Said tells what is known of a failed attempt. err is a foreign error, and may panic.
func Said(m core.Method, err error) words.Said {
	code, status, message := "", 0, err.Error()
	var own *Error
	var api smithy.APIError
	switch {
	case errors.As(err, &own):
		if own.Reason == core.CodeMalformed {
			return words.Said{} // nothing of a reply with credentials in it
		}
		code, status, message = own.Code, own.Status, own.Message
	case errors.As(err, &api):
		code, message = api.ErrorCode(), api.ErrorMessage()
	}
	if code == codeMFARefused {
		return named(m, "no_code")
	}
	if own := words.OwnWord(code); own != nil {
		return words.Said{Code: own.Name, Trouble: own}
	}
	shown := words.ShownCode(code)
	found := words.TroubleOf(m, shown, status, message)
	switch {
	case shown != "":
		return words.Said{Code: shown, ByAWS: true, Trouble: found}
	case found != nil:
		return words.Said{Code: found.Name, Trouble: found}
	case status != 0:
		return words.Said{}
	}
	return named(m, unanswered(err))
}

func named(m core.Method, name string) words.Said {
	if found := words.TroubleNamed(m, name); found != nil {
		return words.Said{Code: name, Trouble: found}
	}
	return words.Said{}
}

// sentence says what is wrong with a configuration, and what to do.
func sentence(name string) string {
	return words.In(words.Here, words.TroubleNamed(core.MethodSTS, name).Sentence())
}

// unanswered is our word for what kept a service from an answer. The loaders of profiles
// and of SSO logins are in modules that this one does not need, so their errors are known
// by their texts.
func unanswered(err error) string {
	text := err.Error()
	var untrusted *tls.CertificateVerificationError
	var link *net.OpError
	var slow net.Error
	switch {
	case strings.Contains(text, "failed to get shared config profile"):
		return "no_profile"
	case strings.Contains(text, "the SSO session has expired or is invalid"):
		return "login_ended"
	case foundNone(err, false):
		return "no_credentials"
	case strings.Contains(text, "proxyconnect"), strings.Contains(text, "Proxy Authentication Required"):
		return "proxy"
	case errors.As(err, &untrusted):
		return "tls"
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &slow) && slow.Timeout():
		return "timeout"
	case errors.As(err, &link) && link.Op == "remote error": // an alert of TLS: the server was reached
		return ""
	case link != nil, errors.As(err, new(*net.DNSError)), errors.As(err, new(*smithyhttp.RequestSendError)):
		return "network"
	}
	return ""
}
