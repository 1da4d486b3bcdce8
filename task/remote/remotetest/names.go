package remotetest

import (
	"github.com/heirloom-go/heirloom/ctxvar/ctxwire"
	"github.com/heirloom-go/heirloom/task/remote"
)

func init() {
	remote.Carry(ctxwire.String(tenant, "remotetest-tenant"))
	remote.Sentinel("remotetest.errOutOfStock", errOutOfStock)
	remote.Type[*quotaError]("remotetest.quotaError")
}
