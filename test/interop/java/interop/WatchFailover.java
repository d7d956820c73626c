package interop;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.zookeeper.AddWatchMode;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.WatchedEvent;
import org.apache.zookeeper.Watcher;
import org.apache.zookeeper.Watcher.Event.EventType;
import org.apache.zookeeper.Watcher.Event.KeeperState;
import org.apache.zookeeper.ZooDefs.Ids;
import org.apache.zookeeper.ZooKeeper;

/**
 * The Java client's watches over the loss of a leader. Three hundred of each one-shot kind; a third of the nodes change
 * before, a third while the client is (perhaps) away, a third after: each watch must fire exactly once. Persistent and
 * recursive watches must tell each change made while connected exactly once. Prints "kill" when the leader is to go and reads a line when
 * it is gone; then one JSON object. Argument: hosts.
 */
public final class WatchFailover {
    private static final int COUNT = 300;
    private static final List<String> PROBLEMS = new CopyOnWriteArrayList<>();

    private WatchFailover() {
    }

    /** One one-shot watch. */
    private static final class OneShot implements Watcher {
        final String name;
        final EventType expected;
        final AtomicInteger fired = new AtomicInteger();

        OneShot(String name, EventType expected) {
            this.name = name;
            this.expected = expected;
        }

        @Override public void process(WatchedEvent event) {
            if (event.getType() == EventType.None) {
                return;
            }
            fired.incrementAndGet();
            if (event.getType() != expected) {
                PROBLEMS.add(name + " told " + event);
            }
        }
    }

    private interface Attempt {
        void run() throws Exception;
    }

    /** Until it is done; a retry may find its own first try. */
    private static void insist(Attempt attempt) throws Exception {
        while (true) {
            try {
                attempt.run();
                return;
            } catch (KeeperException.ConnectionLossException e) {
                Thread.sleep(20);
            } catch (KeeperException.NodeExistsException | KeeperException.NoNodeException e) {
                return;
            }
        }
    }

    private static void touch(ZooKeeper zk, int i) throws Exception {
        insist(() -> zk.setData("/watch/data-" + i, new byte[] {1}, -1));
        insist(() -> zk.create("/watch/exist-" + i, null, Ids.OPEN_ACL_UNSAFE, CreateMode.PERSISTENT));
        insist(() -> zk.create("/watch/child-" + i + "/c", null, Ids.OPEN_ACL_UNSAFE, CreateMode.PERSISTENT));
        insist(() -> zk.delete("/watch/gone-" + i, -1));
    }

    private static final Map<String, AtomicInteger> TOLD = new ConcurrentHashMap<>();

    private static void tell(WatchedEvent event) {
        if (event.getType() != EventType.None) {
            TOLD.computeIfAbsent(event.getType() + " " + event.getPath() + " " + event.getZxid(), key -> new AtomicInteger()).incrementAndGet();
        }
    }

