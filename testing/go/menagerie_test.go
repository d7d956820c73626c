package testing

import (
	"errors"
	"testing"
	"time"

	"github.com/go-zookeeper/zk"
)

func client(t *testing.T, e *Ensemble) (*zk.Conn, <-chan zk.Event) {
	t.Helper()
	conn, events, err := zk.Connect([]string{e.ConnectString}, 5*time.Second, zk.WithLogInfo(false))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	return conn, events
}

func TestSessionExpiresWhenItIsToldTo(t *testing.T) {
	e := Start(t, 1)
	conn, events := client(t, e)
	if _, err := conn.Create("/mine", nil, zk.FlagEphemeral, zk.WorldACL(zk.PermAll)); err != nil {
		t.Fatal(err)
	}
	if err := e.ExpireSession(conn.SessionID()); err != nil {
		t.Fatal(err)
	}
	for late := time.After(10 * time.Second); ; {
		select {
		case event := <-events:
			if event.State != zk.StateExpired {
				continue
			}
		case <-late:
			t.Fatal("the session did not expire")
		}
		break
	}
	other, _ := client(t, e)
	if there, _, err := other.Exists("/mine"); err != nil || there {
		t.Fatal(there, err)
	}
}

func TestAnswerIsLostAfterTheCommit(t *testing.T) {
	e := Start(t, 1)
	conn, _ := client(t, e)
	if _, _, err := conn.Exists("/"); err != nil {
		t.Fatal(err)
	}
	lost, err := e.DropReply(Operation{Op: "create", Path: "/lost"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Create("/lost", nil, 0, zk.WorldACL(zk.PermAll)); !errors.Is(err, zk.ErrConnectionClosed) {
		t.Fatal("the answer came:", err)
	}
	if hits, err := e.Hits(lost, 0); err != nil || hits != 1 {
		t.Fatal(hits, err)
	}
	if there, _, err := conn.Exists("/lost"); err != nil || !there {
		t.Fatal(there, err)
	}
}
