package evercreds

// ParameterError refuses a parameter or an option. Nothing was called, and nothing was
// made. It shows no value that may be a secret.
type ParameterError struct {
	// Parameter is the name of the field, argument or option.
	Parameter string
	// Expected says what was expected, beginning with "must", and mostly what came
	// instead: "must be seconds from 0 to 3600; got 2h0m0s".
	Expected string
}

// Error returns the name and what was expected.
func (e *ParameterError) Error() string { return "evercreds: " + e.Parameter + " " + e.Expected }
