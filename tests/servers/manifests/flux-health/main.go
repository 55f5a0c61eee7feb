// Command flux-health says what Flux makes of an object: standard input holds it and an entry of a Kustomization's
// healthCheckExprs, as [object, entry].
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"os"

	"github.com/fluxcd/pkg/apis/kustomize"
	"github.com/fluxcd/pkg/runtime/cel"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

func main() {
	log.SetFlags(0)
	var object unstructured.Unstructured
	var check kustomize.CustomHealthCheck
	if err := json.NewDecoder(os.Stdin).Decode(&[]any{&object, &check}); err != nil {
		log.Fatal(err)
	}
	evaluator, err := cel.NewStatusEvaluator(&check.HealthCheckExpressions)
	if err != nil {
		log.Fatal(err)
	}
	result, err := evaluator.Evaluate(context.Background(), &object)
	if err != nil {
		// Flux takes an expression that cannot be evaluated for a status that it does not know yet.
		fmt.Println("Unknown:", err)
		return
	}
	fmt.Println(result.Status)
}
