//go:build !linux && !darwin

package share

import (
	"context"
	"errors"
	"fmt"
	"runtime"
)

type fileState struct{}

func openFile(string) (*FileStore, error) {
	return nil, fmt.Errorf("share: a directory is a store on Linux and macOS alone; on %s share through Redis, Valkey or DynamoDB: %w",
		runtime.GOOS, errors.ErrUnsupported)
}

// Read returns an error, as the others do: there is no such store here.
func (f *FileStore) Read(context.Context, string) (Record, error) {
	return Record{}, errors.ErrUnsupported
}

// Campaign returns an error.
func (f *FileStore) Campaign(context.Context, string, Campaign) (Turn, error) {
	return Turn{}, errors.ErrUnsupported
}

// Publish returns an error.
func (f *FileStore) Publish(context.Context, string, Publication) (Published, error) {
	return Published{}, errors.ErrUnsupported
}

// Resign returns an error.
func (f *FileStore) Resign(context.Context, string, Resignation) error { return errors.ErrUnsupported }

// Mark returns an error.
func (f *FileStore) Mark(context.Context, string, string) (bool, error) {
	return false, errors.ErrUnsupported
}

// DataKey returns an error.
func (f *FileStore) DataKey() ([]byte, error) { return nil, errors.ErrUnsupported }
