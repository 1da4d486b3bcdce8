package token

func fixes() {
	defer v.Set(1) // want `deferred Set`

	v.Set(2).Reset() // want `taken back`

	v.Reset(v.Set(3)) // want `taken back`
}
