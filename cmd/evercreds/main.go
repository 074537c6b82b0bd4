// Command evercreds gives fresh AWS credentials to any SDK and any tool; docs/guides/command.md
// describes it.
package main

import (
	"context"
	"os"

	"github.com/evercreds/evercreds/cmd/evercreds/internal/command"
)

func main() {
	os.Exit(command.Main(context.Background(), os.Args[1:]))
}
