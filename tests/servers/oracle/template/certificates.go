package main

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"strings"
)

// fromBegin drops what stands before the first block, as External Secrets does
// for some functions.
func fromBegin(text string) []byte {
	if at := strings.Index(text, "-----BEGIN"); at > 0 {
		text = text[at:]
	}
	return []byte(text)
}

func filterPEM(kind, text string) (string, error) {
	var found strings.Builder
	rest := fromBegin(text)
	for {
		block, after := pem.Decode(rest)
		rest = after
		if block == nil {
			break
		}
		if strings.EqualFold(block.Type, kind) {
			if err := pem.Encode(&found, block); err != nil {
				return "", err
			}
		}
	}
	if found.Len() == 0 && len(rest) > 0 {
		return "", errors.New("junk")
	}
	return found.String(), nil
}

func certSANs(text string) ([]string, error) {
	cert, err := certificate(fromBegin(text))
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

// certificate reads the first block.
func certificate(text []byte) (*x509.Certificate, error) {
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, errors.New("no PEM block")
	}
	return x509.ParseCertificate(block.Bytes)
}

// certificates reads all blocks, and with whole refuses anything behind them.
func certificates(text []byte, whole bool) ([]*x509.Certificate, error) {
	var all []*x509.Certificate
	for {
		block, rest := pem.Decode(text)
		if block == nil {
			if whole && len(rest) > 0 {
				return nil, errors.New("no PEM block")
			}
			return all, nil
		}
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, err
		}
		all, text = append(all, cert), rest
	}
}

func pemOf(certs []*x509.Certificate) string {
	var text strings.Builder
	for _, cert := range certs {
		text.WriteString(encode("CERTIFICATE", cert.Raw))
	}
	return text.String()
}

// inOrder puts certificates from the leaf to the root by their key identifiers.
func inOrder(all []*x509.Certificate) ([]*x509.Certificate, error) {
	parent := make([]int, len(all))
	isParent := make([]bool, len(all))
	for i, cert := range all {
		parent[i] = -1
		for j, other := range all {
			if i != j && bytes.Equal(cert.AuthorityKeyId, other.SubjectKeyId) {
				parent[i], isParent[j] = j, true
				break
			}
		}
	}
	leaf := -1
	for i := range all {
		if !isParent[i] {
			if leaf >= 0 {
				return nil, errors.New("several leaves")
			}
			leaf = i
		}
	}
	if leaf < 0 {
		return nil, errors.New("no leaf")
	}
	var chain []*x509.Certificate
	for at := leaf; at >= 0; at = parent[at] {
		if len(chain) == len(all) {
			return nil, errors.New("a cycle")
		}
		chain = append(chain, all[at])
	}
	return chain, nil
}

func isRoot(cert *x509.Certificate) bool {
	return cert.AuthorityKeyId == nil || bytes.Equal(cert.AuthorityKeyId, cert.SubjectKeyId)
}

func filterCertChain(kind, text string) (string, error) {
	all, err := certificates([]byte(text), false)
	if err != nil {
		return "", err
	}
	chain, err := inOrder(all)
	if err != nil {
		return "", err
	}
	last := len(chain) - 1
	switch {
	case kind == "leaf" && !isRoot(chain[0]):
		return pemOf(chain[:1]), nil
	case kind == "root" && isRoot(chain[last]):
		return pemOf(chain[last:]), nil
	case kind == "intermediate":
		end := 1
		for end <= last && !isRoot(chain[end]) {
			end++
		}
		return pemOf(chain[1:end]), nil
	}
	return "", nil
}