    /** Changes under the persistent watches, each of which must be told once; returns what must have been told. */
    private static List<String> persistentRound(ZooKeeper zk, String round) throws Exception {
        List<String> expected = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            long zxid = zk.setData("/watch/persistent", (round + i).getBytes(), -1).getMzxid();
            expected.add(EventType.NodeDataChanged + " /watch/persistent " + zxid);
            org.apache.zookeeper.data.Stat stat = new org.apache.zookeeper.data.Stat();
            String child = "/watch/persistent/" + round + i;
            zk.create(child, null, Ids.OPEN_ACL_UNSAFE, CreateMode.PERSISTENT, stat);
            expected.add(EventType.NodeChildrenChanged + " /watch/persistent " + stat.getCzxid());
            String deep = "/watch/recursive/" + round + i;
            zk.create(deep, null, Ids.OPEN_ACL_UNSAFE, CreateMode.PERSISTENT, stat);
            expected.add(EventType.NodeCreated + " " + deep + " " + stat.getCzxid());
            zk.create(deep + "/deeper", null, Ids.OPEN_ACL_UNSAFE, CreateMode.PERSISTENT, stat);
            expected.add(EventType.NodeCreated + " " + deep + "/deeper " + stat.getCzxid());
            zxid = zk.setData(deep, new byte[] {1}, -1).getMzxid();
            expected.add(EventType.NodeDataChanged + " " + deep + " " + zxid);
        }
        return expected;
    }

    private static void settle(ZooKeeper watching, ZooKeeper changing) throws Exception {
        insist(() -> changing.exists("/watch", false));
        Semaphore synced = new Semaphore(0);
        for (int i = 0; i < 100; i++) {
            int[] code = {-1};
            watching.sync("/watch", (rc, path, ctx) -> {
                code[0] = rc;
                synced.release();
            }, null);
            synced.acquire();
            if (code[0] == 0) {
                return;
            }
            Thread.sleep(100);
        }
        PROBLEMS.add("the watching client does not come back");
    }

    public static void main(String[] args) throws Exception {
        Semaphore connected = new Semaphore(0);
        AtomicInteger disconnects = new AtomicInteger();
        Watcher life = event -> {
            if (event.getType() == EventType.None && event.getState() == KeeperState.SyncConnected) {
                connected.release();
            } else if (event.getState() == KeeperState.Disconnected) {
                disconnects.incrementAndGet();
            } else if (event.getState() == KeeperState.Expired) {
                PROBLEMS.add("a session expired");
            }
        };
        ZooKeeper watching = new ZooKeeper(args[0], 20000, life);
        ZooKeeper changing = new ZooKeeper(args[0], 20000, life);
        connected.acquire(2);
        long session = watching.getSessionId();

        changing.create("/watch", null, Ids.OPEN_ACL_UNSAFE, CreateMode.PERSISTENT);
        changing.create("/watch/persistent", null, Ids.OPEN_ACL_UNSAFE, CreateMode.PERSISTENT);
        changing.create("/watch/recursive", null, Ids.OPEN_ACL_UNSAFE, CreateMode.PERSISTENT);
        for (int i = 0; i < COUNT; i++) {
            for (String kind : new String[] {"data-", "child-", "gone-"}) {
                changing.create("/watch/" + kind + i, null, Ids.OPEN_ACL_UNSAFE, CreateMode.PERSISTENT, (rc, path, ctx, name) -> { }, null);
            }
        }
        settle(watching, changing);

        List<OneShot> watches = new ArrayList<>();
        for (int i = 0; i < COUNT; i++) {
            OneShot data = new OneShot("data-" + i, EventType.NodeDataChanged);
            watching.getData("/watch/data-" + i, data, new org.apache.zookeeper.data.Stat());
            OneShot exist = new OneShot("exist-" + i, EventType.NodeCreated);
            watching.exists("/watch/exist-" + i, exist);
            OneShot child = new OneShot("child-" + i, EventType.NodeChildrenChanged);
            watching.getChildren("/watch/child-" + i, child);
            OneShot gone = new OneShot("gone-" + i, EventType.NodeDeleted);
            watching.exists("/watch/gone-" + i, gone);
            Collections.addAll(watches, data, exist, child, gone);
        }
        watching.addWatch("/watch/persistent", WatchFailover::tell, AddWatchMode.PERSISTENT);
        watching.addWatch("/watch/recursive", WatchFailover::tell, AddWatchMode.PERSISTENT_RECURSIVE);

        List<String> expected = new ArrayList<>(persistentRound(changing, "before"));
        for (int i = 0; i < COUNT / 3; i++) {
            touch(changing, i);
        }
        System.out.println("kill");
        new BufferedReader(new InputStreamReader(System.in)).readLine();
        for (int i = COUNT / 3; i < 2 * COUNT / 3; i++) {
            touch(changing, i);
        }
        settle(watching, changing);
        expected.addAll(persistentRound(changing, "after"));
        for (int i = 2 * COUNT / 3; i < COUNT; i++) {
            touch(changing, i);
        }
        settle(watching, changing);
        Thread.sleep(1000);

        int lost = 0;
        int doubled = 0;
        for (OneShot watch : watches) {
            lost += watch.fired.get() == 0 ? 1 : 0;
            doubled += watch.fired.get() > 1 ? 1 : 0;
            if (watch.fired.get() != 1 && PROBLEMS.size() < 10) {
                PROBLEMS.add(watch.name + " fired " + watch.fired.get() + " times");
            }
        }
        for (String event : expected) {
            AtomicInteger times = TOLD.get(event);
            if ((times == null || times.get() != 1) && PROBLEMS.size() < 10) {
                PROBLEMS.add(event + " was told " + (times == null ? 0 : times.get()) + " times");
            }
        }
        for (Map.Entry<String, AtomicInteger> told : TOLD.entrySet()) {
            if (told.getValue().get() > 1 && PROBLEMS.size() < 10) {
                PROBLEMS.add(told.getKey() + " was told " + told.getValue().get() + " times");
            }
        }
        if (watching.getSessionId() != session) {
            PROBLEMS.add("the session changed");
        }
        Map<String, Object> report = new LinkedHashMap<>();
        report.put("problems", PROBLEMS);
        report.put("watches", watches.size());
        report.put("lost", lost);
        report.put("doubled", doubled);
        report.put("persistent", expected.size());
        report.put("disconnects", disconnects.get());
        System.out.println(Json.write(report));
        Runtime.getRuntime().halt(0);
    }
}
