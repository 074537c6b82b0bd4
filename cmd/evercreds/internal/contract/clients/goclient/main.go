// Command goclient is a client of AWS's SDK for Go: signed calls for a while, and a line
// for each.
package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

func main() {
	ctx := context.Background()
	duration, period := seconds(os.Args[1]), seconds(os.Args[2])
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		fmt.Println("fail config 0", err)
		return
	}
	client := sts.NewFromConfig(cfg)
	for end := time.Now().Add(duration); ; time.Sleep(period) {
		began := time.Now()
		who, err := client.GetCallerIdentity(ctx, nil)
		if took := time.Since(began).Milliseconds(); err != nil {
			fmt.Println("fail", "error", took, strings.Join(strings.Fields(err.Error()), " "))
		} else {
			fmt.Println("ok", aws.ToString(who.Arn), took)
		}
		if time.Now().After(end) {
			return
		}
	}
}

func seconds(text string) time.Duration {
	n, err := strconv.ParseFloat(text, 64)
	if err != nil {
		panic(err)
	}
	return time.Duration(n * float64(time.Second))
}
