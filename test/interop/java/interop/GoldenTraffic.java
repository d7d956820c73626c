package interop;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.Op;
import org.apache.zookeeper.Watcher.Event.KeeperState;
import org.apache.zookeeper.ZooDefs.Ids;
import org.apache.zookeeper.ZooKeeper;
import org.apache.zookeeper.data.ACL;
import org.apache.zookeeper.data.Id;
import org.apache.zookeeper.data.Stat;

/**
 * Drives one server through every kind of transaction, always in the same order, then vanishes with two sessions open
 * (their ephemerals stay). Arguments: host:port, then words for what the server can do: modern (3.5 and later: containers
 * and replies with a Stat), ttl (extended types are on), slow (wait for the container reaper).
 */
public final class GoldenTraffic {
    private GoldenTraffic() {
    }

    private static byte[] utf8(String s) {
        return s.getBytes(StandardCharsets.UTF_8);
    }

    private static ZooKeeper connect(String server, int timeoutMs) throws Exception {
        CountDownLatch connected = new CountDownLatch(1);
        ZooKeeper zk = new ZooKeeper(server, timeoutMs, event -> {
            if (event.getState() == KeeperState.SyncConnected) {
                connected.countDown();
            }
        });
        connected.await();
        return zk;
    }

    private static void create(boolean withStat, ZooKeeper zk, String path, byte[] data, CreateMode mode) throws Exception {
        if (withStat) {
            zk.create(path, data, Ids.OPEN_ACL_UNSAFE, mode, new Stat());
        } else {
            zk.create(path, data, Ids.OPEN_ACL_UNSAFE, mode);
        }
    }

    private interface Step {
        void run() throws Exception;
    }

    private static void refused(KeeperException.Code code, Step step) throws Exception {
        try {
            step.run();
        } catch (KeeperException e) {
            if (e.code() == code) {
                return;
            }
            throw e;
        }
        throw new IllegalStateException("expected " + code);
    }

    public static void main(String[] args) throws Exception {
        String server = args[0];
        List<String> can = Arrays.asList(args);
        List<ACL> open = Ids.OPEN_ACL_UNSAFE;
        boolean modern = can.contains("modern");
        ZooKeeper a = connect(server, 30000);
        ZooKeeper b = connect(server, 20000);

        a.create("/golden", utf8("hello"), open, CreateMode.PERSISTENT);
        a.create("/golden/null", null, open, CreateMode.PERSISTENT);
        create(modern, a, "/golden/empty", new byte[0], CreateMode.PERSISTENT);
        a.create("/golden/\u00e4\u20ac", utf8("\u00fc"), open, CreateMode.PERSISTENT);
        a.create("/golden/ephemeral", utf8("a"), open, CreateMode.EPHEMERAL);
        b.create("/golden/es-", utf8("b"), open, CreateMode.EPHEMERAL_SEQUENTIAL);
        create(modern, b, "/golden/s-", utf8("s"), CreateMode.PERSISTENT_SEQUENTIAL);
        a.create("/golden/box", utf8("box"), open, modern ? CreateMode.CONTAINER : CreateMode.PERSISTENT);
        a.create("/golden/box/child", null, open, CreateMode.PERSISTENT);
        if (can.contains("ttl")) {
            a.create("/golden/ttl", utf8("ttl"), open, CreateMode.PERSISTENT_WITH_TTL, new Stat(), 86400000L);
            a.create("/golden/ttls-", null, open, CreateMode.PERSISTENT_SEQUENTIAL_WITH_TTL, new Stat(), 1099511627775L);
        }

        a.setData("/golden", utf8("hello again"), 0);
        a.setData("/golden/empty", null, -1);
        a.setData("/", utf8("root"), -1);

        a.addAuthInfo("digest", utf8("bob:secret"));
        a.setACL("/golden/null", Ids.CREATOR_ALL_ACL, 0);
        a.setACL("/golden/empty", Arrays.asList(
            new ACL(1, new Id("ip", modern ? "10.0.0.0/8" : "10.1.2.3")), new ACL(31, new Id("world", "anyone"))), -1);
        a.create("/golden/owned", utf8("mine"), Ids.CREATOR_ALL_ACL, CreateMode.PERSISTENT);

        a.create("/golden/gone", utf8("gone"), open, CreateMode.PERSISTENT);
        a.delete("/golden/gone", 0);

        refused(KeeperException.Code.NODEEXISTS, () -> a.create("/golden", null, open, CreateMode.PERSISTENT));
        refused(KeeperException.Code.NONODE, () -> a.delete("/golden/gone", -1));
        refused(KeeperException.Code.BADVERSION, () -> a.setData("/golden", null, 7));
        refused(KeeperException.Code.NOCHILDRENFOREPHEMERALS,
            () -> a.create("/golden/ephemeral/x", null, open, CreateMode.PERSISTENT));
        refused(KeeperException.Code.NOAUTH, () -> b.setACL("/golden/owned", open, -1));

        a.multi(Arrays.asList(
            Op.check("/golden", 1),
            Op.create("/golden/multi", utf8("m"), open, CreateMode.PERSISTENT),
            Op.create("/golden/multi/e", utf8("me"), open, CreateMode.EPHEMERAL),
            Op.create("/golden/multi/box", null, open, modern ? CreateMode.CONTAINER : CreateMode.PERSISTENT),
            Op.setData("/golden/multi", utf8("mm"), 0),
            Op.create("/golden/multi/brief", null, open, CreateMode.PERSISTENT),
            Op.delete("/golden/multi/brief", 0)));
        if (can.contains("ttl")) {
            a.multi(Collections.singletonList(
                Op.create("/golden/multi/ttl", utf8("mt"), open, CreateMode.PERSISTENT_WITH_TTL, 60000L)));
        }
        refused(KeeperException.Code.BADVERSION, () -> a.multi(Arrays.asList(
            Op.create("/golden/never", null, open, CreateMode.PERSISTENT),
            Op.check("/golden", 99),
            Op.delete("/golden", -1))));

        a.create("/zookeeper/quota/golden", null, open, CreateMode.PERSISTENT);
        a.create("/zookeeper/quota/golden/zookeeper_limits", utf8("count=100,bytes=-1"), open, CreateMode.PERSISTENT);
        a.create("/zookeeper/quota/golden/zookeeper_stats", utf8("count=0,bytes=0"), open, CreateMode.PERSISTENT);
        a.create("/golden/counted", utf8("12345"), open, CreateMode.PERSISTENT);

        ZooKeeper c = connect(server, 10000);
        for (int i = 0; i < 3; i++) {
            c.create("/golden/brief-", utf8("c"), open, CreateMode.EPHEMERAL_SEQUENTIAL);
        }
        c.close();
        connect(server, 15000).close();

        if (can.contains("slow")) {
            a.delete("/golden/box/child", -1);
            while (a.exists("/golden/box", false) != null) {
                Thread.sleep(100);
            }
            if (can.contains("ttl")) {
                a.create("/golden/short", null, open, CreateMode.PERSISTENT_WITH_TTL, new Stat(), 1L);
                while (a.exists("/golden/short", false) != null) {
                    Thread.sleep(100);
                }
            }
        }
        System.out.println("sessions " + Long.toHexString(a.getSessionId()) + " " + Long.toHexString(b.getSessionId()));
        Runtime.getRuntime().halt(0);
    }
}
