// Command core-executor makes the calls of the core's scenarios on the module, under
// wazero and nothing else: docs/reference/conformance.md has the protocol. The module is
// evercreds.wasm beside the program, and its machine code is kept there too.
package main

import (
	"bufio"
	"context"
	"encoding/hex"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"
)

// slots is how many fields a decision has (docs/reference/abi.md).
const slots = 33

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "core-executor:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	module, err := instantiate(ctx)
	if err != nil {
		return err
	}
	out := bufio.NewWriter(os.Stdout)
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		answer, err := call(ctx, module, strings.Fields(lines.Text()))
		if err != nil {
			return err
		}
		fmt.Fprintln(out, answer)
		if err := out.Flush(); err != nil {
			return err
		}
	}
	return lines.Err()
}

func instantiate(ctx context.Context) (api.Module, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	binary, err := os.ReadFile(filepath.Join(filepath.Dir(program), "evercreds.wasm"))
	if err != nil {
		return nil, err
	}
	cache, err := wazero.NewCompilationCacheWithDir(filepath.Join(filepath.Dir(program), "wazero-cache"))
	if err != nil {
		return nil, err
	}
	runtime := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfig().WithCompilationCache(cache))
	wasi_snapshot_preview1.MustInstantiate(ctx, runtime)
	// the decision says the same; these are for hosts that hear of a start by them
	_, err = runtime.NewHostModuleBuilder("evercreds_host_v1").
		NewFunctionBuilder().WithFunc(func(int32, float64, int32, int32) {}).Export("refresh_begin").
		NewFunctionBuilder().WithFunc(func(int32, float64) {}).Export("refresh_cancel").
		Instantiate(ctx)
	if err != nil {
		return nil, err
	}
	return runtime.InstantiateWithConfig(ctx, binary, wazero.NewModuleConfig().WithStartFunctions("_initialize"))
}

// address is where one of the module's static areas is.
func address(ctx context.Context, m api.Module, of string) (uint32, error) {
	at, err := m.ExportedFunction("evercreds_" + of).Call(ctx)
	if err != nil {
		return 0, err
	}
	return uint32(at[0]), nil
}

// call makes one call, and gives its result with the decision or the text that it
// brought.
func call(ctx context.Context, m api.Module, words []string) (string, error) {
	f := m.ExportedFunction("evercreds_" + words[0])
	if f == nil {
		return "", fmt.Errorf("no export %s", words[0])
	}
	buffer, err := address(ctx, m, "buffer_address")
	if err != nil {
		return "", err
	}
	var args []uint64
	kind := ""
	for _, word := range words[1:] {
		head, value, _ := strings.Cut(word, ":")
		switch head {
		case "h":
			v, _ := strconv.ParseUint(value, 10, 64)
			args = append(args, v&0xffffffff, v>>32)
		case "b", "w":
			b, _ := hex.DecodeString(value)
			m.Memory().Write(buffer, b)
			args, kind = append(args, uint64(len(b))), head
		case "o":
			kind = head
		default:
			v, _ := strconv.ParseFloat(word, 64)
			args = append(args, encode(f, len(args), v))
		}
	}
	results, err := f.Call(ctx, args...)
	if err != nil {
		return "", err
	}
	if f.Definition().ResultTypes()[0] == api.ValueTypeF64 {
		return strconv.FormatFloat(api.DecodeF64(results[0]), 'f', -1, 64), nil
	}
	result := api.DecodeI32(results[0])
	answer := strconv.Itoa(int(result))
	if result < 0 {
		return answer, nil
	}
	switch kind {
	case "w":
		b, _ := m.Memory().Read(buffer, uint32(result))
		answer += " " + hex.EncodeToString(b)
	case "o":
		at, err := address(ctx, m, "decision_address")
		if err != nil {
			return "", err
		}
		for slot := range uint32(slots) {
			bits, _ := m.Memory().ReadUint64Le(at + 8*slot)
			answer += " " + strconv.FormatFloat(math.Float64frombits(bits), 'f', -1, 64)
		}
	}
	return answer, nil
}

// encode writes a number as the function's parameter takes it.
func encode(f api.Function, at int, v float64) uint64 {
	if types := f.Definition().ParamTypes(); at < len(types) && types[at] == api.ValueTypeI32 {
		return api.EncodeI32(int32(v))
	}
	return api.EncodeF64(v)
}
