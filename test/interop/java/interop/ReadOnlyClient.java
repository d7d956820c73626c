package interop;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.WatchedEvent;
import org.apache.zookeeper.Watcher.Event.EventType;
import org.apache.zookeeper.Watcher.Event.KeeperState;
import org.apache.zookeeper.ZooKeeper;

/**
 * The Java client with canBeReadOnly over the return of a quorum: reads, a refused write and a watch at a read-only server,
 * then the same session object at one with a quorum. Prints "start" when the other server is to come, and reads a line when
 * it has been started. Argument: hosts.
 */
public final class ReadOnlyClient {
    private static final BlockingQueue<String> EVENTS = new LinkedBlockingQueue<>();

    private ReadOnlyClient() {
    }

    private static void record(WatchedEvent event) {
        EVENTS.add(event.getType() == EventType.None ? event.getState().toString()
            : event.getType() + " " + event.getPath() + " " + event.getState());
    }

    private static String before = "";

    /** Tells of each new state or event, as far as that one; each watcher hears of a state. */
    private static void await(String last) throws Exception {
        while (true) {
            String event = EVENTS.poll(30, TimeUnit.SECONDS);
            if (event == null) {
                System.out.println("no " + last);
                return;
            }
            if (!event.equals(before)) {
                System.out.println(event);
            }
            before = event;
            if (event.equals(last)) {
                return;
            }
        }
    }

    private static void set(ZooKeeper zk, String data) throws Exception {
        try {
            zk.setData("/a", data.getBytes(), -1);
            System.out.println("set");
        } catch (KeeperException e) {
            System.out.println(e.code());
        }
    }

    public static void main(String[] args) throws Exception {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
        ZooKeeper zk = new ZooKeeper(args[0], 10_000, ReadOnlyClient::record, true);
        await(KeeperState.ConnectedReadOnly.toString());
        System.out.println(new String(zk.getData("/a", ReadOnlyClient::record, null)));
        set(zk, "refused");
        try {
            zk.sync("/", (code, path, context) -> EVENTS.add("sync " + KeeperException.Code.get(code)), null);
            await("sync NOTREADONLY");
        } finally {
            System.out.println("start");
        }
        in.readLine();
        await(KeeperState.SyncConnected.toString());
        set(zk, "later");
        await("NodeDataChanged /a SyncConnected");
        zk.close();
        System.out.println("closed");
        System.exit(0);
    }
}
