// Package testing runs a ZooKeeper ensemble for tests, with a switch for everything that can go wrong.
//
// The ensemble is a process of its own, "menagerie testing", which ends with this one. MENAGERIE in the environment says how
// it is started; "npx --yes menagerie" otherwise. Every switch has taken effect when its function returns.
package testing

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// Ensemble is a running one.
type Ensemble struct {
	// ConnectString names all servers: 127.0.0.1:50001,127.0.0.1:50002.
	ConnectString string
	control       string
	process       *exec.Cmd
	input         io.Closer
}

// Fault is one that is switched on, by its number.
type Fault struct {
	ID   int    `json:"id"`
	What string `json:"what"`
	Hits int    `json:"hits"`
}

// Operation says which operations are meant; what is left out matches.
type Operation struct {
	Op      string `json:"op,omitempty"`
	Path    string `json:"path,omitempty"`
	Server  int    `json:"server,omitempty"`
	Session string `json:"session,omitempty"`
}

// Start starts an ensemble for a test, and closes it behind the test.
func Start(t *testing.T, size int) *Ensemble {
	t.Helper()
	command := os.Getenv("MENAGERIE")
	if command == "" {
		command = "npx --yes menagerie"
	}
	words := append(strings.Fields(command), "testing", "--size", fmt.Sprint(size))
	process := exec.Command(words[0], words[1:]...)
	process.Stderr = os.Stderr
	input, err := process.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	output, err := process.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(output).ReadBytes('\n')
	if err != nil {
		t.Fatalf("%s ended: %v", command, err)
	}
	var told struct{ ConnectString, Control string }
	if err := json.Unmarshal(line, &told); err != nil {
		t.Fatal(err)
	}
	e := &Ensemble{ConnectString: told.ConnectString, control: told.Control, process: process, input: input}
	t.Cleanup(func() { _ = e.Close() })
	return e
}

// Close ends the ensemble.
func (e *Ensemble) Close() error {
	if err := e.input.Close(); err != nil && !errors.Is(err, os.ErrClosed) {
		return err
	}
	return e.process.Wait()
}

// ExpireSession returns when the session is closed on every server.
func (e *Ensemble) ExpireSession(session int64) error {
	return e.ask("POST", fmt.Sprintf("/sessions/0x%x/expire", uint64(session)), nil, nil)
}

// DropReply lets the operation be carried out, and breaks the connection before the client knows.
func (e *Ensemble) DropReply(match Operation) (Fault, error) {
	return e.Fault("dropReply", match)
}

// DropRequest breaks the connection before the server has the request.
func (e *Ensemble) DropRequest(match Operation) (Fault, error) {
	return e.Fault("dropRequest", match)
}

// Fault switches on any fault of docs/TESTKIT.md; fields is what it takes.
func (e *Ensemble) Fault(kind string, fields any) (Fault, error) {
	var fault Fault
	bytes, err := json.Marshal(fields)
	if err != nil {
		return fault, err
	}
	body := map[string]any{}
	if err := json.Unmarshal(bytes, &body); err != nil {
		return fault, err
	}
	body["kind"] = kind
	err = e.ask("POST", "/faults", body, &fault)
	return fault, err
}

// Hits says how often a fault struck; it waits so long for the first time.
func (e *Ensemble) Hits(fault Fault, atMost time.Duration) (int, error) {
	var now Fault
	err := e.ask("GET", fmt.Sprintf("/faults/%d?waitMs=%d", fault.ID, atMost.Milliseconds()), nil, &now)
	return now.Hits, err
}

// Undo switches a fault off.
func (e *Ensemble) Undo(fault Fault) error {
	return e.ask("DELETE", fmt.Sprintf("/faults/%d", fault.ID), nil, nil)
}

// Kill ends a server as kill -9 does.
func (e *Ensemble) Kill(server int) error {
	return e.ask("POST", fmt.Sprintf("/servers/%d/kill", server), nil, nil)
}

// Restart returns when the server serves again.
func (e *Ensemble) Restart(server int) error {
	return e.ask("POST", fmt.Sprintf("/servers/%d/restart", server), nil, nil)
}

// Advance lets so much time pass at once; clients that are connected keep their sessions.
func (e *Ensemble) Advance(by time.Duration) error {
	return e.ask("POST", "/clock/advance", map[string]any{"ms": by.Milliseconds()}, nil)
}

func (e *Ensemble) ask(method, path string, body, answer any) error {
	var sent io.Reader
	if body != nil {
		encoded, err := json.Marshal(body)
		if err != nil {
			return err
		}
		sent = bytes.NewReader(encoded)
	}
	request, err := http.NewRequest(method, e.control+path, sent)
	if err != nil {
		return err
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode >= 300 {
		var refused struct{ Error string }
		if err := json.NewDecoder(response.Body).Decode(&refused); err != nil {
			return err
		}
		return errors.New(refused.Error)
	}
	if answer == nil {
		return nil
	}
	return json.NewDecoder(response.Body).Decode(answer)
}
