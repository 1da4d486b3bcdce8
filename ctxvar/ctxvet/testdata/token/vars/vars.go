package vars

import "github.com/heirloom-go/heirloom/ctxvar"

var (
	User   = ctxvar.New[string]("user")
	Tenant = ctxvar.New[string]("tenant")
	Alias  = User
)
