package latectx

import (
	"context"

	"github.com/heirloom-go/heirloom/internal/gls"
)

// AsksVariables reports whether a context that carries variables answers key;
// see [Variables].
func AsksVariables(key any) bool { return key == gls.CarrierKey{} || gls.PprofKey(key) }

// Variables answers such a key for a context that carries what held does and is
// derived from outer. Under one of the keys, the variables are found. Under the
// other, it returns the labels of outer, in a form that lets goroutines inherit
// the variables if they are started while the running goroutine has these
// labels.
func Variables(key any, outer context.Context, held gls.Carrier) any {
	if key == (gls.CarrierKey{}) {
		return held
	}
	return gls.Answer(outer.Value(key))
}
