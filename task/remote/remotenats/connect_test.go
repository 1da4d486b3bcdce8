package remotenats_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/task"
	"github.com/heirloom-go/heirloom/task/remote"
	"github.com/heirloom-go/heirloom/task/remote/remotenats"
)

// Each way in which users connect works for a call, and a client without credentials
// is refused.
func TestConnections(t *testing.T) {
	tests := []struct {
		name string
		set  func(t *testing.T, o *server.Options) nats.Option // returns what the client needs
		err  string                                            // the error of a client without it
	}{
		{"token", token, "Authorization Violation"},
		{"user and password", password, "Authorization Violation"},
		{"nkey", nkey, "Authorization Violation"},
		{"credentials", credentials, "Authorization Violation"},
		{"TLS", certificate, "certificate"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var option nats.Option
			s := serve(t, func(o *server.Options) { option = tt.set(t, o) })
			_, err := nats.Connect(s.ClientURL())
			require.ErrorContains(t, err, tt.err)

			ctx := within(t, time.Minute)
			e := open(t, dial(t, s, option))
			serving := open(t, dial(t, s, option))
			stop, cancel := context.WithCancel(ctx)
			worker := task.Go(ctx, func(context.Context) (struct{}, error) {
				return struct{}{}, remote.Serve(stop, serving, []remote.Callable{echo})
			})
			got, err := echo.On(e)(ctx, "hello")
			require.NoError(t, err)
			assert.Equal(t, "hello", got)
			cancel()
			_, err = worker.Await(ctx)
			require.NoError(t, err)
		})
	}
}

func token(_ *testing.T, o *server.Options) nats.Option {
	o.Authorization = "a token"
	return nats.Token("a token")
}

func password(_ *testing.T, o *server.Options) nats.Option {
	o.Username, o.Password = "user", "secret"
	return nats.UserInfo("user", "secret")
}

func nkey(t *testing.T, o *server.Options) nats.Option {
	user, err := nkeys.CreateUser()
	require.NoError(t, err)
	public, err := user.PublicKey()
	require.NoError(t, err)
	o.Nkeys = []*server.NkeyUser{{Nkey: public}}
	seed, err := user.Seed()
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "seed")
	require.NoError(t, os.WriteFile(path, seed, 0o600))
	option, err := nats.NkeyOptionFromSeed(path)
	require.NoError(t, err)
	return option
}

// credentials sets up an operator, an account with JetStream and a user of that
// account, as nsc does.
func credentials(t *testing.T, o *server.Options) nats.Option {
	key := func(create func() (nkeys.KeyPair, error)) (nkeys.KeyPair, string) {
		pair, err := create()
		require.NoError(t, err)
		public, err := pair.PublicKey()
		require.NoError(t, err)
		return pair, public
	}
	operator, operatorKey := key(nkeys.CreateOperator)
	account, accountKey := key(nkeys.CreateAccount)
	_, systemKey := key(nkeys.CreateAccount)
	user, userKey := key(nkeys.CreateUser)

	claims := jwt.NewAccountClaims(accountKey)
	claims.Limits.JetStreamLimits = jwt.JetStreamLimits{MemoryStorage: -1, DiskStorage: -1, Streams: -1, Consumer: -1}
	accountJWT, err := claims.Encode(operator)
	require.NoError(t, err)
	systemJWT, err := jwt.NewAccountClaims(systemKey).Encode(operator)
	require.NoError(t, err)
	userJWT, err := jwt.NewUserClaims(userKey).Encode(account)
	require.NoError(t, err)
	operatorClaims := jwt.NewOperatorClaims(operatorKey)
	operatorClaims.SystemAccount = systemKey

	resolver := &server.MemAccResolver{}
	require.NoError(t, resolver.Store(accountKey, accountJWT))
	require.NoError(t, resolver.Store(systemKey, systemJWT))
	o.TrustedOperators = []*jwt.OperatorClaims{operatorClaims}
	o.SystemAccount = systemKey
	o.AccountResolver = resolver

	seed, err := user.Seed()
	require.NoError(t, err)
	file, err := jwt.FormatUserConfig(userJWT, seed)
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "user.creds")
	require.NoError(t, os.WriteFile(path, file, 0o600))
	return nats.UserCredentials(path)
}

func certificate(t *testing.T, o *server.Options) nats.Option {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	require.NoError(t, err)
	o.TLSConfig = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: private}}, MinVersion: tls.VersionTLS12}
	o.TLS, o.TLSTimeout = true, 5
	path := filepath.Join(t.TempDir(), "ca.pem")
	require.NoError(t, os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	return nats.RootCAs(path)
}

// A caller that reconnects at once does not count as gone, and its jobs go on.
func TestACallerThatReconnects(t *testing.T) {
	patientGoOn = make(chan struct{})
	s := serve(t)
	const length = 6 * time.Second // on a busy machine, it takes a while to connect
	lease := remotenats.Lease(length)
	worker(t, s, []remote.Callable{patient}, lease)
	nc := dial(t, s, nats.ReconnectWait(time.Millisecond), nats.ReconnectJitter(0, 0))
	e := open(t, nc, lease)
	ctx := within(t, time.Minute)
	call := task.Go(ctx, func(ctx context.Context) (int, error) { return patient.On(e)(ctx, 0) })
	<-patientBegun
	reconnected := nc.StatusChanged(nats.CONNECTED)
	for range 2 {
		require.NoError(t, nc.ForceReconnect())
		<-reconnected
		// The test waits for a whole lease, in which the worker asks three times.
		select {
		case <-time.After(length):
		case <-ctx.Done():
		}
	}
	close(patientGoOn)
	got, err := call.Await(ctx)
	require.NoError(t, err)
	assert.Equal(t, 1, got, "its first delivery")
}

var (
	patientBegun = make(chan struct{}, 1)
	patientGoOn  chan struct{}
	patient      = remote.New("patient", func(ctx context.Context, _ int) (int, error) {
		patientBegun <- struct{}{}
		select {
		case <-patientGoOn:
			return remote.Delivery(), nil
		case <-ctx.Done():
			return 0, context.Cause(ctx)
		}
	})
)
