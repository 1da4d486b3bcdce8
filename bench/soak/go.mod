module github.com/heirloom-go/heirloom/bench/soak

go 1.25.0

require (
	github.com/go-chi/chi/v5 v5.5.0
	github.com/grafana/otel-profiling-go v0.7.0
	github.com/heirloom-go/heirloom v0.1.0
	github.com/heirloom-go/heirloom/ctxvar/ctxgrpc v0.1.0
	github.com/heirloom-go/heirloom/ctxvar/ctxotel v0.1.0
	github.com/jackc/pgx/v5 v5.12.0
	github.com/panjf2000/ants/v2 v2.12.1
	github.com/robfig/cron/v3 v3.0.1
	github.com/stretchr/testify v1.12.1
	go.opentelemetry.io/otel v1.46.0
	go.opentelemetry.io/otel/sdk v1.46.0
	go.opentelemetry.io/otel/trace v1.46.0
	golang.org/x/sync v0.22.0
	google.golang.org/grpc v1.84.0
	google.golang.org/protobuf v1.36.12
)

require (
	github.com/cespare/xxhash/v2 v2.3.0 // indirect
	github.com/go-logr/logr v1.4.4 // indirect
	github.com/go-logr/stdr v1.2.2 // indirect
	github.com/google/uuid v1.6.0 // indirect
	github.com/jackc/pgpassfile v1.0.0 // indirect
	github.com/jackc/pgservicefile v0.0.0-20240606120523-5a60cdf6a761 // indirect
	github.com/jackc/puddle/v2 v2.2.3 // indirect
	go.opentelemetry.io/auto/sdk v1.2.1 // indirect
	go.opentelemetry.io/otel/metric v1.46.0 // indirect
	go.yaml.in/yaml/v3 v3.0.5 // indirect
	golang.org/x/net v0.57.0 // indirect
	golang.org/x/sys v0.47.0 // indirect
	golang.org/x/text v0.41.0 // indirect
	google.golang.org/genproto/googleapis/rpc v0.0.0-20260706201446-f0a921348800 // indirect
)

replace (
	github.com/heirloom-go/heirloom => ../..
	github.com/heirloom-go/heirloom/ctxvar/ctxgrpc => ../../ctxvar/ctxgrpc
	github.com/heirloom-go/heirloom/ctxvar/ctxotel => ../../ctxvar/ctxotel
)
