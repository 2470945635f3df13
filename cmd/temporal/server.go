package main

import (
	"fmt"
	"math/rand/v2"
	"net"
	"time"

	"go.temporal.io/server/common/cluster"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/dynamicconfig"
	"go.temporal.io/server/common/log"
	"go.temporal.io/server/common/membership/static"
	_ "go.temporal.io/server/common/persistence/sql/sqlplugin/postgresql" // registers the PostgreSQL plugins
	"go.temporal.io/server/common/primitives"
	"go.temporal.io/server/temporal"
)

// historyShards is fixed for the life of a database. A shard costs background
// polling whether it is used or not, and serialises its own writes; on one
// small machine four keep two to four cores busy without waiting on each other.
const historyShards = 4

// portsFree says which wanted port is taken before anything is started; the
// server itself would end the process in the middle of starting.
func portsFree(o options) error {
	for _, p := range []struct {
		port int
		flag string
	}{{o.port, "--port"}, {o.uiPort, "--ui-port"}} {
		if p.port == 0 {
			continue
		}
		l, err := net.Listen("tcp", net.JoinHostPort(o.host, fmt.Sprint(p.port)))
		if err != nil {
			return fmt.Errorf("port %d is taken (set %s to another): %w", p.port, p.flag, err)
		}
		_ = l.Close()
	}
	return nil
}

// freePort returns a port nobody uses, from below the range kernels give out by
// themselves: one from there can be an outgoing connection a moment later.
func freePort(host string) (int, error) {
	for range 100 {
		port := 20000 + rand.IntN(12000)
		l, err := net.Listen("tcp", net.JoinHostPort(host, fmt.Sprint(port)))
		if err == nil {
			return port, l.Close()
		}
	}
	return 0, fmt.Errorf("no free port on %s", host)
}

func newServer(o options, db database) (temporal.Server, error) {
	// The inner services find each other by static addresses on free loopback
	// ports: no gossip, no membership ports, and no wait for the dead members a
	// killed predecessor left in the database.
	ports := map[primitives.ServiceName]int{primitives.FrontendService: o.port}
	for _, name := range []primitives.ServiceName{primitives.HistoryService, primitives.MatchingService, primitives.WorkerService} {
		port, err := freePort(o.host)
		if err != nil {
			return nil, err
		}
		ports[name] = port
	}
	services := map[string]config.Service{}
	hosts := map[primitives.ServiceName]static.Hosts{}
	for name, port := range ports {
		services[string(name)] = config.Service{RPC: config.RPC{GRPCPort: port, BindOnIP: o.host}}
		hosts[name] = static.SingleLocalHost(net.JoinHostPort(o.host, fmt.Sprint(port)))
	}
	cfg := &config.Config{
		Persistence: config.Persistence{
			DefaultStore:     "main",
			VisibilityStore:  "visibility",
			NumHistoryShards: historyShards,
			DataStores: map[string]config.DataStore{
				"main":       {SQL: storeConfig(db, db.main, mainConns)},
				"visibility": {SQL: storeConfig(db, db.visibility, visibilityConns)},
			},
		},
		ClusterMetadata: &cluster.Config{
			FailoverVersionIncrement: 10,
			MasterClusterName:        "active",
			CurrentClusterName:       "active",
			ClusterInformation: map[string]cluster.ClusterInformation{"active": {
				Enabled:                true,
				InitialFailoverVersion: 1,
				RPCAddress:             hosts[primitives.FrontendService].Self,
			}},
		},
		DCRedirectionPolicy: config.DCRedirectionPolicy{Policy: "noop"},
		Services:            services,
		PublicClient:        config.PublicClient{HostPort: hosts[primitives.FrontendService].Self},
		Archival: config.Archival{
			History:    config.HistoryArchival{State: "disabled"},
			Visibility: config.VisibilityArchival{State: "disabled"},
		},
		NamespaceDefaults: config.NamespaceDefaults{Archival: config.ArchivalNamespaceDefaults{
			History:    config.HistoryArchivalNamespaceDefaults{State: "disabled"},
			Visibility: config.VisibilityArchivalNamespaceDefaults{State: "disabled"},
		}},
	}
	logger := log.NewZapLogger(log.BuildZapLogger(log.Config{Level: o.logLevel, Format: "console"}))
	return temporal.NewServer(
		temporal.WithConfig(cfg),
		temporal.ForServices(temporal.DefaultServices),
		temporal.WithStaticHosts(hosts),
		temporal.WithDynamicConfigClient(dynamicConfig()),
		temporal.WithLogger(logger),
	)
}

// storeConfig adds what the server's validation asks for and Connect replaces.
func storeConfig(db database, name string, conns int) *config.SQL {
	c := db.sqlConfig(name, conns)
	c.ConnectAddr, c.ConnectProtocol = "by-url", "tcp"
	c.MaxConns, c.MaxIdleConns = conns, conns
	return c
}

// dynamicConfig is what differs from the server's defaults, which are made for
// clusters of many machines.
func dynamicConfig() dynamicconfig.StaticClient {
	return dynamicconfig.StaticClient{
		// One partition: with one matching host more of them only add hops
		// between a task and the poller that waits for it.
		dynamicconfig.MatchingNumTaskqueueReadPartitions.Key():  1,
		dynamicconfig.MatchingNumTaskqueueWritePartitions.Key(): 1,

		// A search attribute is usable in the call after the one that added it,
		// a namespace within half a second.
		dynamicconfig.ForceSearchAttributesCacheRefreshOnRead.Key(): true,
		dynamicconfig.NamespaceCacheRefreshInterval.Key():           500 * time.Millisecond,

		// A timer due sooner than this after the queue was last read is pushed
		// back to it. The default of one second guards against clocks that
		// differ between machines and makes timers of 50 and 200 ms fire 0.8 to
		// 1 s late (measured, median); with this they fire 65 ms late. Here
		// there is one clock, and dialogs re-arm timers of 50 ms.
		dynamicconfig.TimerProcessorMaxTimeShift.Key(): 20 * time.Millisecond,
		dynamicconfig.TimerProcessorMaxPollRPS.Key():   100,

		// A worker that stands still (a stopped process, a machine that went
		// away) keeps its connection and its polls, and each swallows a task
		// for 10 s. It is cut off after 10 s; the default is 70.
		dynamicconfig.KeepAliveTime.Key():    5 * time.Second,
		dynamicconfig.KeepAliveTimeout.Key(): 5 * time.Second,

		// Listing all open sessions (reconcile) and parallel tests ask more
		// often than ten times a second.
		dynamicconfig.FrontendMaxNamespaceVisibilityRPSPerInstance.Key():                       200,
		dynamicconfig.FrontendNamespaceReplicationInducingAPIsRPS.Key():                        200,
		dynamicconfig.FrontendMaxNamespaceNamespaceReplicationInducingAPIsRPSPerInstance.Key(): 20,
		dynamicconfig.FrontendGlobalNamespaceNamespaceReplicationInducingAPIsRPS.Key():         200,
		dynamicconfig.WorkerPerNamespaceWorkerStartRate.Key():                                  50.0,
		dynamicconfig.FrontendMaxConcurrentLongRunningRequestsPerInstance.Key():                4000,
		dynamicconfig.HistoryCacheHostLevelMaxSize.Key():                                       20000, // entries; bounds memory on a small machine
	}
}
