package main

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"testing"
)

func TestOrdersAreNumbers(t *testing.T) {
	for event, want := range map[string]string{
		"open": "open method=2",
		"open method=sts stability=static jitter=true": "",
		"open stability=static defer_refresh=0":        "open method=2 stability=2 defer_refresh=0",
		"A asks min_ttl=10m":                           "ask A min_ttl=600000",
		"B refreshes":                                  "refresh B",
		"A gives up":                                   "give_up A",
		"service rejects #2 for C":                     "ask C other=2 evidence=1",
		"service rejects #2 for C weakly":              "ask C other=2 evidence=2",
		"invalidate #1":                                "invalidate 1",
		"source answers #1 life=1h server=-4m":         "answer 1 life=3600000 server=-240000",
		"source answers #3 same=#2":                    "answer 3 same=2",
		"source answers #1 endless":                    "answer 1 endless=1",
		"source fails #1":                              "fail 1 class=1",
		"source fails #1 permanent":                    "fail 1 class=2",
		"source fails #1 throttled retry_after=3s":     "fail 1 class=3 retry_after=3000",
		"source dies #1":                               "die 1",
		"source asks #1":                               "reenter 1",
		"source prompted #1":                           "prompted 1",
		"service rejects @2 for C":                     "ask C other=-2 evidence=1",
		"invalidate @1":                                "invalidate -1",
		"store finds":                                  "finds",
		"store finds @1 life=1h age=1m generation=2 replaces=#3 turn=2 turn_left=4s": "finds set=-1 life=3600000 age=60000 generation=2 replaces=3 turn=2 turn_left=4000",
		"store finds @2 endless clockless":                                           "finds set=-2 endless=1 clockless=1",
		"store finds junk=@1 generation=3":                                           "finds junk=-1 generation=3",
		"store finds foreign":                                                        "finds foreign=1",
		"store finds notice=throttled*2 notice_left=3s":                              "finds notice=3*2 notice_left=3000",
		"store gives turn=1":                                                         "gives turn=1",
		"store keeps turn=4 left=5s":                                                 "keeps turn=4 left=5000",
		"store takes":                                                                "takes",
		"store refuses":                                                              "refuses",
		"store fails":                                                                "store_fails",
		"store fails unreadable":                                                     "store_fails unreadable=1",
		"store hints":                                                                "hints",
		"store finds #1 life=1h":                                                     "",
		"store finds notice=bad*1":                                                   "",
		"store gives turn=soon":                                                      "",
		"store sleeps":                                                               "",
		"clock +45m":                                                                 "clock 2700000",
		"wall -1s":                                                                   "wall -1000",
		"status phase starts":                                                        "status phase starts",
		"close":                                                                      "close",
		"a asks":                                                                     "",
		"A sleeps":                                                                   "",
		"A asks max_ttl=1s":                                                          "",
		"source answers 1 life=1h":                                                   "",
		"service rejects #1 for everybody":                                           "",
		"clock forward":                                                              "",
	} {
		got, err := order(event)
		if want == "" && err == nil && !strings.HasPrefix(event, "open") || want != "" && got != want {
			t.Errorf("%q: %q, %v", event, got, err)
		}
	}
}

// TestMain makes this program an executor too, for the tests of the runner: a session
// that gives every caller the set of flight 1.
func TestMain(m *testing.M) {
	if os.Getenv("EVERCREDS_TEST_EXECUTOR") == "" {
		os.Exit(m.Run())
	}
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		switch w := strings.Fields(lines.Text()); w[0] {
		case "ask":
			fmt.Printf("%s waits\ncalled 1\ntold start first\n", w[1])
		case "answer":
			fmt.Print("B gets 1 left=3600000\nA gets 1 left=never\n")
		case "clock":
			fmt.Print("A waits\n")
		case "gives":
			fmt.Print("resign turn=1 notice=2*1 for=60000\npublish -1 generation=2 life=3600000 left=1000 replaces=3 junk=-2\nlook\nA gets -1 left=1000\n")
		case "status":
			fmt.Print("status remaining=1000 starts=1000\n")
		case "die":
			os.Exit(3)
		}
		fmt.Println()
	}
	os.Exit(0)
}

func TestExecutorIsPlayed(t *testing.T) {
	t.Setenv("EVERCREDS_TEST_EXECUTOR", "yes")
	own := listed{name: "own", command: []string{os.Args[0]}}.asHost(".", (*executor).play)
	const scenario = `open
A asks
  told start first
  source called #1
  A waits
clock +1s
source answers #1 life=1h
  A gets #1 left=never
  B gets #1 left=1h
store gives turn=1
  store look
  store publish @1 generation=2 life=1h left=1s replaces=#3 junk=@2
  store resign turn=1 notice=permanent*1 for=1m
  A gets @1 left=1s
status remaining starts
  status remaining=1s starts=1000
`
	t.Cleanup(own.end)
	for _, text := range []string{"# twice\n\n" + scenario, scenario} {
		if played, err := own.replay(text); err != nil || played != scenario {
			t.Errorf("%v\n%s", err, played)
		}
	}
	if got := rewrite("# kept\n\nopen\n  old\n\nA asks\n", scenario); got != "# kept\n\nopen\n\nA asks\n  told start first\n  source called #1\n  A waits\n" {
		t.Errorf("rewritten as\n%s", got)
	}
	if _, err := own.replay("open\nsource dies #1\n"); err == nil || !strings.Contains(err.Error(), "has ended") {
		t.Errorf("an executor that dies: %v", err)
	}
	if _, err := own.replay("open\nA yawns\n"); err == nil || !strings.Contains(err.Error(), "line 2") {
		t.Errorf("what is no event: %v", err)
	}
}
