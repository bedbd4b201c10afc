// Command callers makes calls to a CSI socket as Kubernetes does, by grpc-go: callers SOCKET CONNECTIONS CALLS. It
// opens so many connections, makes so many calls of GetPluginInfo on each of them at once, closes them, and does the
// same with one connection after the other. It prints how many calls were answered, and every name that was told.
package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"sync"
	"time"

	"github.com/container-storage-interface/spec/lib/go/csi"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

type tally struct {
	sync.Mutex
	answered int
	names    map[string]bool
}

// caller makes calls at once on a connection of its own.
func (t *tally) caller(ctx context.Context, socket string, calls int) error {
	connection, err := grpc.NewClient("unix://"+socket, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return err
	}
	defer connection.Close()
	identity := csi.NewIdentityClient(connection)
	return atOnce(calls, func(int) error {
		info, err := identity.GetPluginInfo(ctx, &csi.GetPluginInfoRequest{})
		if err != nil {
			return err
		}
		t.Lock()
		defer t.Unlock()
		t.answered++
		t.names[info.Name] = true
		return nil
	})
}

// atOnce runs work so many times at once, and tells the first that failed.
func atOnce(times int, work func(int) error) error {
	failures := make(chan error, times)
	for number := range times {
		go func() { failures <- work(number) }()
	}
	var first error
	for range times {
		if err := <-failures; err != nil && first == nil {
			first = err
		}
	}
	return first
}

func run(socket string, connections int, calls int) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	t := &tally{names: map[string]bool{}}
	err := atOnce(connections, func(int) error { return t.caller(ctx, socket, calls) })
	if err != nil {
		return err
	}
	for range connections {
		if err := t.caller(ctx, socket, calls); err != nil {
			return err
		}
	}
	fmt.Printf("answered %d\n", t.answered)
	for name := range t.names {
		fmt.Println(name)
	}
	return nil
}

func main() {
	numbers := [2]int{}
	for at := range numbers {
		number, err := strconv.Atoi(os.Args[at+2])
		if err != nil {
			panic(err)
		}
		numbers[at] = number
	}
	if err := run(os.Args[1], numbers[0], numbers[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
