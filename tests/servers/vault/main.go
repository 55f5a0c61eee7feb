// Command vault serves a real Vault core on a loopback address: in memory,
// unsealed, with transit, KV, AppRole and userpass, and one root token.
//
//	vault ADDRESS TOKEN
package main

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"os"

	"github.com/hashicorp/go-hclog"
	kv "github.com/hashicorp/vault-plugin-secrets-kv"
	"github.com/hashicorp/vault/builtin/credential/approle"
	"github.com/hashicorp/vault/builtin/credential/userpass"
	"github.com/hashicorp/vault/builtin/logical/transit"
	"github.com/hashicorp/vault/helper/namespace"
	vaulthttp "github.com/hashicorp/vault/http"
	"github.com/hashicorp/vault/sdk/helper/consts"
	"github.com/hashicorp/vault/sdk/logical"
	"github.com/hashicorp/vault/sdk/physical/inmem"
	"github.com/hashicorp/vault/vault"
)

var secretEngines = map[string]logical.Factory{"kv": kv.Factory, "transit": transit.Factory}

var loginMethods = map[string]logical.Factory{"approle": approle.Factory, "userpass": userpass.Factory}

// registry answers which plugins are built in; without one the first mount
// panics.
type registry struct{}

func (registry) factories(kind consts.PluginType) map[string]logical.Factory {
	switch kind {
	case consts.PluginTypeSecrets:
		return secretEngines
	case consts.PluginTypeCredential:
		return loginMethods
	default:
		return nil
	}
}

func (r registry) Contains(name string, kind consts.PluginType) bool {
	_, found := r.factories(kind)[name]
	return found
}

func (r registry) Get(name string, kind consts.PluginType) (func() (any, error), bool) {
	factory, found := r.factories(kind)[name]
	return func() (any, error) { return factory, nil }, found
}

func (r registry) Keys(kind consts.PluginType) []string {
	var names []string
	for name := range r.factories(kind) {
		names = append(names, name)
	}
	return names
}

func (r registry) DeprecationStatus(name string, kind consts.PluginType) (consts.DeprecationStatus, bool) {
	return consts.Supported, r.Contains(name, kind)
}

// unsealed makes a core that is ready and knows the token.
func unsealed(token string) (*vault.Core, error) {
	logger := hclog.New(&hclog.LoggerOptions{Level: hclog.Error})
	store, err := inmem.NewInmem(nil, logger)
	if err != nil {
		return nil, err
	}
	core, err := vault.NewCore(&vault.CoreConfig{
		Physical:           store,
		Logger:             logger,
		DisableMlock:       true,
		LogicalBackends:    secretEngines,
		CredentialBackends: loginMethods,
		BuiltinRegistry:    registry{},
	})
	if err != nil {
		return nil, err
	}
	ctx := namespace.RootContext(context.Background())
	shares := &vault.SealConfig{SecretShares: 1, SecretThreshold: 1}
	keys, err := core.Initialize(ctx, &vault.InitParams{BarrierConfig: shares, RecoveryConfig: shares})
	if err != nil {
		return nil, err
	}
	if _, err := core.Unseal(keys.SecretShares[0]); err != nil {
		return nil, err
	}
	create := &logical.Request{
		ClientToken: keys.RootToken,
		Operation:   logical.UpdateOperation,
		Path:        "auth/token/create",
		Data:        map[string]any{"id": token, "policies": []string{"root"}},
	}
	response, err := core.HandleRequest(ctx, create)
	if err == nil && response.IsError() {
		err = response.Error()
	}
	return core, err
}

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: vault ADDRESS TOKEN")
		os.Exit(2)
	}
	core, err := unsealed(os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	handler := vaulthttp.Handler.Handler(&vault.HandlerProperties{Core: core})
	log.Fatal(http.ListenAndServe(os.Args[1], handler))
}
