package ctxtemporal_test

import (
	"context"
	"fmt"
	"time"

	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/ctxvar/ctxtemporal"
	"github.com/heirloom-go/heirloom/ctxvar/ctxwire"
)

var customer = ctxvar.New("customer", ctxvar.Default("nobody"))

// Neither has a parameter for the customer.
func order(ctx workflow.Context) (string, error) {
	defer customer.Set("ada").Reset()
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Minute})
	var receipt string
	err := workflow.ExecuteActivity(ctx, charge).Get(ctx, &receipt)
	return receipt, err
}

func charge(context.Context) (string, error) { return "charged " + customer.Get(), nil }

// A program uses Options in place of the environment's two setters.
func Example() {
	field := ctxwire.String(customer, "customer")
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(quiet{})
	env := suite.NewTestWorkflowEnvironment()
	env.SetContextPropagators([]workflow.ContextPropagator{ctxtemporal.NewPropagator(field)})
	env.SetWorkerOptions(worker.Options{Interceptors: []interceptor.WorkerInterceptor{ctxtemporal.NewInterceptor(field)}})
	env.RegisterActivity(charge)

	env.ExecuteWorkflow(order)
	var receipt string
	err := env.GetWorkflowResult(&receipt)
	fmt.Println(receipt, err)
	// Output: charged ada <nil>
}
