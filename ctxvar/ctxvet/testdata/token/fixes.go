package token

func fixes() {
	defer v.Set(1) // want `deferred Set`

	v.Set(2).Reset() // want `reset as soon`

	v.Reset(v.Set(3)) // want `reset as soon`
}
