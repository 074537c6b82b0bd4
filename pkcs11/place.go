//go:build cgo

package pkcs11

import (
	"fmt"
	"strings"

	"github.com/miekg/pkcs11"
)

// place is a token that was found, before any PIN is shown to it.
type place struct {
	library       *library
	slot          uint
	label, serial string
	flags         uint
}

// String names the token for whoever reads an error.
func (p *place) String() string { return fmt.Sprintf("the token %q in slot %d", p.label, p.slot) }

// findPlace looks for the one token that the parameters mean. A library is to be
// initialized before.
func findPlace(raw *pkcs11.Ctx, params Params, in *library) (*place, error) {
	slots, err := raw.GetSlotList(true)
	if err != nil {
		return nil, fmt.Errorf("evercreds/pkcs11: the slots cannot be read: %w", err)
	}
	var found []*place
	for _, slot := range slots {
		if params.SlotID != nil && uint(*params.SlotID) != slot {
			continue
		}
		info, err := raw.GetTokenInfo(slot)
		if err != nil {
			continue // another slot's trouble is not ours, and ours shows by being missed
		}
		label := strings.TrimRight(info.Label, " \x00")
		if info.Flags&pkcs11.CKF_TOKEN_INITIALIZED == 0 || params.TokenLabel != "" && params.TokenLabel != label {
			continue
		}
		found = append(found, &place{in, slot, label, strings.TrimRight(info.SerialNumber, " \x00"), info.Flags})
	}
	if len(found) == 1 {
		return found[0], nil
	}
	return nil, notOnePlace(found, params)
}

// notOnePlace tells why no token was chosen: two with one label may both be meant, and
// only one has the PIN.
func notOnePlace(found []*place, params Params) error {
	if len(found) == 0 {
		switch {
		case params.SlotID != nil && params.TokenLabel != "":
			return refused("SlotID", fmt.Sprintf("must be a slot with the token %q in it; %d is not", params.TokenLabel, *params.SlotID))
		case params.SlotID != nil:
			return refused("SlotID", fmt.Sprintf("must be a slot with a token in it; %d is not", *params.SlotID))
		case params.TokenLabel != "":
			return refused("TokenLabel", fmt.Sprintf("must be the label of a token that is present; %q is not", params.TokenLabel))
		}
		return refused("TokenLabel", "must be the label of a token that is present; no token is")
	}
	slots := make([]string, len(found))
	for i, p := range found {
		slots[i] = fmt.Sprint(p.slot)
	}
	expected := fmt.Sprintf("must name one token; there are %d, in the slots %s: give SlotID too", len(found), strings.Join(slots, ", "))
	if params.TokenLabel != "" {
		expected = fmt.Sprintf("must name one token; %d have the label %q, in the slots %s: give SlotID too", len(found), params.TokenLabel, strings.Join(slots, ", "))
	}
	return refused("TokenLabel", expected)
}
