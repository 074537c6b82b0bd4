package hostfuncs

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"

	"github.com/tetratelabs/wazero/api"

	"github.com/evercreds/evercreds/internal/abi"
)

// machine is one instance of the module; its methods are the exports, one to
// one. Their errors are a result for a number below zero, and a [*TrapError]
// for the end of the instance. It is not safe for concurrent use, but a host
// function may call it.
type machine struct {
	module   api.Module
	ctx      context.Context // carries the machine to the host functions
	host     abi.Host
	stderr   head
	dead     *TrapError
	buffer   uint32
	decision uint32

	// A function object has one stack, so calls from within host functions
	// take objects of their own: one set for each depth, each looked up once.
	functions []map[string]api.Function
	depth     int
}

type callerKey struct{}

func callerOf(ctx context.Context) *machine {
	m, ok := ctx.Value(callerKey{}).(*machine)
	if !ok {
		panic("evercreds_host_v1 is for the instance that hostfuncs.Instantiate makes") // another guest's call
	}
	return m
}

// Format prints no field, whatever the verb: the host's secrets are behind them.
func (m *machine) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "hostfuncs.machine") }

// result is a number below zero: see docs/reference/abi.md.
type result int32

// Error says whose fault it is and whether to retry.
func (r result) Error() string {
	for _, c := range abi.Codes {
		if c.Value == int64(r) {
			return "hostfuncs: " + c.Doc
		}
	}
	return fmt.Sprintf("hostfuncs: result %d", int32(r))
}

// TrapError says that an instance of the module has died in a call. The [Runtime] then
// makes a new instance, and goes on from the last snapshots. A caller gets this error only
// if the call fails on two new instances too.
type TrapError struct {
	Export string // the call that trapped, as the ABI names it
	Reason string // the beginning of what the Go runtime in the module printed, 512 bytes at most
	Err    error  // of wazero
}

// Error returns the export and the reason in one line; the stacks are in Err and Reason.
func (e *TrapError) Error() string {
	text := "hostfuncs: " + e.Export + " trapped: " + firstLine(e.Err.Error())
	if e.Reason != "" {
		text += ": " + firstLine(e.Reason)
	}
	return text
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}

// Unwrap returns the error of wazero.
func (e *TrapError) Unwrap() error { return e.Err }

// locate checks the version and finds the static memory.
func (m *machine) locate() error {
	version, err := m.call("abi_version")
	if err != nil {
		return err
	}
	if major := int32(version) >> 16; major != abi.Major {
		return fmt.Errorf("hostfuncs: the module has ABI %d.%d, and this package speaks %d.%d",
			major, version&0xffff, abi.Major, abi.Minor)
	}
	buffer, err := m.call("buffer_address")
	if err != nil {
		return err
	}
	decision, err := m.call("decision_address")
	m.buffer, m.decision = uint32(buffer), uint32(decision)
	return err
}

// Close ends the instance.
func (m *machine) Close() error { return m.module.Close(m.ctx) }

func (m *machine) function(name string) (api.Function, error) {
	for len(m.functions) <= m.depth {
		m.functions = append(m.functions, map[string]api.Function{})
	}
	f, ok := m.functions[m.depth][name]
	if !ok {
		if f = m.module.ExportedFunction("evercreds_" + name); f == nil {
			return nil, errors.New("hostfuncs: the module has no export evercreds_" + name)
		}
		m.functions[m.depth][name] = f
	}
	return f, nil
}

// call runs an export and gives its result as it stands on the stack.
func (m *machine) call(name string, args ...uint64) (uint64, error) {
	if m.dead != nil {
		return 0, m.died()
	}
	f, err := m.function(name)
	if err != nil {
		return 0, err
	}
	var stack [16]uint64 // as many as share_found takes; none takes more
	n := copy(stack[:], args)
	m.depth++
	err = f.CallWithStack(m.ctx, stack[:max(n, 1)])
	m.depth--
	if err != nil {
		if m.dead == nil { // else a call of a host function trapped before
			m.dead = &TrapError{name, m.stderr.String(), err}
		}
		return 0, m.died()
	}
	return stack[0], nil
}

// died gives each caller an error of its own.
func (m *machine) died() *TrapError {
	e := *m.dead
	return &e
}

// checkAlive keeps the module from going on after a call of a host function has
// trapped: wazero makes an error of the panic.
func (m *machine) checkAlive() {
	if m.dead != nil {
		panic(m.dead)
	}
}

// number runs an export whose result is an i32.
func (m *machine) number(name string, args ...uint64) (int32, error) {
	r, err := m.call(name, args...)
	switch {
	case err != nil:
		return 0, err
	case int32(r) < 0:
		return 0, result(int32(r))
	}
	return int32(r), nil
}

// instant runs an export whose result is an f64.
func (m *machine) instant(name string, args ...uint64) (int64, error) {
	r, err := m.call(name, args...)
	if v := int64(api.DecodeF64(r)); err != nil || v >= 0 {
		return v, err
	} else {
		return 0, result(v)
	}
}

// write puts bytes into the module's buffer.
func (m *machine) write(b []byte) (length uint64, err error) {
	if len(b) > abi.BufferBytes {
		return 0, result(abi.ErrCapacity)
	}
	if !m.module.Memory().Write(m.buffer, b) {
		return 0, errors.New("hostfuncs: the module's buffer is outside its memory")
	}
	return uint64(len(b)), nil
}

// read copies bytes out of the module's buffer.
func (m *machine) read(length int32) ([]byte, error) {
	b, ok := m.module.Memory().Read(m.buffer, uint32(length))
	if !ok {
		return nil, errors.New("hostfuncs: the module's buffer is outside its memory")
	}
	return append([]byte(nil), b...), nil
}

// slots reads the decision.
func (m *machine) slots() (v [abi.SlotCount]int64, err error) {
	b, ok := m.module.Memory().Read(m.decision, 8*uint32(len(v)))
	if !ok {
		return v, errors.New("hostfuncs: the module's decision is outside its memory")
	}
	for i := range v {
		v[i] = int64(math.Float64frombits(binary.LittleEndian.Uint64(b[8*i:])))
	}
	return v, nil
}

// head keeps the beginning of what is written to it: a runtime that dies says
// why first.
type head struct{ b []byte }

func (h *head) Write(p []byte) (int, error) {
	const most = 512
	h.b = append(h.b, p[:min(len(p), most-len(h.b))]...)
	return len(p), nil
}

func (h *head) String() string { return string(h.b) }
