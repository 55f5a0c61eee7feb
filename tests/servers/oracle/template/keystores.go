package main

import (
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/base64"
	"errors"

	"software.sslmate.com/src/go-pkcs12"
)

// unlocked2 gives a function of two texts and a password the empty password.
func unlocked2(function func(cert, key, password string) (string, error)) func(cert, key string) (string, error) {
	return func(cert, key string) (string, error) { return function(cert, key, "") }
}

func keyStore(certs []*x509.Certificate, key, password string) (string, error) {
	private, err := privateKey(key)
	if err != nil {
		return "", err
	}
	if len(certs) == 0 {
		return "", errors.New("no certificate")
	}
	store, err := pkcs12.Modern.Encode(private, certs[0], certs[1:], password)
	return base64.StdEncoding.EncodeToString(store), err
}

func pemToPkcs12Pass(cert, key, password string) (string, error) {
	parsed, err := certificate([]byte(cert))
	if err != nil {
		return "", err
	}
	return keyStore([]*x509.Certificate{parsed}, key, password)
}

func fullPemToPkcs12Pass(certs, key, password string) (string, error) {
	all, err := certificates([]byte(certs), true)
	if err != nil {
		return "", err
	}
	return keyStore(all, key, password)
}

func pemTruststoreToPKCS12Pass(certs, password string) (string, error) {
	all, err := certificates([]byte(certs), true)
	if err != nil {
		return "", err
	}
	store, err := pkcs12.Modern.EncodeTrustStore(all, password)
	return base64.StdEncoding.EncodeToString(store), err
}

func pkcs12keyPass(password, store string) (string, error) {
	key, _, _, err := pkcs12.DecodeChain([]byte(store), password)
	if err != nil {
		return "", err
	}
	content, err := x509.MarshalPKCS8PrivateKey(key)
	return encode("PRIVATE KEY", content), err
}

func pkcs12certPass(password, store string) (string, error) {
	_, leaf, others, err := pkcs12.DecodeChain([]byte(store), password)
	if err != nil {
		return "", err
	}
	all := append([]*x509.Certificate{leaf}, others...)
	if chain, err := inOrder(all); err == nil {
		all = chain
	}
	return pemOf(all), nil
}

// oracleTrustStore lists the certificates of a store.
func oracleTrustStore(password, store string) (string, error) {
	all, err := pkcs12.DecodeTrustStore([]byte(store), password)
	return pemOf(all), err
}

func rsaDecrypt(scheme, hash, data, key string) (string, error) {
	if scheme == "None" {
		return data, nil
	}
	if scheme != "RSA-OAEP" {
		return "", errors.New("unknown scheme")
	}
	parsed, err := privateKey(key)
	if err != nil {
		return "", err
	}
	private, isRSA := parsed.(*rsa.PrivateKey)
	if !isRSA {
		return "", errors.New("not RSA")
	}
	function := sha256.New()
	switch hash {
	case "SHA1":
		function = sha1.New()
	case "SHA512":
		function = sha512.New()
	}
	text, err := rsa.DecryptOAEP(function, nil, private, []byte(data), nil)
	return string(text), err
}
