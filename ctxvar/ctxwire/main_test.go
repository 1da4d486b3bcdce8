package ctxwire_test

import (
	"testing"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/internal/leakcheck"
)

func TestMain(m *testing.M) { leakcheck.Main(m) }

var (
	requestID = ctxvar.New[string]("request_id")
	tenant    = ctxvar.New("tenant", ctxvar.Default("public"))
	attempt   = ctxvar.New[int]("attempt")
)
