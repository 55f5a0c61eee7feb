package main

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"strings"
	"text/template"

	"github.com/Masterminds/sprig/v3"
	"github.com/lestrrat-go/jwx/v2/jwk"
	"golang.org/x/crypto/bcrypt"
	"sigs.k8s.io/yaml"
)

// external has the functions that External Secrets adds to sprig or changes.
// Its own module cannot be had from the module proxy, so these are ours: as
// thin as they can be over the libraries that do the work there.
func external() template.FuncMap {
	return template.FuncMap{
		"certSANs":                  certSANs,
		"filterCertChain":           filterCertChain,
		"filterPEM":                 filterPEM,
		"fromYaml":                  fromYaml,
		"fullPemToPkcs12":           unlocked2(fullPemToPkcs12Pass),
		"fullPemToPkcs12Pass":       fullPemToPkcs12Pass,
		"hexdec":                    hexdec,
		"htpasswd":                  htpasswd,
		"jwkPrivateKeyPem":          jwkPrivateKeyPem,
		"jwkPublicKeyPem":           jwkPublicKeyPem,
		"pemToPkcs12":               unlocked2(pemToPkcs12Pass),
		"pemToPkcs12Pass":           pemToPkcs12Pass,
		"pemTruststoreToPKCS12":     func(certs string) (string, error) { return pemTruststoreToPKCS12Pass(certs, "") },
		"pemTruststoreToPKCS12Pass": pemTruststoreToPKCS12Pass,
		"pkcs12cert":                func(store string) (string, error) { return pkcs12certPass("", store) },
		"pkcs12certPass":            pkcs12certPass,
		"pkcs12key":                 func(store string) (string, error) { return pkcs12keyPass("", store) },
		"pkcs12keyPass":             pkcs12keyPass,
		"rsaDecrypt":                rsaDecrypt,
		"toYaml":                    toYaml,
		// What Go finds in what we made; there are no such functions there.
		"oracleBcrypt":     oracleBcrypt,
		"oracleTrustStore": oracleTrustStore,
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

func hexdec(text string) (string, error) {
	content, err := hex.DecodeString(text)
	return string(content), err
}

// algorithm is a type of its own there, too: only a literal can be one.
type algorithm string

func htpasswd(user, password string, hash algorithm) string {
	if hash != "sha" || strings.Contains(user, ":") {
		return sprig.TxtFuncMap()["htpasswd"].(func(string, string) string)(user, password)
	}
	sum, err := hex.DecodeString(sprig.TxtFuncMap()["sha1sum"].(func(string) string)(password))
	if err != nil {
		panic(err)
	}
	return user + ":{SHA}" + base64.StdEncoding.EncodeToString(sum)
}

func oracleBcrypt(password, hash string) bool {
	return bcrypt.CompareHashAndPassword([]byte(hash), []byte(password)) == nil
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
