package access

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"

	"github.com/prometheus/exporter-toolkit/web"
)

// tlsConfig returns a configuration that reads the file, and the files that it names, at each handshake, as the toolkit
// does.
func (f *webFile) tlsConfig() *tls.Config {
	return &tls.Config{GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
		c, err := f.load()
		if err != nil {
			return nil, err
		}
		built, err := webText{path: f.path}.buildTLS(c.TLSConfig)
		if err != nil {
			return nil, err
		}
		built.NextProtos = []string{"h2", "http/1.1"}
		if !f.fixed.http2 {
			built.NextProtos = built.NextProtos[1:]
		}
		return built, nil
	}}
}

// buildTLS returns the configuration of a handshake.
func (t webText) buildTLS(c web.TLSConfig) (*tls.Config, error) {
	source, err := t.withFiles(c)
	if err != nil {
		return nil, err
	}
	built, err := web.ConfigToTLSConfig(&source)
	if err != nil {
		if _, pair := tls.X509KeyPair([]byte(source.TLSCert), []byte(source.TLSKey)); source.TLSCert != "" && pair != nil {
			return nil, t.mistake(pair.Error(), "write a certificate and its own key, both in PEM format", "cert_file", "cert")
		}
		return nil, t.mistake(err.Error(), seeKeys, "tls_server_config")
	}
	// A resumed session skips VerifyPeerCertificate, and may outlive the trust in a client.
	built.SessionTicketsDisabled = built.ClientAuth != tls.NoClientCert
	if verify := built.VerifyPeerCertificate; verify != nil {
		built.VerifyPeerCertificate = func(certificates [][]byte, chains [][]*x509.Certificate) error {
			if len(certificates) == 0 { // verify would panic
				return errors.New("the client sent no certificate, but client_allowed_sans needs one")
			}
			return verify(certificates, chains)
		}
	}
	return built, nil
}

// withFiles returns c with the content of its files instead of their names. The toolkit would read files of any size,
// and block on a pipe.
func (t webText) withFiles(c web.TLSConfig) (web.TLSConfig, error) {
	for _, of := range []struct {
		key        string
		file, text *string
	}{
		{"cert_file", &c.TLSCertPath, &c.TLSCert}, {"key_file", &c.TLSKeyPath, (*string)(&c.TLSKey)},
		{"client_ca_file", &c.ClientCAs, &c.ClientCAsText},
	} {
		if *of.file == "" {
			continue
		}
		text, err := readSmall(*of.file, maxWebFile)
		if err != nil {
			return c, t.mistake(fmt.Sprintf("%s %s: %s", of.key, *of.file, err), "write the name of a PEM file", of.key)
		}
		*of.file, *of.text = "", string(text)
	}
	if c.ClientCAsText != "" && !x509.NewCertPool().AppendCertsFromPEM([]byte(c.ClientCAsText)) {
		return c, t.mistake("the client CA has no certificate", "write one or more in PEM", "client_ca_file", "client_ca")
	}
	return c, nil
}
