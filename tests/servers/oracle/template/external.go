package main

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"strings"
	"text/template"

	"github.com/lestrrat-go/jwx/v2/jwk"
	"sigs.k8s.io/yaml"
	"software.sslmate.com/src/go-pkcs12"
)

// external has functions that External Secrets adds to sprig, each as thin
// as it can be over the library that does the work there.
func external() template.FuncMap {
	return template.FuncMap{
		"certSANs":         certSANs,
		"fromYaml":         fromYaml,
		"jwkPrivateKeyPem": jwkPrivateKeyPem,
		"jwkPublicKeyPem":  jwkPublicKeyPem,
		"pemToPkcs12Pass":  pemToPkcs12Pass,
		"pkcs12keyPass":    pkcs12keyPass,
		"toYaml":           toYaml,
	}
}

func toYaml(value any) string {
	text, err := yaml.Marshal(value)
	if err != nil {
		return ""
	}
	return strings.TrimSuffix(string(text), "\n")
}

func fromYaml(text string) map[string]any {
	value := map[string]any{}
	if err := yaml.Unmarshal([]byte(text), &value); err != nil {
		value["Error"] = err.Error()
	}
	return value
}

func encode(kind string, content []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: content}))
}

func rawKey(text string) (any, error) {
	key, err := jwk.ParseKey([]byte(text))
	if err != nil {
		return nil, err
	}
	var raw any
	err = key.Raw(&raw)
	return raw, err
}

func jwkPublicKeyPem(text string) (string, error) {
	raw, err := rawKey(text)
	if err != nil {
		return "", err
	}
	content, err := x509.MarshalPKIXPublicKey(raw)
	return encode("PUBLIC KEY", content), err
}

func jwkPrivateKeyPem(text string) (string, error) {
	raw, err := rawKey(text)
	if err != nil {
		return "", err
	}
	content, err := x509.MarshalPKCS8PrivateKey(raw)
	return encode("PRIVATE KEY", content), err
}

func certificate(text string) (*x509.Certificate, error) {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil, errors.New("no PEM block")
	}
	return x509.ParseCertificate(block.Bytes)
}

func certSANs(text string) ([]string, error) {
	cert, err := certificate(text)
	if err != nil {
		return nil, err
	}
	names := append([]string{}, cert.DNSNames...)
	for _, address := range cert.IPAddresses {
		names = append(names, address.String())
	}
	names = append(names, cert.EmailAddresses...)
	for _, location := range cert.URIs {
		names = append(names, location.String())
	}
	return names, nil
}

func privateKey(text string) (any, error) {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil, errors.New("no PEM block")
	}
	if key, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
		return key, nil
	}
	if key, err := x509.ParsePKCS8PrivateKey(block.Bytes); err == nil {
		return key, nil
	}
	return x509.ParseECPrivateKey(block.Bytes)
}

func pemToPkcs12Pass(cert, key, password string) (string, error) {
	parsed, err := certificate(cert)
	if err != nil {
		return "", err
	}
	private, err := privateKey(key)
	if err != nil {
		return "", err
	}
	store, err := pkcs12.Modern.Encode(private, parsed, nil, password)
	return base64.StdEncoding.EncodeToString(store), err
}

func pkcs12keyPass(password, store string) (string, error) {
	blocks, _, _, err := pkcs12.DecodeChain([]byte(store), password)
	if err != nil {
		return "", err
	}
	content, err := x509.MarshalPKCS8PrivateKey(blocks)
	return encode("PRIVATE KEY", content), err
}
