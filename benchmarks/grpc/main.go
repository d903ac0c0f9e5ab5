// Grpc serves health checks over gRPC: a program of the size that people ship.
package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"time"

	"github.com/spf13/cobra"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/reflection"
)

func serve(address string) error {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	server := grpc.NewServer()
	grpc_health_v1.RegisterHealthServer(server, health.NewServer())
	reflection.Register(server)
	return server.Serve(listener)
}

func check(address string) error {
	connection, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return err
	}
	defer connection.Close()
	limited, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	client := grpc_health_v1.NewHealthClient(connection)
	answer, err := client.Check(limited, &grpc_health_v1.HealthCheckRequest{})
	if err != nil {
		return err
	}
	fmt.Println(answer.Status)
	return nil
}

func main() {
	root := &cobra.Command{Use: "grpc", Version: revision, SilenceUsage: true}
	address := root.PersistentFlags().String("address", "127.0.0.1:50051", "where the server listens")
	root.AddCommand(
		&cobra.Command{
			Use: "serve", Short: "Serve health checks", Args: cobra.NoArgs,
			RunE: func(*cobra.Command, []string) error { return serve(*address) },
		},
		&cobra.Command{
			Use: "check", Short: "Ask a server for its health", Args: cobra.NoArgs,
			RunE: func(*cobra.Command, []string) error { return check(*address) },
		},
	)
	if root.Execute() != nil {
		os.Exit(1)
	}
}

var revision = "first"
