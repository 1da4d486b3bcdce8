package latectx

import (
	"context"

	"github.com/heirloom-go/heirloom/internal/gls"
)

// AsksVariables reports whether key is one of those that a context which carries
// variables answers, see [Variables].
func AsksVariables(key any) bool { return key == gls.CarrierKey{} || gls.PprofKey(key) }

// Variables answers key, one of those, for a context that carries what held does
// and lies around outer: under the one key the variables are found, under the
// other the labels of outer, in a form that lets the goroutines inherit the
// variables that are started while the running one has these labels.
func Variables(key any, outer context.Context, held gls.Carrier) any {
	if key == (gls.CarrierKey{}) {
		return held
	}
	return gls.Answer(outer.Value(key))
}
