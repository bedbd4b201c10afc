// Command kubelet does once what kubelet does with a socket in its plugin directory: it asks who is there, calls
// NodeGetInfo on the socket that it is told of, and says whether the plugin is registered. It prints what it was told
// as JSON. With a second argument it refuses the plugin for that reason, without calling it.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/container-storage-interface/spec/lib/go/csi"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	registerapi "k8s.io/kubelet/pkg/apis/pluginregistration/v1"
)

type told struct {
	Type       string            `json:"type"`
	Name       string            `json:"name"`
	Endpoint   string            `json:"endpoint"`
	Versions   []string          `json:"versions"`
	NodeID     string            `json:"nodeId"`
	MaxVolumes int64             `json:"maxVolumes"`
	Topology   map[string]string `json:"topology"`
}

func dial(socket string) (*grpc.ClientConn, error) {
	return grpc.NewClient("unix://"+socket, grpc.WithTransportCredentials(insecure.NewCredentials()))
}

func register(ctx context.Context, socket string, refusal string) (*told, error) {
	connection, err := dial(socket)
	if err != nil {
		return nil, err
	}
	defer connection.Close()
	plugin := registerapi.NewRegistrationClient(connection)
	info, err := plugin.GetInfo(ctx, &registerapi.InfoRequest{})
	if err != nil {
		return nil, fmt.Errorf("GetInfo: %w", err)
	}
	answer := &told{Type: info.Type, Name: info.Name, Endpoint: info.Endpoint, Versions: info.SupportedVersions}
	if info.Type != registerapi.CSIPlugin {
		refusal = "no handler for plugins of type " + info.Type
	}
	if refusal == "" {
		if err := askNode(ctx, info.Endpoint, answer); err != nil {
			refusal = err.Error()
		}
	}
	status := &registerapi.RegistrationStatus{PluginRegistered: refusal == "", Error: refusal}
	if _, err := plugin.NotifyRegistrationStatus(ctx, status); err != nil {
		return nil, fmt.Errorf("NotifyRegistrationStatus: %w", err)
	}
	return answer, nil
}

func askNode(ctx context.Context, endpoint string, answer *told) error {
	connection, err := dial(endpoint)
	if err != nil {
		return err
	}
	defer connection.Close()
	node, err := csi.NewNodeClient(connection).NodeGetInfo(ctx, &csi.NodeGetInfoRequest{})
	if err != nil {
		return fmt.Errorf("NodeGetInfo: %w", err)
	}
	answer.NodeID = node.NodeId
	answer.MaxVolumes = node.MaxVolumesPerNode
	answer.Topology = node.GetAccessibleTopology().GetSegments()
	return nil
}

func main() {
	refusal := ""
	if len(os.Args) > 2 {
		refusal = os.Args[2]
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	answer, err := register(ctx, os.Args[1], refusal)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if err := json.NewEncoder(os.Stdout).Encode(answer); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
