// The examples of docs/guides/many-machines.md: sessions that share by a directory, and by Redis.
// title: sharing, the example of the page
// framework: github.com/redis/go-redis/v9

package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"log"
	"net"
	"os"
	"os/exec"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/redis/go-redis/v9"

	"github.com/evercreds/evercreds"
	"github.com/evercreds/evercreds/share"
	"github.com/evercreds/evercreds/share/redisshare"
	"github.com/evercreds/evercreds/users/refreshed"
)

var role = evercreds.AssumeRole{RoleARN: refreshed.RoleARN, RoleSessionName: "reports"}

func ofThisMachine(cfg aws.Config) (*evercreds.Session, error) {
	store, err := share.File("") // a directory of this user's
	if err != nil {
		return nil, err
	}
	return evercreds.NewSTS(cfg, role, evercreds.WithShare(store))
}

func ofAllMachines(cfg aws.Config, client redis.UniversalClient, key []byte) (*evercreds.Session, error) {
	return evercreds.NewSTS(cfg, role,
		evercreds.WithShare(redisshare.New(client)),
		evercreds.WithShareKey(key)) // 32 bytes, the same on all machines
}

// meet uses two sessions over the sets that there are next.
func meet(cfg aws.Config, sets int, sessions ...*evercreds.Session) {
	var clients []*s3.Client
	for _, s := range sessions {
		clients = append(clients, s3.NewFromConfig(s.Config(cfg), func(o *s3.Options) { o.UsePathStyle = true }))
	}
	for seen := (refreshed.Signed{}); seen.Sets < sets; seen = refreshed.Must(refreshed.Ask()) {
		for _, c := range clients {
			refreshed.Must(c.ListBuckets(context.Background(), nil))
		}
		time.Sleep(300 * time.Millisecond)
	}
	starts := int64(0)
	for _, s := range sessions {
		status := s.Status()
		starts += status.Starts
		if status.ShareAdopted+status.SharePublished == 0 {
			log.Fatalf("it met nobody: %+v", status)
		}
		_ = s.Close()
	}
	if starts > 3 {
		log.Fatalf("%d refreshes", starts)
	}
}

func main() {
	cfg := refreshed.Must(config.LoadDefaultConfig(context.Background()))
	home := refreshed.Must(os.MkdirTemp("", "sharing-"))
	defer os.RemoveAll(home)
	_ = os.Setenv("XDG_RUNTIME_DIR", home)
	meet(cfg, 2, refreshed.Must(ofThisMachine(cfg)), refreshed.Must(ofThisMachine(cfg)))

	taken := refreshed.Must(net.Listen("tcp", "127.0.0.1:0"))
	port := taken.Addr().(*net.TCPAddr).Port
	_ = taken.Close()
	server := exec.Command("redis-server", "--port", fmt.Sprint(port), "--bind", "127.0.0.1", "--save", "", "--dir", home)
	if err := server.Start(); err != nil {
		log.Fatal(err)
	}
	defer func() { _ = server.Process.Kill(); _ = server.Wait() }()
	client := redis.NewClient(&redis.Options{Addr: fmt.Sprintf("127.0.0.1:%d", port)})
	defer client.Close()
	for client.Ping(context.Background()).Err() != nil {
		time.Sleep(100 * time.Millisecond)
	}
	key := make([]byte, 32)
	_, _ = rand.Read(key)
	meet(cfg, 4, refreshed.Must(ofAllMachines(cfg, client, key)), refreshed.Must(ofAllMachines(cfg, client, key)))
}
