package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io/fs"
	"math/big"
	"net"
	"os"
	"time"

	"github.com/heirloom-go/heirloom/task/remote/remotenats/hubkey"
)

// certificateAge is how long the hub's own certificate is valid.
const certificateAge = 5 * 365 * 24 * time.Hour

// ownCertificate returns the files of the hub's own certificate, which is for the names
// and addresses of this machine. It makes the certificate if it is missing.
func ownCertificate() (cert, key string, err error) {
	if cert, err = hubkey.Path(hubkey.Certificate); err != nil {
		return "", "", err
	}
	if key, err = hubkey.Path(privateKey); err != nil {
		return "", "", err
	}
	if _, err := os.Stat(cert); err == nil {
		return cert, key, nil
	}
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return "", "", err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return "", "", err
	}
	now := time.Now()
	names, addresses := ownNames()
	// The certificate is its own authority, so other machines need only a copy of it.
	template := &x509.Certificate{
		SerialNumber:          serial,
		Subject:               pkix.Name{CommonName: "heirloom-hub on " + names[0]},
		NotBefore:             now.Add(-time.Hour), // clocks of other machines differ
		NotAfter:              now.Add(certificateAge),
		KeyUsage:              x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
		IsCA:                  true,
		DNSNames:              names,
		IPAddresses:           addresses,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		return "", "", err
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return "", "", err
	}
	// The key is written first, so that there is no certificate without a key. A key that
	// was left without its certificate is replaced.
	if err := os.Remove(key); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", "", err
	}
	if err := writeNew(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER})); err != nil {
		return "", "", err
	}
	return cert, key, writeNew(cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

func hostName() string {
	name, err := os.Hostname()
	if err != nil || name == "" {
		return "localhost"
	}
	return name
}

// ownNames returns the names and the addresses of this machine.
func ownNames() (names []string, addresses []net.IP) {
	names = []string{hostName(), "localhost"}
	addresses = []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback}
	all, err := net.InterfaceAddrs()
	if err != nil {
		return names, addresses
	}
	for _, a := range all {
		if n, ok := a.(*net.IPNet); ok && !n.IP.IsLoopback() && !n.IP.IsLinkLocalUnicast() {
			addresses = append(addresses, n.IP)
		}
	}
	return names, addresses
}
