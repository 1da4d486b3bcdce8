package latectx

import (
	"context"

	"github.com/heirloom-go/heirloom/internal/gls"
)

// AsksVariables reports whether key is one of those that a context which carries
// variables answers, see [Variables].
func AsksVariables(key any) bool { return key == gls.CarrierKey{} || gls.PprofKey(key) }

// Variables answers key, one of those, for a context that carries the variables
// of held and lies around outer: under the one key the variables are found, under
// the other the labels of outer, in a form that keeps the variables on a goroutine
// that is given the labels.
func Variables(key any, outer context.Context, held *gls.Frame) any {
	if key == (gls.CarrierKey{}) {
		return held
	}
	return gls.Answer(outer.Value(key), held)
}
